// SPDX-License-Identifier: Apache-2.0
//
// Whole crawls of random webs in virtual time: random latencies, failures, back-offs, budgets, memory limits and kills.
// The store is a map here; what the frontier promises is checked at every step.
#include <corolla/crawl/frontier.hpp>

#include "tests/crawl/random_web.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corolla::crawl::Frontier;
using corolla::crawl::FrontierOptions;
using corolla::crawl::Order;
using corolla::crawl::PageId;
using corolla::crawl::Request;
using corolla::crawl::StoredPage;
using corolla::crawl::TimePoint;
using Web = corolla_tests::RandomWeb;

namespace {

struct Row {
  StoredPage page;
  bool pending = true;
};

class Crawl {
 public:
  Crawl(const Web& web, FrontierOptions options, std::map<PageId, Row>& store, std::mt19937_64& random)
      : web_(web), options_(options), store_(store), random_(random), frontier_(options) {
    for (const auto& [id, row] : store_) frontier_.restore(row.page, row.pending);
    add(0, 0);
  }

  /// Runs to the end, or until `steps` requests were handed out: the kill.
  void run(std::size_t steps) {
    while (steps > 0) {
      answer_refills();
      while (steps > 0) {
        auto request = frontier_.next(now_);
        if (!request) break;
        check(*request);
        in_flight_.emplace(now_ + std::chrono::milliseconds(random_() % 50), std::move(*request));
        --steps;
        answer_refills();
      }
      if (steps == 0) return;
      if (frontier_.is_finished()) break;
      const auto event = frontier_.next_event();
      ASSERT_TRUE(event || !in_flight_.empty() || refill_due_)
          << "stuck: " << frontier_.in_memory() << " in memory, " << frontier_.spilled() << " spilled, "
          << frontier_.withheld() << " withheld of " << frontier_.known() << (options_.strict_levels ? ", strict" : "");
      if (!in_flight_.empty() && (!event || in_flight_.begin()->first <= *event)) {
        now_ = in_flight_.begin()->first;
        finish(std::move(in_flight_.extract(in_flight_.begin()).mapped()));
      } else if (event) {
        ASSERT_GT(*event, now_) << "a wake-up in the past would spin";
        now_ = *event;
      }
    }
    finished = true;
    EXPECT_EQ(frontier_.in_flight(), 0U);
  }

  bool finished = false;
  std::map<std::string, int> fetched;  // first attempts
  [[nodiscard]] const Frontier& frontier() const { return frontier_; }

 private:
  void add(int page, std::uint32_t depth) {
    if (auto id = frontier_.add(web_.url(page), depth))
      store_[*id] = {.page = {.id = *id, .url = web_.url(page), .depth = depth}, .pending = true};
    ASSERT_LE(frontier_.in_memory(), options_.memory_limit + 8 * frontier_.host_count() + retries_);
  }

  void check(const Request& request) {
    ASSERT_TRUE(store_.at(request.id).pending);
    ASSERT_EQ(store_.at(request.id).page.url, request.url);
    ASSERT_LE(frontier_.host_in_flight(request.host), options_.per_host);
    auto& last = last_start_[request.host];
    if (last) {
      ASSERT_GE(now_ - *last, options_.delay);
    }
    last = now_;
    ASSERT_GE(now_, held_until_[request.host]);
    if (request.attempts == 0) {
      ASSERT_EQ(++fetched[request.url], 1) << request.url;
    }
    if (options_.strict_levels) {
      for (const auto& [when, other] : in_flight_) ASSERT_EQ(other.depth, request.depth);
    }
  }

  void finish(Request request) {
    if (request.attempts < 2 && random_() % 10 == 0) {
      const TimePoint when = now_ + std::chrono::milliseconds(random_() % 300);
      if (random_() % 2 == 0) {
        frontier_.back_off(request.host, when);
        held_until_[request.host] = std::max(held_until_[request.host], when);
      }
      ++retries_;
      frontier_.retry(std::move(request), when);
      return;
    }
    const int page = Web::page_of(request.url);
    for (const int to : web_.links[page]) add(to, request.depth + 1);
    store_.at(request.id).pending = false;
    frontier_.done(request);
  }

