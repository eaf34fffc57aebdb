// SPDX-License-Identifier: Apache-2.0
//
// Loops in threads of their own: how they begin, and what they say to each other.
#include "tests/runtime/run_sharded_test.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

constexpr std::size_t kShards = 4;

std::size_t where() { return this_shard().id(); }

Coro<std::string> text_after_a_turn(std::string text) {
  co_await sleep(0s);
  co_return text + " from " + std::to_string(where());
}

Coro<int> fail_there() {
  co_await sleep(0s);
  throw ValueError("failed in " + std::to_string(where()));
}

TEST_F(RunShardedTest, EachShardHasAThreadAndALoopOfItsOwn) {
  std::array<std::thread::id, kShards> threads;
  std::array<EventLoop*, kShards> loops{};
  run_sharded(kShards, [&](Shard& shard) -> Coro<void> {
    EXPECT_EQ(shard.count(), kShards);
    EXPECT_EQ(&this_shard(), &shard);
    threads[shard.id()] = std::this_thread::get_id();
    loops[shard.id()] = &get_running_loop();
    co_return;
  });
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), kShards);
  EXPECT_EQ(std::set(loops.begin(), loops.end()).size(), kShards);
  EXPECT_THROW(static_cast<void>(this_shard()), RuntimeError);
}

TEST_F(RunShardedTest, ZeroIsOneForEachProcessor) {
  std::atomic<unsigned> shards = 0;
  run_sharded(0, [&](Shard& shard) -> Coro<void> {
    ++shards;
    EXPECT_EQ(shard.count(), std::max(1U, std::thread::hardware_concurrency()));
    co_return;
  });
  EXPECT_EQ(shards, std::max(1U, std::thread::hardware_concurrency()));
}

TEST_F(RunShardedTest, FunctionsAndCoroutinesRunThereAndTheirValuesComeBack) {
  run_sharded(kShards, [](Shard& shard) -> Coro<void> {
    for (std::size_t id = 0; id < shard.count(); ++id) {
      const std::size_t there = co_await shard.submit_to(id, where);
      EXPECT_EQ(there, id);
      std::string text = "hello";
      const std::string answer = co_await shard.submit_to(id, text_after_a_turn, text);
      EXPECT_EQ(answer, "hello from " + std::to_string(id));
      auto owned = std::make_unique<int>(7);  // arguments and results are moved
      const auto moved = co_await shard.submit_to(
          id, [](std::unique_ptr<int> value) { return std::make_unique<int>(*value + 1); }, std::move(owned));
      EXPECT_EQ(*moved, 8);
      EXPECT_EQ(where(), shard.id());
    }
    auto nowhere = shard.submit_to(shard.count(), where);
    const auto refused = co_await outcome(std::move(nowhere));
    EXPECT_TRUE(exception_is<ValueError>(refused.error()));
  });
}

TEST_F(RunShardedTest, ErrorsComeBack) {
  run_sharded(2, [](Shard& shard) -> Coro<void> {
    for (std::size_t id = 0; id < 2; ++id) {
      auto coroutine = shard.submit_to(id, fail_there);
      const auto failed = co_await outcome(std::move(coroutine));
      EXPECT_TRUE(exception_is<ValueError>(failed.error()));
      EXPECT_EQ(failed.error_message(), "failed in " + std::to_string(id));
      auto function = shard.submit_to(id, [] { throw ValueError("at once"); });
      const auto at_once = co_await outcome(std::move(function));
      EXPECT_EQ(at_once.error_message(), "at once");
    }
  });
}

TEST_F(RunShardedTest, ManyCallsInAllDirections) {
  std::array<std::size_t, kShards> served{};  // each written by its own shard
  run_sharded(kShards, [&](Shard& shard) -> Coro<void> {
    constexpr std::size_t kCalls = 500;
    std::vector<Task<std::size_t>> calls;
    for (std::size_t i = 0; i < kCalls; ++i) {
      calls.push_back(create_task(shard.submit_to((shard.id() + i) % kShards, [&served, i] {
        ++served[where()];
        return i;
      })));
    }
    for (std::size_t i = 0; i < kCalls; ++i) {
      const std::size_t value = co_await calls[i];
      EXPECT_EQ(value, i);
    }
  });
  for (const std::size_t count : served) EXPECT_EQ(count, 500U);
}

TEST_F(RunShardedTest, ACancellationGoesThereAndIsWaitedFor) {
  std::atomic<bool> cleaned_up = false;
  run_sharded(2, [&](Shard& shard) -> Coro<void> {
    if (shard.id() != 0) co_return;
    std::atomic<bool> began = false;
    const auto body = [&]() -> Coro<void> {
      began = true;
      std::string message;
      try {
        co_await forever();
      } catch (const CancelledError& error) {
        message = error.message();
      }
      EXPECT_EQ(message, "enough");
      EXPECT_EQ(where(), 1U);
      co_await sleep(0s);
      cleaned_up = true;
      throw CancelledError(message);
    };
    auto task = create_task(shard.submit_to(1, body));
    while (!began) co_await sleep(0s);
    task.cancel("enough");
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    EXPECT_TRUE(cleaned_up);  // not earlier
  });
}

TEST_F(RunShardedTest, WhoSurvivesACancellationIsHeardAllTheSame) {
  run_sharded(2, [](Shard& shard) -> Coro<void> {
    if (shard.id() != 0) co_return;
    std::atomic<bool> began = false;
    const auto stubborn = [&]() -> Coro<int> {
      began = true;
      try {
        co_await forever();
      } catch (const CancelledError&) {
      }
      co_return 7;
    };
    auto task = create_task(shard.submit_to(1, stubborn));
    while (!began) co_await sleep(0s);
    task.cancel();
    const int value = co_await task;
    EXPECT_EQ(value, 7);
  });
}

TEST_F(RunShardedTest, CancelledBeforeItWasSentNothingRunsThere) {
  std::atomic<bool> ran = false;
  run_sharded(2, [&](Shard& shard) -> Coro<void> {
    if (shard.id() != 0) co_return;
    auto task = create_task(shard.submit_to(1, [&] { ran = true; }));
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_FALSE(ran);
}

TEST_F(RunShardedTest, InvokeOnAllReachesEachShardOnce) {
  std::array<int, kShards> calls{};
  run_sharded(kShards, [&](Shard& shard) -> Coro<void> {
    if (shard.id() != 1) co_return;
    const auto count = [&calls](int step) -> Coro<void> {
      co_await sleep(0s);
      calls[where()] += step;
    };
    co_await shard.invoke_on_all(count, 3);
    for (const int each : calls) EXPECT_EQ(each, 3);
    auto failing = shard.invoke_on_all([] {
      if (where() == 2) throw ValueError("not here");
    });
    const auto result = co_await outcome(std::move(failing));
    EXPECT_TRUE(exception_is<ExceptionGroup>(result.error()));
  });
}

TEST_F(RunShardedTest, AShardThatIsDoneServesTheOthers) {
  std::atomic<std::size_t> done = 0;
  run_sharded(3, [&](Shard& shard) -> Coro<void> {
    if (shard.id() != 2) {
      ++done;
      co_return;
    }
    while (done < 2) co_await sleep(0s);
    for (std::size_t id = 0; id < 2; ++id) {
      const std::size_t there = co_await shard.submit_to(id, where);
      EXPECT_EQ(there, id);
    }
  });
}

}  // namespace
}  // namespace corolla_tests
