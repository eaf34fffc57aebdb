// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/frontier.hpp>
#include <corolla/runtime/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corolla::crawl::Frontier;
using corolla::crawl::FrontierOptions;
using corolla::crawl::Order;
using corolla::crawl::Request;
using corolla::crawl::TimePoint;

namespace {

constexpr TimePoint kStart{1000s};

/// The URLs that come out at `now` until nothing is due; each is done at once when `finish`.
std::vector<std::string> drain(Frontier& frontier, TimePoint now = kStart, bool finish = true) {
  std::vector<std::string> urls;
  while (auto request = frontier.next(now)) {
    urls.push_back(request->url);
    if (finish) frontier.done(*request);
  }
  return urls;
}

TEST(Frontier, KeyIsHostAndWrittenPort) {
  EXPECT_EQ(Frontier::key_of("http://a.example/x"), "a.example");
  EXPECT_EQ(Frontier::key_of("https://a.example:8443?x"), "a.example:8443");
  EXPECT_EQ(Frontier::key_of("http://u:p@a.example/@x"), "a.example");
  EXPECT_EQ(Frontier::key_of("http://u@[::1]:80"), "[::1]:80");
}

TEST(Frontier, AddsEachUrlOnce) {
  Frontier frontier;
  EXPECT_EQ(frontier.add("http://a/", 0), 1);
  EXPECT_EQ(frontier.add("http://a/", 3), std::nullopt);
  EXPECT_EQ(frontier.add("http://a/b", 1), 2);
  EXPECT_EQ(frontier.known(), 2U);
  EXPECT_TRUE(frontier.is_known("http://a/b"));
}

TEST(Frontier, HostsTakeTurns) {
  Frontier frontier;
  for (const char* url : {"http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://b/2", "http://c/1"})
    frontier.add(url, 0);
  EXPECT_EQ(drain(frontier), (std::vector<std::string>{"http://a/1", "http://b/1", "http://c/1", "http://a/2",
                                                       "http://b/2", "http://a/3"}));
  EXPECT_TRUE(frontier.is_finished());
}

TEST(Frontier, OrdersByPriorityThenDepthThenDiscovery) {
  FrontierOptions options;
  for (const Order order : {Order::kBreadthFirst, Order::kDepthFirst}) {
    options.order = order;
    Frontier frontier(options);
    frontier.add("http://a/deep1", 2);
    frontier.add("http://a/shallow", 1);
    frontier.add("http://a/deep2", 2);
    frontier.add("http://a/urgent", 9, 5);
    std::vector<std::string> expected{"http://a/urgent", "http://a/shallow", "http://a/deep1", "http://a/deep2"};
    if (order == Order::kDepthFirst) std::reverse(expected.begin() + 1, expected.end());
    EXPECT_EQ(drain(frontier), expected);
  }
}

TEST(Frontier, LimitsRequestsInFlightPerHost) {
  Frontier frontier({.per_host = 2});
  for (int i = 0; i < 4; ++i) frontier.add("http://a/" + std::to_string(i), 0);
  auto first = frontier.next(kStart);
  auto second = frontier.next(kStart);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(frontier.next(kStart));
  EXPECT_FALSE(frontier.next_event());
  EXPECT_FALSE(frontier.is_finished());
  EXPECT_EQ(frontier.host_in_flight(first->host), 2U);
  frontier.done(*first);
  EXPECT_EQ(frontier.next(kStart)->url, "http://a/2");
  EXPECT_FALSE(frontier.next(kStart));
  frontier.set_per_host(first->host, 3);
  EXPECT_EQ(frontier.next(kStart)->url, "http://a/3");
}

TEST(Frontier, KeepsTheDelayOfAHost) {
  Frontier frontier({.delay = 10s});
  frontier.add("http://a/1", 0);
  frontier.add("http://a/2", 0);
  frontier.add("http://b/1", 0);
  EXPECT_EQ(drain(frontier, kStart), (std::vector<std::string>{"http://a/1", "http://b/1"}));
  EXPECT_EQ(frontier.next_event(), kStart + 10s);
  EXPECT_FALSE(frontier.next(kStart + 10s - 1ns));
  EXPECT_EQ(drain(frontier, kStart + 10s), std::vector<std::string>{"http://a/2"});
  // The delay counts from the last start also when the queue was empty meanwhile.
  frontier.add("http://a/3", 0);
  EXPECT_TRUE(drain(frontier, kStart + 19s).empty());
  EXPECT_EQ(frontier.next_event(), kStart + 20s);
  EXPECT_EQ(drain(frontier, kStart + 20s), std::vector<std::string>{"http://a/3"});
}

TEST(Frontier, CrawlDelaySetLaterHoldsFromTheNextRequest) {
  Frontier frontier;
  for (int i = 0; i < 3; ++i) frontier.add("http://a/" + std::to_string(i), 0);
  auto first = frontier.next(kStart);
  frontier.set_delay(first->host, 5s);
  EXPECT_TRUE(frontier.next(kStart));
  EXPECT_FALSE(frontier.next(kStart));
  EXPECT_EQ(frontier.next_event(), kStart + 5s);
  EXPECT_THROW(frontier.set_delay(first->host, -1s), corolla::ValueError);
}

TEST(Frontier, RetriesWhenDueBeforeFreshPages) {
  Frontier frontier({.per_host = 1});
  frontier.add("http://a/1", 0);
  frontier.add("http://a/2", 0);
  frontier.add("http://a/3", 0);
  auto request = frontier.next(kStart);
  frontier.retry(std::move(*request), kStart + 2s);
  EXPECT_EQ(frontier.in_flight(), 0U);
  EXPECT_EQ(frontier.next_event(), kStart + 2s);
  auto other = frontier.next(kStart);
  EXPECT_EQ(other->url, "http://a/2");
  frontier.done(*other);
  auto again = frontier.next(kStart + 2s);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->url, "http://a/1");
  EXPECT_EQ(again->attempts, 1);
  EXPECT_FALSE(frontier.is_finished());
  frontier.done(*again);
  EXPECT_EQ(drain(frontier, kStart + 2s), std::vector<std::string>{"http://a/3"});
  EXPECT_TRUE(frontier.is_finished());
  EXPECT_EQ(frontier.finished(), 3U);
}

