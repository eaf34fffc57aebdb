// SPDX-License-Identifier: Apache-2.0
// A warm path allocates nothing. The program's operator new is replaced by one that counts.
#include "tests/support/runtime_test.hpp"

#include <array>
#include <thread>
#include <vector>

#if COROLLA_BLOCK_CACHE

#include "tests/support/allocation_counter.hpp"

namespace {

using namespace corolla_tests;

class MemoryTest : public RuntimeTest {
 protected:
  static constexpr int kIterations = 10'000;

  /// Allocations of 10,000 iterations after 1,000 to warm up. `body(n)` gives a Coro<void> that iterates n times.
  template <class Body>
  long allocations_of(Body body) {
    run(body(1000));
    const long before = allocations.load();
    auto counted = body(kIterations);
    auto task = loop().create_task(std::move(counted));
    loop().run_until_complete(task);
    return allocations.load() - before;
  }
};

Coro<int> number(int value) { co_return value; }

TEST_F(MemoryTest, CountsWhatIsAllocated) {
  const long before = allocations.load();
  const std::vector<int>* volatile seen = new std::vector<int>(3);  // volatile: clang leaves the pair out otherwise
  delete seen;
  EXPECT_GE(allocations.load() - before, 1);
}

TEST_F(MemoryTest, Calls) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) co_await number(i);
            }),
            0);
}

TEST_F(MemoryTest, TasksCreatedAndAwaited) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) co_await create_task(number(i));
            }),
            0);
}

TEST_F(MemoryTest, TasksWithArguments) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                auto task = create_task(number, i);
                co_await task;
              }
            }),
            0);
}

TEST_F(MemoryTest, Yields) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) co_await sleep(0ns);
            }),
            0);
}

TEST_F(MemoryTest, Sleeps) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) co_await sleep(1ms);
            }),
            0);
}

TEST_F(MemoryTest, FuturesAwaited) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                auto future = get_running_loop().create_future<int>();
                get_running_loop().call_soon([future] { future.set_result(1); });
                co_await future;
              }
            }),
            0);
}

TEST_F(MemoryTest, CallbacksAndTimers) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                auto timer = get_running_loop().call_later(1h, [] {});
                auto future = get_running_loop().create_future();
                future.add_done_callback([](const Future<>&) {});
                future.set_result();
                co_await sleep(0ns);
                timer.cancel();
              }
            }),
            0);
}

TEST_F(MemoryTest, Timeouts) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) co_await wait_for(turns(1), 1s);
            }),
            0);
}

TEST_F(MemoryTest, CallSoon) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              int calls = 0;
              for (int i = 0; i < count; ++i) {
                get_running_loop().call_soon([&calls] { ++calls; });
                if (i % 100 == 99) co_await sleep(0ns);
              }
              EXPECT_EQ(calls, count);
            }),
            0);
}

TEST_F(MemoryTest, TimersThatRunAndTimersThatAreCancelled) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              EventLoop& where = get_running_loop();
              for (int i = 0; i < count; i += 100) {
                std::array<TimerHandle, 100> timers;
                for (auto& timer : timers) timer = where.call_later(1ms, [] {});
                for (std::size_t k = 0; k < 90; ++k) timers[k].cancel();
                co_await sleep(2ms);
              }
            }),
            0);
}

TEST_F(MemoryTest, GatheredTasksThatYield) {
  // The gather itself has its list of children; the yields of its children cost nothing.
  auto gathered = [](int yields) -> Coro<void> {
    std::vector<Task<>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(create_task(turns(yields)));
    co_await gather(tasks);
  };
  run(gathered(1));
  const long start = allocations.load();
  run(gathered(1));
  const long few = allocations.load() - start;
  run(gathered(100));
  EXPECT_EQ(allocations.load() - start - few, few);
}

TEST_F(MemoryTest, TasksThatInheritContextVariables) {
  const ContextVar<int> variable("variable", 0);
  Context context;
  context.run([&] { variable.set(1); });
  EXPECT_EQ(context.run([&] {
    return allocations_of([&](int count) -> Coro<void> {
      for (int i = 0; i < count; ++i) co_await create_task(number(variable.get()));
    });
  }),
            0);
}

