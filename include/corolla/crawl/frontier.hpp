// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which page is fetched next: the crawl's queue, its politeness, and what it has seen.
#pragma once

#include <corolla/crawl/seen_set.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla::inline v0::crawl {

/// A page's key in the store and everywhere else; given in order of discovery, from 1.
using PageId = std::int64_t;
/// A host's index in one Frontier.
using HostId = std::uint32_t;
using TimePoint = std::chrono::steady_clock::time_point;

/// Depth first holds among the pages in memory; what was spilled comes back in order of discovery.
enum class Order : std::uint8_t { kBreadthFirst, kDepthFirst };

struct FrontierOptions {
  Order order = Order::kBreadthFirst;
  /// Requests in flight at once to one host.
  std::uint32_t per_host = 6;
  /// Least time between the starts of two requests to one host.
  std::chrono::nanoseconds delay{0};
  /// Pages fetched in all, earlier runs included; 0 is no limit. Pages above it stay pending in the store.
  std::uint64_t max_pages = 0;
  /// The same for each host.
  std::uint64_t max_pages_per_host = 0;
  /// Requests kept in memory. Above it, and above a share of it for each host, they are only in the store and come
  /// back by refill(). A host with nothing in memory may always hold a few, so memory is bounded by this number
  /// plus a constant times the number of hosts.
  std::size_t memory_limit = 100'000;
  /// No page of depth d + 1 is handed out while one of depth d is queued or in flight. A depth then is the length of
  /// the shortest path, whatever the order in which answers arrive, so that a depth limit always cuts the same pages.
  /// Breadth first only.
  bool strict_levels = false;
  /// Seed of the fingerprints of URLs.
  std::uint64_t seed = 0;
};

/// One page to fetch.
struct Request {
  PageId id = 0;
  std::string url;
  std::uint32_t depth = 0;
  std::int32_t priority = 0;    ///< higher ones first, before depth
  std::uint16_t attempts = 0;   ///< made before this one
  std::uint16_t redirects = 0;  ///< redirections that led here
  HostId host = 0;
};

/// A page as the store knows it; what restore() and refill() take.
struct StoredPage {
  PageId id = 0;
  std::string url;
  std::uint32_t depth = 0;
  std::int32_t priority = 0;
  std::uint16_t redirects = 0;
};

/// Rows that the frontier wants back: pending pages of `host_key`, ids from `first_id` on, in order of id.
struct RefillRequest {
  HostId host = 0;
  std::string host_key;
  PageId first_id = 0;
  std::size_t limit = 0;
  std::size_t at_least = 0;  ///< rows there must be
};

/// The queue of a crawl, per host, in fair rotation. Single-threaded, synchronous, and without a clock of its own.
///
/// A host takes part in the rotation while it has something queued, fewer than `per_host` requests in flight, and its
/// delay has passed; each turn hands out one request. Whether a host may take its turn is looked at when the turn comes,
/// so nothing here is linear in the number of hosts or pages.
class COROLLA_API Frontier {
 public:
  /// Throws ValueError for options that contradict each other.
  explicit Frontier(FrontierOptions options = {});
  Frontier(const Frontier&) = delete;
  Frontier& operator=(const Frontier&) = delete;
  ~Frontier();

  /// Adds a page unless its canonical URL was seen. Returns the id under which the store must insert it as pending, in
  /// the same or an earlier commit than that of the page it was found on.
  std::optional<PageId> add(std::string_view canonical_url, std::uint32_t depth, std::int32_t priority = 0,
                            std::uint16_t redirects = 0);

  /// Takes back a page from the store when a crawl is resumed; before any add(), in order of id.
  void restore(const StoredPage& page, bool pending);

  /// The next request that is due; nothing when none is, see next_event() and is_finished().
  std::optional<Request> next(TimePoint now);

  /// A request that next() gave ended, well or badly. Its links must have been added before.
  void done(const Request& request);
  /// A request that next() gave is to be tried again not before `when`; attempts is counted up here.
  void retry(Request request, TimePoint when);

  /// No request to this host before `until` (Retry-After). Never shortens a wait.
  void back_off(HostId host, TimePoint until);
  /// Sets a host's delay (Crawl-delay); it holds from the next request on.
  void set_delay(HostId host, std::chrono::nanoseconds delay);
  void set_per_host(HostId host, std::uint32_t limit);

  /// When next() may have something again although it has nothing now. Nothing when only done(), retry(), add() or
  /// refill() can change that. A wake-up may turn out to be early; it is never late.
  [[nodiscard]] std::optional<TimePoint> next_event() const;
  /// Nothing is in flight and nothing is left that the budgets allow.
  [[nodiscard]] bool is_finished() const noexcept;