TEST(Frontier, BackOffHoldsTheWholeHostAndNeverShortens) {
  Frontier frontier;
  frontier.add("http://a/1", 0);
  frontier.add("http://a/2", 0);
  frontier.add("http://b/1", 0);
  auto request = frontier.next(kStart);
  frontier.back_off(request->host, kStart + 60s);
  frontier.back_off(request->host, kStart + 1s);
  frontier.retry(std::move(*request), kStart + 1s);
  EXPECT_EQ(drain(frontier, kStart + 59s), std::vector<std::string>{"http://b/1"});
  EXPECT_EQ(frontier.next_event(), kStart + 60s);
  EXPECT_EQ(drain(frontier, kStart + 60s), (std::vector<std::string>{"http://a/1", "http://a/2"}));
}

TEST(Frontier, StopsAtItsBudgetsAndKeepsTheRestPending) {
  Frontier frontier({.max_pages_per_host = 2});
  for (int i = 0; i < 5; ++i) frontier.add("http://a/" + std::to_string(i), 0);
  frontier.add("http://b/0", 0);
  EXPECT_EQ(drain(frontier).size(), 3U);
  EXPECT_TRUE(frontier.is_finished());
  EXPECT_EQ(frontier.withheld(), 3U);
  EXPECT_TRUE(frontier.add("http://a/9", 0)) << "it is still recorded as pending";
  EXPECT_TRUE(frontier.is_finished());

  Frontier total({.max_pages = 4});
  for (int i = 0; i < 5; ++i) total.add("http://a/" + std::to_string(i), 0);
  for (int i = 0; i < 5; ++i) total.add("http://b/" + std::to_string(i), 0);
  EXPECT_EQ(drain(total).size(), 4U);
  EXPECT_TRUE(total.is_finished());
}

