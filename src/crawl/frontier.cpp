// SPDX-License-Identifier: Apache-2.0
//
// Where a pending page is: in its host's queue, in delayed_ (a second attempt that is not due), in flight, or only in the
// store: spilled (comes back by refill) or withheld (a budget forbids it in this run). All spilled pages of a host have
// ids from its spill_cursor on, and everything it spilled is younger than everything it queues; hence while something is
// spilled, whatever is added is spilled too, and one number says which rows to read back.
//
// Where a host is: kReady while it stands in ready_, kTimer while it stands in timers_, kParked while it waits for the
// level of its best request, else kIdle. It is in one place at a time. Nobody takes a host out of ready_: next() looks at
// it when its turn comes and moves it where it belongs. Each look follows one push, so next() costs O(log n) amortised.
#include <corolla/crawl/frontier.hpp>
#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

// What a host may always hold in memory.
constexpr std::size_t kLeastWindow = 8;
// A single slow host takes no more than this part of the memory.
constexpr std::size_t kHostShare = 16;

/// Whether b comes before a, which is how the standard heap functions put the best in front.
class Worse {
 public:
  explicit Worse(const FrontierOptions& options) : options_(&options) {}
  bool operator()(const Request& a, const Request& b) const noexcept { return rank(b) < rank(a); }

 private:
  std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t> rank(const Request& r) const noexcept {
    const std::int64_t depth = r.depth;
    const std::int64_t fresh = r.attempts == 0 ? 1 : 0;
    if (options_->strict_levels) return {depth, fresh, -std::int64_t{r.priority}, r.id};
    if (options_->order == Order::kDepthFirst) return {fresh, -std::int64_t{r.priority}, -depth, -r.id};
    return {fresh, -std::int64_t{r.priority}, depth, r.id};
  }

  const FrontierOptions* options_;
};

constexpr auto kLater = [](const auto& a, const auto& b) { return a.when > b.when; };

}  // namespace

Frontier::Frontier(FrontierOptions options) : options_(options), seen_(options.seed) {
  if (options_.per_host == 0) throw ValueError("per_host must be at least 1");
  if (options_.delay.count() < 0) throw ValueError("delay must not be negative");
  if (options_.strict_levels && options_.order != Order::kBreadthFirst)
    throw ValueError("strict_levels needs breadth-first order");
}

Frontier::~Frontier() = default;

std::string_view Frontier::key_of(std::string_view url) noexcept {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t credentials = url.rfind('@');
  return credentials == std::string_view::npos ? url : url.substr(credentials + 1);
}

HostId Frontier::host_of(std::string_view url) {
  const std::string_view key = key_of(url);
  if (const auto found = host_ids_.find(key); found != host_ids_.end()) return found->second;
  const auto id = static_cast<HostId>(hosts_.size());
  Host& host = hosts_.emplace_back();
  host.key = key;
  host.delay = options_.delay;
  host.per_host = options_.per_host;
  host_ids_.emplace(host.key, id);
  return id;
}

std::optional<PageId> Frontier::add(std::string_view url, std::uint32_t depth, std::int32_t priority,
                                    std::uint16_t redirects) {
  if (!seen_.insert(url)) return std::nullopt;
  const PageId id = next_id_++;
  ++known_;
  accept({.id = id,
          .url = std::string(url),
          .depth = depth,
          .priority = priority,
          .attempts = 0,
          .redirects = redirects,
          .host = host_of(url)});
  return id;
}

void Frontier::restore(const StoredPage& page, bool pending) {
  seen_.insert(page.url);
  ++known_;
  next_id_ = std::max(next_id_, page.id + 1);
  const HostId id = host_of(page.url);
  if (!pending) {
    ++finished_;
    ++handed_out_;
    ++hosts_[id].handed_out;
    return;
  }
  accept({.id = page.id,
          .url = page.url,
          .depth = page.depth,
          .priority = page.priority,
          .attempts = 0,
          .redirects = page.redirects,
          .host = id});
}

/// A pending page that is not in memory yet.
void Frontier::accept(Request request) {
  Host& host = hosts_[request.host];
  if (!budget_allows(host, request)) {
    ++withheld_;
  } else if (host.spilled == 0 && may_hold(host)) {
    const HostId id = request.host;
    enqueue(host, std::move(request));
    join_rotation(id);
  } else {
    if (host.spilled++ == 0) host.spill_cursor = request.id;
    ++spilled_;  // next() asks for it: a host that spills holds something that comes first
  }
}

void Frontier::enqueue(Host& host, Request request) {
  level_add(request.depth);
  ++in_memory_;
  host.queue.push_back(std::move(request));
  std::push_heap(host.queue.begin(), host.queue.end(), Worse(options_));
  update_starved(host);
}

