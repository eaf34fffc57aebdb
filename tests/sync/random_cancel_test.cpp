// SPDX-License-Identifier: Apache-2.0
// Releases, notifications and cancellations in the same iteration, at random: no wake-up is lost and nobody overtakes.
#include <corolla/sync.hpp>

#include "tests/support/trace.hpp"

#include <algorithm>
#include <random>
#include <type_traits>
#include <vector>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::steps;
using corolla_tests::trace;

constexpr unsigned kSeeds = 40;

/// Runs body(notes, seed) for many seeds, and for the first of them destroyed at each step, too.
template <class F>
void for_each_seed(F body) {
  static_assert(std::is_empty_v<F>);
  trace([](Notes& notes) { return F()(notes, 0); });
  trace([](Notes& notes) { return F()(notes, 1); });
  Notes notes;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    corolla_tests::NotingLoop loop(notes);
    loop->run_until_complete(body(notes, seed));
  }
}

/// Tasks that wait at `primitive` for good; who has been served, by their numbers.
template <class P>
Coro<void> take(P& primitive, std::vector<int>& served, int number) {
  auto permit = co_await primitive.acquire();
  permit.detach();
  served.push_back(number);
}

/// Each of `rounds` times: some tasks come, some of those that wait are cancelled, `release` is called if it may be.
/// Then all that were released must have been served, in order of arrival.
template <class P, class Release>
Coro<void> come_and_go(P& primitive, Release release, unsigned seed, std::size_t held) {
  std::mt19937 random(seed);
  std::vector<int> served;
  std::vector<Task<void>> tasks;
  std::size_t released = 0;
  for (int round = 0; round < 60; ++round) {
    for (unsigned i = random() % 3; i > 0; --i)
      tasks.push_back(create_task(take(primitive, served, static_cast<int>(tasks.size()))));
    for (int poke = 0; poke < 3; ++poke) {
      if (random() % 2 == 0 && !tasks.empty()) tasks[random() % tasks.size()].cancel();
      if (random() % 3 == 0 && release()) ++released;
    }
    co_await steps(static_cast<int>(random() % 2));
  }
  co_await steps(5);
  std::size_t waiting = 0;
  for (const auto& task : tasks)
    if (!task.done()) ++waiting;
  EXPECT_TRUE(waiting == 0 || served.size() == released + held) << "a wake-up is lost, seed " << seed;
  EXPECT_LE(served.size(), released + held) << "seed " << seed;
  EXPECT_TRUE(std::is_sorted(served.begin(), served.end())) << "somebody overtook, seed " << seed;
  EXPECT_GT(served.size(), 3U);
  for (auto& task : tasks) task.cancel();
  co_await gather(return_exceptions, tasks);
}

TEST(RandomCancelTest, SemaphoreLosesNoPermit) {
  for_each_seed([](Notes&, unsigned seed) -> Coro<void> {
    Semaphore semaphore(static_cast<std::ptrdiff_t>(seed % 3));
    auto release = [&semaphore] {
      semaphore.release();
      return true;
    };
    co_await come_and_go(semaphore, release, seed, seed % 3);
  });
}

TEST(RandomCancelTest, LockIsNeverLeftToNobody) {
  for_each_seed([](Notes&, unsigned seed) -> Coro<void> {
    Lock lock;
    auto release = [&lock] {
      const bool locked = lock.locked();
      if (locked) lock.release();
      return locked;
    };
    co_await come_and_go(lock, release, seed, 1);
  });
}

/// Takes items until there are none for ever.
Coro<void> consume(Condition& condition, int& items, int& consumed) {
  const auto guard = co_await condition.acquire();
  for (;;) {
    co_await condition.wait_for([&items] { return items != 0; });
    if (items < 0) co_return;
    --items;
    ++consumed;
  }
}

// One notification an item: whichever consumers are cancelled, another takes it over.
Coro<void> produce_for_the_cancelled(unsigned seed) {
  constexpr int kItems = 40;
  std::mt19937 random(seed);
  Condition condition;
  int items = 0;
  int consumed = 0;
  std::vector<Task<void>> consumers;
  auto come = [&] { consumers.push_back(create_task(consume(condition, items, consumed))); };
  auto survivor = create_task(consume(condition, items, consumed));
  for (int i = 0; i < kItems; ++i) {
    for (unsigned more = random() % 3; more > 0; --more) come();
    co_await steps(static_cast<int>(random() % 2));
    {
      const auto guard = co_await condition.acquire();
      ++items;
      condition.notify(1);
      if (!consumers.empty() && random() % 2 == 0) consumers[random() % consumers.size()].cancel();
      co_await steps(static_cast<int>(random() % 3));
      if (!consumers.empty() && random() % 2 == 0) consumers[random() % consumers.size()].cancel();
    }
  }
  co_await steps(100);
  EXPECT_EQ(consumed, kItems) << "a notification is lost, seed " << seed;
  {
    const auto guard = co_await condition.acquire();
    items = -1;
    condition.notify_all();
  }
  co_await survivor;
  co_await gather(return_exceptions, consumers);
  EXPECT_FALSE(condition.locked());
}

TEST(RandomCancelTest, ConditionLosesNoNotification) {
  for_each_seed([](Notes&, unsigned seed) { return produce_for_the_cancelled(seed); });
}

}  // namespace
