// SPDX-License-Identifier: Apache-2.0
// Waiting for a primitive and being woken allocates nothing once warm.
#include "tests/support/runtime_test.hpp"

#include <corolla/sync/event.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/queue.hpp>
#include <corolla/sync/semaphore.hpp>

#if COROLLA_BLOCK_CACHE

#include "tests/support/allocation_counter.hpp"

namespace {

using namespace corolla_tests;

class SyncMemoryTest : public RuntimeTest {
 protected:
  /// Allocations of body(10,000) the second time: in the first one the loop has also asked the kernel, for which io_uring
  /// makes its ring. `body(n)` gives a Coro<void> that iterates n times.
  template <class Body>
  long allocations_of(Body body) {
    run(body(10'000));
    auto counted = body(10'000);
    const long before = allocations.load();
    loop().run_until_complete(std::move(counted));
    return allocations.load() - before;
  }

  /// The same of two tasks that take turns with `shared` and yield while they have it.
  template <class T>
  long allocations_of_contention(T& shared) {
    return allocations_of([&shared](int count) -> Coro<void> {
      auto contend = [](T* guarded, int times) -> Coro<void> {
        for (int i = 0; i < times; ++i) {
          const auto guard = co_await guarded->acquire();
          co_await sleep(0ns);
        }
      };
      auto other = create_task(contend, &shared, count);
      co_await contend(&shared, count);
      co_await other;
    });
  }
};

TEST_F(SyncMemoryTest, AQueueBetweenTwoTasks) {
  Queue<int> queue(100);
  EXPECT_EQ(allocations_of([&](int count) -> Coro<void> {
              auto consumer = create_task(
                  [](Queue<int>* from, int left) -> Coro<void> {
                    while (left-- > 0) static_cast<void>(co_await from->get());
                  },
                  &queue, count);
              for (int i = 0; i < count; ++i) co_await queue.put(i);
              co_await consumer;
            }),
            0);
}

TEST_F(SyncMemoryTest, ALockWithAYieldInside) {
  Lock lock;
  EXPECT_EQ(allocations_of_contention(lock), 0);
}

TEST_F(SyncMemoryTest, ASemaphoreWithAYieldInside) {
  Semaphore semaphore(1);
  EXPECT_EQ(allocations_of_contention(semaphore), 0);
}

TEST_F(SyncMemoryTest, AnEventThatIsSetAndCleared) {
  Event event;
  EXPECT_EQ(allocations_of([&](int count) -> Coro<void> {
              for (int i = 0; i < count; ++i) {
                event.clear();
                get_running_loop().call_soon([&event] { event.set(); });
                co_await event.wait();
              }
            }),
            0);
}

}  // namespace

#endif