Request Frontier::dequeue(Host& host) {
  std::pop_heap(host.queue.begin(), host.queue.end(), Worse(options_));
  Request request = std::move(host.queue.back());
  host.queue.pop_back();
  if (host.queue.empty()) std::vector<Request>().swap(host.queue);  // hosts outlive their pages
  --in_memory_;
  update_starved(host);
  return request;
}

/// A budget ended: what has not been tried yet stays in the store.
void Frontier::withhold(Host& host) {
  const auto first =
      std::partition(host.queue.begin(), host.queue.end(), [](const Request& r) { return r.attempts > 0; });
  for (auto request = first; request != host.queue.end(); ++request) level_remove(request->depth);
  const auto count = static_cast<std::size_t>(host.queue.end() - first);
  in_memory_ -= count;
  host.queue.erase(first, host.queue.end());
  std::make_heap(host.queue.begin(), host.queue.end(), Worse(options_));
  withheld_ += count + host.spilled;
  spilled_ -= host.spilled;
  host.spilled = 0;
  update_starved(host);
}

void Frontier::join_rotation(HostId id) {
  Host& host = hosts_[id];
  if (host.queue.empty() || host.in_flight >= host.per_host) return;
  // A second attempt may bring a parked host below its level; its entry in parked_ is then void.
  const bool unpark = host.place == Place::kParked && host.queue.front().depth <= level_;
  if (host.place != Place::kIdle && !unpark) return;
  host.place = Place::kReady;
  ready_.push_back(id);
}

bool Frontier::budget_allows(const Host& host, const Request& request) const noexcept {
  if (request.attempts > 0) return true;
  if (options_.max_pages != 0 && handed_out_ >= options_.max_pages) return false;
  return options_.max_pages_per_host == 0 || host.handed_out < options_.max_pages_per_host;
}

std::size_t Frontier::window() const noexcept { return std::max(kLeastWindow, options_.memory_limit / kHostShare); }

bool Frontier::may_hold(const Host& host) const noexcept {
  const std::size_t held = host.queue.size();
  return held < kLeastWindow || (held < window() && in_memory_ + promised_ < options_.memory_limit);
}

void Frontier::update_starved(Host& host) noexcept {
  const bool starved = host.queue.empty() && host.spilled > 0;
  if (starved == host.starved) return;
  host.starved = starved;
  starved ? ++starved_ : --starved_;
}

void Frontier::want_refill(HostId id) {
  Host& host = hosts_[id];
  if (host.refill_wanted) return;
  host.refill_wanted = true;
  refillable_.push_back(id);
}

void Frontier::level_add(std::uint32_t depth) {
  if (!options_.strict_levels) return;
  if (outstanding_.size() <= depth) outstanding_.resize(depth + std::size_t{1});
  ++outstanding_[depth];
  level_ = std::min(level_, depth);
}

void Frontier::level_remove(std::uint32_t depth) noexcept {
  if (options_.strict_levels) --outstanding_[depth];
}

/// Goes to the lowest depth that is outstanding, but not past pages that are only in the store.
void Frontier::advance_level() {
  if (!options_.strict_levels || starved_ > 0) return;
  const std::uint32_t before = level_;
  while (level_ + std::size_t{1} < outstanding_.size() && outstanding_[level_] == 0) ++level_;
  if (level_ == before) return;
  for (const HostId id : std::exchange(parked_, {})) {
    if (hosts_[id].place != Place::kParked) continue;
    hosts_[id].place = Place::kIdle;
    join_rotation(id);
  }
}

void Frontier::wake_due(TimePoint now) {
  while (!timers_.empty() && timers_.front().when <= now) {
    std::pop_heap(timers_.begin(), timers_.end(), kLater);
    const HostId id = timers_.back().host;
    timers_.pop_back();
    hosts_[id].place = Place::kIdle;
    join_rotation(id);
  }
  while (!delayed_.empty() && delayed_.front().when <= now) {
    std::pop_heap(delayed_.begin(), delayed_.end(), kLater);
    Request request = std::move(delayed_.back().request);
    delayed_.pop_back();
    const HostId id = request.host;
    // It never left memory, nor its level, so the counts that enqueue() makes are taken back.
    --in_memory_;
    level_remove(request.depth);
    enqueue(hosts_[id], std::move(request));
    join_rotation(id);
  }
}

