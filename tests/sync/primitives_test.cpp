// SPDX-License-Identifier: Apache-2.0
// What all primitives have in common: none is awaitable itself, none is given a loop, each belongs to the first loop
// that makes it wait.
#include <corolla/sync.hpp>

#include "tests/support/trace.hpp"

#include <memory>
#include <type_traits>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::NotingLoop;

template <class T>
concept Awaitable = requires(T& value) { value.operator co_await(); } ||
                    requires(T& value) { operator co_await(value); } || requires(T& value) { value.await_ready(); };

// test_lock, test_lock_by_with_statement, test_semaphore, test_barrier: `co_await lock` does not compile.
TEST(PrimitivesTest, AreNotAwaitedThemselves) {
  static_assert(Awaitable<Lock::Acquire> && Awaitable<Event::Wait> && Awaitable<Semaphore::Acquire>);
  static_assert(!Awaitable<Lock> && !Awaitable<Event> && !Awaitable<Condition> && !Awaitable<Semaphore> &&
                !Awaitable<BoundedSemaphore> && !Awaitable<Barrier> && !Awaitable<Queue<int>>);
}

// test_lock_doesnt_accept_loop_parameter, test_ambiguous_loops
TEST(PrimitivesTest, AreNotGivenALoop) {
  static_assert(!std::is_constructible_v<Lock, EventLoop&> && !std::is_constructible_v<Event, EventLoop&>);
  static_assert(!std::is_constructible_v<Condition, EventLoop&> &&
                !std::is_constructible_v<Condition, Lock&, EventLoop&>);
  static_assert(!std::is_constructible_v<Semaphore, EventLoop&> &&
                !std::is_constructible_v<Semaphore, int, EventLoop&>);
  static_assert(!std::is_constructible_v<BoundedSemaphore, EventLoop&> &&
                !std::is_constructible_v<Barrier, int, EventLoop&> &&
                !std::is_constructible_v<Queue<int>, int, EventLoop&>);
}

/// `wait` waits at `object` in one loop; in a second one that is an error, until the first is closed.
template <class T, class Wait>
void expect_bound(T& object, Wait wait) {
  Notes notes;
  auto first = std::make_unique<NotingLoop>(notes);
  (*first)->create_task(wait, std::ref(object));
  (*first)->run_once();
  {
    NotingLoop second(notes);
    try {
      second->run_until_complete(wait(object));
      ADD_FAILURE() << "it waits in two loops";
    } catch (const RuntimeError& error) {
      EXPECT_STREQ(error.what(), "this primitive belongs to another event loop");
    }
  }
  first.reset();
  NotingLoop third(notes);
  auto waiting = third->create_task(wait, std::ref(object));
  third->run_once();
  EXPECT_FALSE(waiting.done());
  waiting.cancel();
  third->run_once();
  EXPECT_TRUE(waiting.cancelled());
}

// Several loops run by hand, hence no trace.
TEST(PrimitivesTest, BelongToTheLoopThatMakesThemWait) {
  Event event;
  expect_bound(event, [](Event& e) -> Coro<void> { co_await e.wait(); });
  Semaphore semaphore(0);
  expect_bound(semaphore, [](Semaphore& s) -> Coro<void> { (co_await s.acquire()).detach(); });
  BoundedSemaphore bounded(0);
  expect_bound(bounded, [](BoundedSemaphore& s) -> Coro<void> { (co_await s.acquire()).detach(); });
  Condition condition;
  expect_bound(condition, [](Condition& c) -> Coro<void> {
    const auto guard = co_await c.acquire();
    co_await c.wait();
  });
  Barrier barrier(3);
  expect_bound(barrier, [](Barrier& b) -> Coro<void> { co_await b.wait(); });
  Queue<int> empty(1);
  expect_bound(empty, [](Queue<int>& q) -> Coro<void> { co_await q.get(); });
  Queue<int> full(1);
  full.put_nowait(0);
  expect_bound(full, [](Queue<int>& q) -> Coro<void> { co_await q.put(1); });
  Queue<int> unfinished(1);
  unfinished.put_nowait(0);
  expect_bound(unfinished, [](Queue<int>& q) -> Coro<void> { co_await q.join(); });
}

// What need not wait binds to nothing: asyncio's fast paths never ask for the loop.
// Two loops run by hand, hence no trace.
TEST(PrimitivesTest, ServeAnyLoopWhileTheyNeedNotWait) {
  Notes notes;
  Lock lock;
  Event event;
  Semaphore semaphore(1);
  Queue<int> queue(1);
  NotingLoop first(notes);
  NotingLoop second(notes);
  auto use = [&]() -> Coro<void> {
    const auto guard = co_await lock.acquire();
    event.set();
    co_await event.wait();
    const auto permit = co_await semaphore.acquire();
    co_await queue.put(1);
    const int item = co_await queue.get();
    queue.task_done();
    co_await queue.join();
    notes.push_back("used " + std::to_string(item));
  };
  first->run_until_complete(use());
  second->run_until_complete(use());
  first->run_until_complete(use());
  EXPECT_EQ(notes, (Notes{"used 1", "used 1", "used 1"}));
}

}  // namespace