TEST_F(MemoryTest, TaskGroupsOfOneTask) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              const auto body = [](TaskGroup& group) -> Coro<void> {
                group.create_task(number, 1);
                co_return;
              };
              for (int i = 0; i < count; ++i) co_await task_group(body);
            }),
            0);
}

TEST_F(MemoryTest, TasksCancelledWhileTheySleep) {
  // What a CancelledError is thrown in is not operator new's.
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                auto task = create_task(forever());
                co_await sleep(0ns);
                task.cancel();
                static_cast<void>(co_await outcome(task));
              }
            }),
            0);
}

AsyncGenerator<int> numbers(int count) {
  for (int i = 0; i < count; ++i) {
    if (i % 16 == 0) co_await number(i);
    co_yield i;
  }
}

TEST_F(MemoryTest, ValuesOfAGenerator) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              auto it = numbers(count);
              while (auto value = co_await it.next()) static_cast<void>(value);
            }),
            0);
}

TEST_F(MemoryTest, GeneratorsMadeAndDropped) {
  EXPECT_EQ(allocations_of([](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                auto it = numbers(2);
                co_await it.next();
              }
            }),
            0);
}

TEST_F(MemoryTest, BlocksFreedByAnotherThreadServeThatThread) {
  // Blocks made here and freed there must be good for both threads' caches; a second round finds them there.
  std::vector<void*> blocks;
  for (int i = 0; i < 200; ++i) blocks.push_back(allocate_block(56));
  long allocated_there = -1;
  std::thread other([&] {
    for (void* block : blocks) free_block(block, 56);
    const long before = allocations.load();
    std::vector<void*> again;
    again.reserve(200);
    for (int i = 0; i < 200; ++i) again.push_back(allocate_block(41));
    allocated_there = allocations.load() - before - 1;
    for (void* block : again) free_block(block, 41);
  });
  other.join();
  EXPECT_EQ(allocated_there, 0);
}

TEST_F(MemoryTest, BlocksGoRoundBetweenAThreadThatAllocatesAndOneThatFrees) {
  std::vector<void*> blocks(10'000);
  const auto round = [&] {
    for (void*& block : blocks) block = allocate_block(80);
    std::thread([&] {
      for (void* block : blocks) free_block(block, 80);
    }).join();
  };
  round();
  const long before = allocations.load();
  round();
  // All but the two chains that went with the thread, and the thread itself.
  EXPECT_LE(allocations.load() - before, static_cast<long>(2 * BlockCache::kBytesPerChain / 80) + 10);
}

TEST_F(MemoryTest, TheCachesAreBounded) {
  constexpr std::size_t kSize = BlockCache::kLargest;
  constexpr std::size_t kFits = (BlockCache::kBytesInDepot + 2 * BlockCache::kBytesPerChain) / kSize;
  std::vector<void*> blocks(2 * kFits);
  for (auto& block : blocks) block = allocate_block(kSize);
  for (void* block : blocks) free_block(block, kSize);
  const long before = allocations.load();
  for (auto& block : blocks) block = allocate_block(kSize);
  EXPECT_GE(allocations.load() - before, static_cast<long>(kFits));
  EXPECT_LT(allocations.load() - before, static_cast<long>(2 * kFits));
  for (void* block : blocks) free_block(block, kSize);
}

}  // namespace

#endif

namespace {

using namespace corolla_tests;

TEST(LiveObjectsTest, CountFramesAndFutures) {
  const LiveObjects before = live_objects();
  {
    EventLoop loop;
    auto coro = turns(1);
    EXPECT_EQ(live_objects().frames - before.frames, 1);
    auto task = loop.create_task(std::move(coro));
    auto future = loop.create_future();
    EXPECT_EQ(live_objects().futures - before.futures, 2);
  }
  expect_same_live_objects(before, "by the scope");
}

TEST(LiveObjectsTest, AddUpOverThreadsThatEnded) {
  const LiveObjects before = live_objects();
  std::vector<Coro<void>> coros;
  std::thread([&] { coros.push_back(turns(1)); }).join();
  EXPECT_EQ(live_objects().frames - before.frames, 1);
  coros.clear();
  expect_same_live_objects(before, "by the thread");
}

}  // namespace