std::optional<Request> Frontier::next(TimePoint now) {
  wake_due(now);
  advance_level();
  while (!ready_.empty()) {
    const HostId id = ready_.front();
    ready_.pop_front();
    Host& host = hosts_[id];
    host.place = Place::kIdle;
    if (host.queue.empty() || host.in_flight >= host.per_host) continue;
    if (!budget_allows(host, host.queue.front())) {
      withhold(host);
      advance_level();
      join_rotation(id);
      continue;
    }
    if (options_.strict_levels && host.queue.front().depth > level_) {
      host.place = Place::kParked;
      parked_.push_back(id);
      continue;
    }
    if (host.next_due > now) {
      host.place = Place::kTimer;
      timers_.push_back({host.next_due, id});
      std::push_heap(timers_.begin(), timers_.end(), kLater);
      continue;
    }
    Request request = dequeue(host);
    if (request.attempts == 0) {
      ++handed_out_;
      ++host.handed_out;
      if (!budget_allows(host, Request())) withhold(host);
    } else {
      --retries_;
    }
    ++host.in_flight;
    ++in_flight_;
    if (host.delay.count() > 0) host.next_due = now + host.delay;
    if (host.spilled > 0 && host.queue.size() <= window() / 2 &&
        (host.queue.size() < kLeastWindow / 2 || in_memory_ + promised_ < options_.memory_limit))
      want_refill(id);
    join_rotation(id);
    return request;
  }
  return std::nullopt;
}

void Frontier::done(const Request& request) {
  Host& host = hosts_[request.host];
  if (host.in_flight == 0) throw InvalidStateError("done() for a request that is not in flight");
  --host.in_flight;
  --in_flight_;
  ++finished_;
  level_remove(request.depth);
  join_rotation(request.host);
}

void Frontier::retry(Request request, TimePoint when) {
  const HostId id = request.host;
  Host& host = hosts_[id];
  if (host.in_flight == 0) throw InvalidStateError("retry() for a request that is not in flight");
  --host.in_flight;
  --in_flight_;
  ++request.attempts;
  ++retries_;
  ++in_memory_;
  delayed_.push_back({when, std::move(request)});
  std::push_heap(delayed_.begin(), delayed_.end(), kLater);
  join_rotation(id);
}

void Frontier::back_off(HostId id, TimePoint until) { hosts_[id].next_due = std::max(hosts_[id].next_due, until); }

void Frontier::set_delay(HostId id, std::chrono::nanoseconds delay) {
  if (delay.count() < 0) throw ValueError("delay must not be negative");
  hosts_[id].delay = delay;
}

void Frontier::set_per_host(HostId id, std::uint32_t limit) {
  if (limit == 0) throw ValueError("per_host must be at least 1");
  hosts_[id].per_host = limit;
  join_rotation(id);
}

std::optional<TimePoint> Frontier::next_event() const {
  std::optional<TimePoint> earliest;
  if (!timers_.empty()) earliest = timers_.front().when;
  if (!delayed_.empty() && (!earliest || delayed_.front().when < *earliest)) earliest = delayed_.front().when;
  return earliest;
}

bool Frontier::is_finished() const noexcept {
  if (in_flight_ > 0 || retries_ > 0) return false;
  if (options_.max_pages != 0 && handed_out_ >= options_.max_pages) return true;
  return in_memory_ == 0 && spilled_ == 0;
}

std::vector<RefillRequest> Frontier::take_refills() {
  std::vector<RefillRequest> requests;
  const std::size_t held = in_memory_ + promised_;
  std::size_t free = held < options_.memory_limit ? options_.memory_limit - held : 0;
  for (const HostId id : std::exchange(refillable_, {})) {
    Host& host = hosts_[id];
    if (host.spilled == 0 || !budget_allows(host, Request())) {  // a budget ended meanwhile
      host.refill_wanted = false;
      continue;
    }
    const auto room_below = [&host](std::size_t most) { return most - std::min(most, host.queue.size()); };
    const std::size_t limit =
        std::max({std::size_t{1}, room_below(kLeastWindow), std::min(room_below(window()), free)});
    free -= std::min(free, limit);
    promised_ += limit;
    requests.push_back({.host = id,
                        .host_key = host.key,
                        .first_id = host.spill_cursor,
                        .limit = limit,
                        .at_least = static_cast<std::size_t>(std::min<std::uint64_t>(limit, host.spilled))});
  }
  return requests;
}

void Frontier::refill(const RefillRequest& request, const std::vector<StoredPage>& rows) {
  Host& host = hosts_[request.host];
  host.refill_wanted = false;
  promised_ -= request.limit;
  // A budget ended meanwhile: nothing may be queued, and rows withheld since then may be among these.
  if (host.spilled == 0 || !budget_allows(host, Request())) return;
  if (rows.size() < request.at_least || rows.size() > host.spilled)
    throw RuntimeError("the store has " + std::to_string(rows.size()) + " pending pages of " + host.key + " from id " +
                       std::to_string(request.first_id) + " on where " + std::to_string(request.at_least) + " to " +
                       std::to_string(host.spilled) + " were expected");
  for (const StoredPage& page : rows) {
    host.spill_cursor = page.id + 1;
    --host.spilled;
    --spilled_;
    enqueue(host, {.id = page.id,
                   .url = page.url,
                   .depth = page.depth,
                   .priority = page.priority,
                   .attempts = 0,
                   .redirects = page.redirects,
                   .host = request.host});
  }
  join_rotation(request.host);
}

}  // namespace corolla::inline v0::crawl