TEST(Frontier, ARetryDoesNotCountAgainstABudget) {
  Frontier frontier({.per_host = 1, .max_pages = 1});
  frontier.add("http://a/1", 0);
  frontier.add("http://a/2", 0);
  auto request = frontier.next(kStart);
  frontier.retry(std::move(*request), kStart + 1s);
  EXPECT_FALSE(frontier.next(kStart));
  EXPECT_FALSE(frontier.is_finished());
  EXPECT_EQ(drain(frontier, kStart + 1s), std::vector<std::string>{"http://a/1"});
  EXPECT_TRUE(frontier.is_finished());
}

TEST(Frontier, RestoresAndCountsEarlierRuns) {
  Frontier frontier({.max_pages = 3});
  frontier.restore({.id = 1, .url = "http://a/1"}, false);
  frontier.restore({.id = 2, .url = "http://a/2", .depth = 4}, true);
  frontier.restore({.id = 7, .url = "http://a/7", .redirects = 3}, true);
  frontier.restore({.id = 9, .url = "http://a/9"}, true);
  EXPECT_EQ(frontier.known(), 4U);
  EXPECT_EQ(frontier.finished(), 1U);
  EXPECT_EQ(frontier.add("http://a/1", 0), std::nullopt);
  EXPECT_EQ(frontier.add("http://a/new", 0), 10);
  auto request = frontier.next(kStart);
  EXPECT_EQ(request->id, 7);
  EXPECT_EQ(request->redirects, 3);
  frontier.done(*request);
  EXPECT_EQ(drain(frontier).size(), 1U) << "one of the three was fetched by an earlier run";
  EXPECT_TRUE(frontier.is_finished());
}

TEST(Frontier, StrictLevelsWaitForTheSlowestPageOfALevel) {
  Frontier frontier({.strict_levels = true});
  frontier.add("http://a/", 0);
  frontier.add("http://b/", 0);
  auto a = frontier.next(kStart);
  auto b = frontier.next(kStart);
  frontier.add("http://a/child", 1);
  frontier.done(*a);
  EXPECT_FALSE(frontier.next(kStart)) << "b is still in flight at depth 0";
  EXPECT_FALSE(frontier.is_finished());
  frontier.retry(std::move(*b), kStart + 5s);
  EXPECT_FALSE(frontier.next(kStart)) << "b waits for its second attempt";
  b = frontier.next(kStart + 5s);
  EXPECT_EQ(b->url, "http://b/");
  frontier.add("http://b/child", 1);
  frontier.done(*b);
  EXPECT_EQ(drain(frontier, kStart + 5s), (std::vector<std::string>{"http://b/child", "http://a/child"}));
  EXPECT_TRUE(frontier.is_finished());
}

TEST(Frontier, RefusesContradictionsAndMisuse) {
  EXPECT_THROW(Frontier({.per_host = 0}), corolla::ValueError);
  EXPECT_THROW(Frontier({.delay = -1s}), corolla::ValueError);
  EXPECT_THROW(Frontier({.order = Order::kDepthFirst, .strict_levels = true}), corolla::ValueError);
  Frontier frontier;
  frontier.add("http://a/", 0);
  auto request = frontier.next(kStart);
  frontier.done(*request);
  EXPECT_THROW(frontier.done(*request), corolla::InvalidStateError);
  EXPECT_THROW(frontier.retry(*request, kStart), corolla::InvalidStateError);
}

TEST(Frontier, SaysWhenTheStoreLostPages) {
  Frontier frontier({.per_host = 1, .memory_limit = 8});
  for (int i = 0; i < 20; ++i) frontier.add("http://a/" + std::to_string(i), 0);
  EXPECT_EQ(frontier.in_memory(), 8U);
  EXPECT_EQ(frontier.spilled(), 12U);
  drain(frontier);
  const auto wanted = frontier.take_refills();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].host_key, "a");
  EXPECT_EQ(wanted[0].first_id, 9);
  EXPECT_EQ(wanted[0].at_least, 8U);
  EXPECT_TRUE(frontier.take_refills().empty());
  EXPECT_FALSE(frontier.is_finished());
  EXPECT_THROW(frontier.refill(wanted[0], {}), corolla::RuntimeError);
}

}  // namespace