  /// Answers are held back at random, as a busy writer would.
  void answer_refills() {
    for (auto& wanted : frontier_.take_refills()) waiting_.push_back(std::move(wanted));
    refill_due_ = !waiting_.empty();
    if (random_() % store_delay_ != 0) return;
    for (const auto& wanted : std::exchange(waiting_, {})) {
      std::vector<StoredPage> rows;
      for (auto row = store_.lower_bound(wanted.first_id); row != store_.end() && rows.size() < wanted.limit; ++row)
        if (row->second.pending && Frontier::key_of(row->second.page.url) == wanted.host_key)
          rows.push_back(row->second.page);
      frontier_.refill(wanted, rows);
    }
    refill_due_ = false;
  }

  const Web& web_;
  FrontierOptions options_;
  std::map<PageId, Row>& store_;
  std::mt19937_64& random_;
  Frontier frontier_;
  TimePoint now_{1000s};
  std::multimap<TimePoint, Request> in_flight_;
  std::map<std::uint32_t, std::optional<TimePoint>> last_start_;
  std::map<std::uint32_t, TimePoint> held_until_;
  std::vector<corolla::crawl::RefillRequest> waiting_;
  std::size_t retries_ = 0;
  std::uint64_t store_delay_ = random_() % 3 == 0 ? 60 : 2;
  bool refill_due_ = false;
};

class FrontierSimulation : public testing::TestWithParam<int> {};

TEST_P(FrontierSimulation, FetchesEveryPageOnceWhateverHappens) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  const Web web(random, 1 + static_cast<int>(random() % 400), 1 + static_cast<int>(random() % 12));
  FrontierOptions options;
  options.per_host = 1 + static_cast<std::uint32_t>(random() % 4);
  options.delay = std::chrono::milliseconds(random() % 3 == 0 ? random() % 40 : 0);
  options.memory_limit = random() % 2 == 0 ? random() % 200 : 100'000;
  options.strict_levels = random() % 2 == 0;
  if (!options.strict_levels && random() % 3 == 0) options.order = Order::kDepthFirst;
  std::map<PageId, Row> store;
  const bool kills = random() % 2 == 0;
  for (bool finished = false; !finished;) {
    Crawl crawl(web, options, store, random);
    ASSERT_NO_FATAL_FAILURE(crawl.run(kills ? 1 + random() % 300 : SIZE_MAX));
    finished = crawl.finished;
  }
  ASSERT_EQ(store.size(), static_cast<std::size_t>(web.pages));
  const auto distance = web.distances();
  for (const auto& [id, row] : store) {
    EXPECT_FALSE(row.pending);
    const int page = Web::page_of(row.page.url);
    if (options.strict_levels) {
      EXPECT_EQ(row.page.depth, distance[page]) << row.page.url;
    }
    EXPECT_GE(row.page.depth, distance[page]);
  }
}

TEST_P(FrontierSimulation, BudgetsHoldOverRunsAndMemoryLimits) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()) + 1'000'000);
  const Web web(random, 200, 1 + static_cast<int>(random() % 6));
  FrontierOptions options;
  options.memory_limit = random() % 2 == 0 ? random() % 50 : 100'000;
  options.strict_levels = random() % 2 == 0;
  if (random() % 2 == 0) options.max_pages = 1 + random() % 120;
  if (random() % 2 == 0) options.max_pages_per_host = 1 + random() % 30;
  std::map<PageId, Row> store;
  for (int run = 0; run < 2; ++run) {
    Crawl crawl(web, options, store, random);
    ASSERT_NO_FATAL_FAILURE(crawl.run(SIZE_MAX));
    std::map<std::string, std::uint64_t> per_host;
    std::uint64_t total = 0;
    for (const auto& [id, row] : store)
      if (!row.pending) {
        ++total;
        ++per_host[std::string(Frontier::key_of(row.page.url))];
      }
    if (options.max_pages != 0) {
      EXPECT_LE(total, options.max_pages);
    }
    for (const auto& [host, count] : per_host)
      if (options.max_pages_per_host != 0) {
        EXPECT_LE(count, options.max_pages_per_host) << host;
      }
    if (run == 1) {
      EXPECT_TRUE(crawl.fetched.empty()) << "the budgets were used up by the first run";
    }
    if (options.max_pages == 0 && options.max_pages_per_host == 0) {
      EXPECT_EQ(total, 200U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FrontierSimulation, testing::Range(0, 300));

}  // namespace
