// SPDX-License-Identifier: Apache-2.0
//
// Loops in threads of their own: how they end, and what is left of them.
#include "tests/runtime/run_sharded_test.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <string>

#include <sched.h>
#include <unistd.h>

namespace corolla_tests {
namespace {

constexpr std::size_t kShards = 4;

class RunShardedEndTest : public RunShardedTest {};

Coro<std::string> text_of(int number) {
  co_await sleep(0s);
  co_return std::to_string(number);
}

TEST_F(RunShardedEndTest, TheFirstErrorCancelsAllOthersOnce) {
  std::atomic<int> waiting = 0;
  std::atomic<int> cancellations = 0;
  try {
    run_sharded(kShards, [&](Shard& shard) -> Coro<void> {
      if (shard.id() == 2) {
        while (waiting < 3) co_await sleep(0s);
        throw ValueError("the end");
      }
      ++waiting;
      try {
        co_await forever();
      } catch (const CancelledError&) {
        ++cancellations;
      }
      for (int i = 0; i < 10; ++i) co_await sleep(0s);  // clean-up is not disturbed
    });
    ADD_FAILURE();
  } catch (const ValueError& error) {
    EXPECT_STREQ(error.what(), "the end");
  }
  EXPECT_EQ(cancellations, 3);
}

TEST_F(RunShardedEndTest, SeveralErrorsAreAGroupInOrder) {
  std::atomic<int> waiting = 0;
  try {
    run_sharded(3, [&](Shard& shard) -> Coro<void> {
      if (shard.id() == 2) {
        while (waiting < 2) co_await sleep(0s);
      } else {
        ++waiting;
        try {
          co_await forever();
        } catch (const CancelledError&) {
        }
      }
      throw ValueError("shard " + std::to_string(shard.id()));
    });
    ADD_FAILURE();
  } catch (const ExceptionGroup& group) {
    ASSERT_EQ(group.exceptions().size(), 3U);
    for (std::size_t id = 0; id < 3; ++id) EXPECT_EQ(describe(group.exceptions()[id]), "shard " + std::to_string(id));
  }
}

TEST_F(RunShardedEndTest, OneThatIsCancelledByItselfEndsAll) {
  EXPECT_THROW(run_sharded(2,
                           [](Shard& shard) -> Coro<void> {
                             if (shard.id() == 0) co_await forever();
                             throw CancelledError();
                           }),
               CancelledError);
}

TEST_F(RunShardedEndTest, AMainThatThrowsAtOnceEndsAll) {
  EXPECT_THROW(run_sharded(2,
                           [](Shard& shard) -> Coro<void> {
                             if (shard.id() == 1) throw ValueError("no coroutine");
                             return forever();
                           }),
               ValueError);
}

TEST_F(RunShardedEndTest, CtrlCCancelsAllAndIsAKeyboardInterrupt) {
  std::atomic<int> waiting = 0;
  std::atomic<int> cancelled = 0;
  EXPECT_THROW(run_sharded(3,
                           [&](Shard& shard) -> Coro<void> {
                             ++waiting;
                             if (shard.id() == 1) {
                               while (waiting < 3) co_await sleep(0s);
                               ::kill(::getpid(), SIGINT);
                             }
                             try {
                               co_await forever();
                             } catch (const CancelledError&) {
                               ++cancelled;
                               throw;
                             }
                           }),
               KeyboardInterrupt);
  EXPECT_EQ(cancelled, 3);
}

TEST_F(RunShardedEndTest, AStoppedLoopIsAnErrorAndEndsAll) {
  EXPECT_THROW(run_sharded(2,
                           [](Shard& shard) -> Coro<void> {
                             if (shard.id() == 1) get_running_loop().stop();
                             co_await forever();
                           }),
               RuntimeError);
}

TEST_F(RunShardedEndTest, TasksThatAreLeftAreCancelledWithTheirLoop) {
  std::atomic<int> cleaned_up = 0;
  run_sharded(2, [&](Shard&) -> Coro<void> {
    create_task(
        [](std::atomic<int>* count) -> Coro<void> {
          try {
            co_await forever();
          } catch (const CancelledError&) {
            ++*count;
            throw;
          }
        },
        &cleaned_up);
    co_await sleep(0s);
  });
  EXPECT_EQ(cleaned_up, 2);
}

TEST_F(RunShardedEndTest, LoopsThatCannotBeMadeAreAnErrorAndNothingRuns) {
  ShardOptions options;
  options.loop.backend = "none such";
  bool ran = false;
  EXPECT_THROW(run_sharded(
                   1,
                   [&](Shard&) -> Coro<void> {
                     ran = true;
                     co_return;
                   },
                   options),
               ValueError);
  EXPECT_THROW(run_sharded(
                   3,
                   [&](Shard&) -> Coro<void> {
                     ran = true;
                     co_return;
                   },
                   options),
               ExceptionGroup);
  EXPECT_FALSE(ran);
}

TEST_F(RunShardedEndTest, NotInsideOfARunningLoop) {
  run([]() -> Coro<void> {
    EXPECT_THROW(run_sharded(1, [](Shard&) -> Coro<void> { co_return; }), RuntimeError);
    co_return;
  }());
}

TEST_F(RunShardedEndTest, PinnedThreadsHaveOneProcessorAndTheCallersIsGivenBack) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  ShardOptions options;
  options.pin_threads = true;
  std::array<int, 2> processors{};
  run_sharded(
      2,
      [&](Shard& shard) -> Coro<void> {
        cpu_set_t mine;
        EXPECT_EQ(::sched_getaffinity(0, sizeof mine, &mine), 0);
        EXPECT_EQ(CPU_COUNT(&mine), 1);
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
          if (CPU_ISSET(std::size_t(cpu), &mine)) processors[shard.id()] = cpu;
        co_return;
      },
      options);
  EXPECT_EQ(processors[0] != processors[1], CPU_COUNT(&before) > 1);
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST_F(RunShardedEndTest, NothingIsLeftBehind) {
  const LiveObjects before = live_objects();
  run_sharded(3, [](Shard& shard) -> Coro<void> {
    for (int i = 0; i < 50; ++i) static_cast<void>(co_await shard.submit_to((shard.id() + 1) % 3, text_of, 7));
  });
  EXPECT_EQ(live_objects().frames, before.frames);
  EXPECT_EQ(live_objects().futures, before.futures);
}

}  // namespace
}  // namespace corolla_tests