  /// What to read from the store now; each request is given once and answered by one refill(). Pages that were added
  /// must have been handed to the store before these rows are read.
  [[nodiscard]] std::vector<RefillRequest> take_refills();
  /// The answer. Throws RuntimeError when the store has fewer pending pages than were spilled.
  void refill(const RefillRequest& request, const std::vector<StoredPage>& rows);

  /// Whether the URL was seen.
  [[nodiscard]] bool is_known(std::string_view canonical_url) const { return seen_.contains(canonical_url); }
  /// Pages added or restored.
  [[nodiscard]] std::uint64_t known() const noexcept { return known_; }
  /// Pages that ended, in this run or before.
  [[nodiscard]] std::uint64_t finished() const noexcept { return finished_; }
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
  /// Requests held in memory, waiting for a second attempt included.
  [[nodiscard]] std::size_t in_memory() const noexcept { return in_memory_; }
  /// Pending pages that are only in the store.
  [[nodiscard]] std::uint64_t spilled() const noexcept { return spilled_; }
  /// Pending pages that a budget keeps from being fetched in this run.
  [[nodiscard]] std::uint64_t withheld() const noexcept { return withheld_; }
  [[nodiscard]] std::size_t host_count() const noexcept { return hosts_.size(); }
  [[nodiscard]] const std::string& host_key(HostId host) const { return hosts_[host].key; }
  [[nodiscard]] std::uint32_t host_in_flight(HostId host) const { return hosts_[host].in_flight; }
  /// Bytes of the seen set's tables.
  [[nodiscard]] std::size_t seen_memory() const noexcept { return seen_.memory(); }

  /// The politeness key of a canonical URL: host, and port where it is written.
  [[nodiscard]] static std::string_view key_of(std::string_view canonical_url) noexcept;

 private:
  enum class Place : std::uint8_t { kIdle, kReady, kTimer, kParked };

  struct Host {
    std::string key;
    std::vector<Request> queue;  ///< a heap, the best at the front
    std::chrono::nanoseconds delay{0};
    TimePoint next_due = TimePoint::min();
    std::uint64_t handed_out = 0;  ///< pages, not attempts
    std::uint64_t spilled = 0;     ///< pending pages with ids from spill_cursor on; all of them only in the store
    PageId spill_cursor = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t per_host = 0;
    Place place = Place::kIdle;
    bool refill_wanted = false;
    bool starved = false;
  };

  struct Timer {
    TimePoint when;
    HostId host;
  };

  struct Delayed {
    TimePoint when;
    Request request;
  };

  HostId host_of(std::string_view canonical_url);
  void accept(Request request);
  void enqueue(Host& host, Request request);
  Request dequeue(Host& host);
  void withhold(Host& host);
  void join_rotation(HostId id);
  bool budget_allows(const Host& host, const Request& request) const noexcept;
  bool may_hold(const Host& host) const noexcept;
  void update_starved(Host& host) noexcept;
  void want_refill(HostId id);
  void level_add(std::uint32_t depth);
  void level_remove(std::uint32_t depth) noexcept;
  void advance_level();
  void wake_due(TimePoint now);
  std::size_t window() const noexcept;

  FrontierOptions options_;
  SeenSet seen_;
  std::deque<Host> hosts_;  // a deque: host_ids_ has views of the keys
  std::unordered_map<std::string_view, HostId> host_ids_;
  std::deque<HostId> ready_;
  std::vector<Timer> timers_;               // a heap, the earliest at the front
  std::vector<Delayed> delayed_;            // likewise
  std::vector<HostId> parked_;              // wait for their level
  std::vector<HostId> refillable_;          // to be named by take_refills()
  std::vector<std::uint64_t> outstanding_;  // in memory or in flight, by depth; strict_levels only
  std::uint32_t level_ = 0;
  std::uint64_t starved_ = 0;  // hosts with nothing in memory and something spilled
  PageId next_id_ = 1;
  std::uint64_t known_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t handed_out_ = 0;
  std::uint64_t in_flight_ = 0;
  std::uint64_t spilled_ = 0;
  std::uint64_t withheld_ = 0;
  std::uint64_t retries_ = 0;  // requests in memory that had an attempt
  std::size_t in_memory_ = 0;
  std::size_t promised_ = 0;  // rows asked for by take_refills() and not here yet
};

}  // namespace corolla::inline v0::crawl
