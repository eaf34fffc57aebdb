// SPDX-License-Identifier: Apache-2.0
// The queue of timers against the plainest one that can be right: a list searched for its least.
#include "runtime/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <random>
#include <vector>

namespace {

using corolla::Schedulable;
using corolla::TimerQueue;
using time_point = TimerQueue::time_point;

class Node final : public Schedulable {
 public:
  void run() noexcept override {}
  void drop() noexcept override {}
};

time_point at(long nanoseconds) { return time_point(std::chrono::nanoseconds(nanoseconds)); }

// A queue and its model side by side; every operation checks what both say.
class Pair {
 public:
  void arm(long when) {
    Node& node = nodes_.emplace_back();
    queue_.arm(node, at(when));
    model_.push_back({at(when), &node});
    check();
  }
  void disarm(std::size_t index) {
    Node& node = *model_[index].node;
    queue_.disarm(node);
    EXPECT_FALSE(node.armed());
    model_.erase(model_.begin() + static_cast<std::ptrdiff_t>(index));
    check();
  }
  /// Pops what is due at `now`; the order must be that of the model.
  void pop_due(long now) {
    while (Schedulable* const timer = queue_.pop_due(at(now))) {
      EXPECT_FALSE(timer->armed());
      ASSERT_FALSE(model_.empty());
      const auto first = least();
      ASSERT_EQ(timer, first->node);
      ASSERT_LE(first->when, at(now));
      model_.erase(first);
    }
    check();
    if (!model_.empty()) {
      EXPECT_GT(queue_.first(), at(now));
    }
  }
  void look() {
    if (!model_.empty()) {
      EXPECT_EQ(queue_.first(), least()->when);
    }
  }
  [[nodiscard]] std::size_t size() const { return model_.size(); }
  [[nodiscard]] const TimerQueue& queue() const { return queue_; }

 private:
  struct Entry {
    time_point when;
    Node* node;
  };
  std::vector<Entry>::iterator least() { return std::ranges::min_element(model_, std::less(), &Entry::when); }
  void check() const {
    ASSERT_EQ(queue_.size(), model_.size());
    ASSERT_EQ(queue_.empty(), model_.empty());
    ASSERT_LE(queue_.entries(), 2 * model_.size() + 300);
  }

  std::deque<Node> nodes_;
  std::vector<Entry> model_;  // in the order of arming
  TimerQueue queue_;
};

TEST(TimerQueueTest, EqualDeadlinesInTheOrderOfArming) {
  Pair pair;
  for (const long when : {5, 7, 5, 7, 3, 5, 7, 3, 9, 5}) pair.arm(when);
  pair.pop_due(4);
  for (const long when : {5, 7, 9, 5}) pair.arm(when);
  pair.pop_due(5);
  pair.pop_due(100);
  EXPECT_EQ(pair.size(), 0U);
}

// 7 goes to the heap below 10; once 10 is gone another 7 must not overtake it.
TEST(TimerQueueTest, EqualDeadlinesAfterTheGreatestWasDisarmed) {
  Pair pair;
  pair.arm(10);
  pair.arm(7);
  pair.disarm(0);
  pair.arm(7);
  pair.arm(7);
  pair.pop_due(7);
  EXPECT_EQ(pair.size(), 0U);
}

TEST(TimerQueueTest, LooksAtAnyMoment) {
  Pair pair;
  for (const long when : {30, 20, 40, 10}) {
    pair.arm(when);
    pair.look();
  }
  pair.disarm(3);
  pair.look();
  pair.disarm(1);
  pair.look();
  pair.pop_due(29);
  EXPECT_EQ(pair.size(), 2U);
}

// Time-outs that are all cancelled hold no memory, whether they were armed in order or not.
TEST(TimerQueueTest, CancelledTimersLeaveNoEntries) {
  for (const bool in_order : {true, false}) {
    Pair pair;
    pair.arm(1'000'000);
    for (long i = 0; i < 5000; ++i) {
      pair.arm(in_order ? 2'000'000 + i : 500'000 - i);
      if (pair.size() > 20) pair.disarm(5);
      if (i % 50 == 0) pair.look();
    }
    while (pair.size() > 0) pair.disarm(pair.size() / 2);
    EXPECT_EQ(pair.queue().entries(), 0U);
  }
}

// Mixtures of arming (in order, out of order, with many equals), disarming and expiry.
TEST(TimerQueueTest, AgreesWithTheModel) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](long n) { return static_cast<long>(random() % static_cast<unsigned long>(n)); };
    const long spread = seed % 3 == 0 ? 5 : 1000;
    const long disarmed_of_ten = 2 + static_cast<long>(seed % 4);
    Pair pair;
    long now = 0;
    for (int step = 0; step < 1500 && !testing::Test::HasFatalFailure(); ++step) {
      const long dice = below(10);
      if (dice < disarmed_of_ten) {
        if (pair.size() > 0) pair.disarm(static_cast<std::size_t>(below(static_cast<long>(pair.size()))));
      } else if (dice < 8) {
        for (long i = below(4); i >= 0; --i) pair.arm(now + (below(2) ? spread : below(spread)));
      } else if (dice < 9) {
        now += below(spread / 4 + 2);
        pair.pop_due(now);
      } else {
        pair.look();
      }
    }
    while (pair.size() > 100) pair.disarm(static_cast<std::size_t>(below(static_cast<long>(pair.size()))));
    pair.pop_due(now + 10 * spread);
    EXPECT_EQ(pair.size(), 0U);
  }
}

}  // namespace
