// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/signals.hpp>
#include <corolla/runtime.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/queue.hpp>
#include <corolla/sync/semaphore.hpp>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <utility>

namespace {

using namespace corolla;
using namespace std::chrono_literals;

Coro<int> number() { co_return 1; }
int takes_coro(Coro<int> /*coro*/) { return 0; }

#if defined(CASE_control)
Coro<void> right(std::string text) {
  auto coro = number();
  co_await std::move(coro);
  co_await sleep(1ms);
  auto task = create_task(
      [](std::string kept) -> Coro<void> {
        static_cast<void>(kept);
        co_return;
      },
      text);
  const auto owning = [text]() -> Coro<void> {
    static_cast<void>(text);
    co_return;
  };
  co_await timeout(1s, owning);
  co_await timeout(1s, [&text]() -> Coro<void> {
    static_cast<void>(text);
    co_return;
  });
  co_await task_group([&](TaskGroup& group) -> Coro<void> {
    group.create_task(owning);
    co_return;
  });
  co_await to_thread([text] { return text.size(); });
  takes_coro(number());
  Future<int> future = get_running_loop().create_future<int>();
  future.set_result(7);
  Lock lock;
  const auto guard = co_await lock.acquire();
  Queue<int> queue(7);
  co_await ensure_future(get_running_loop(), number());
  co_await task;
}
struct Row {
  std::string name;
};
AsyncGenerator<Row> rows() {
  Row row{"name"};
  co_yield row;
  co_yield moved(row);
}
Coro<void> iterates() {
  auto it = rows();
  while (auto row = co_await it.next()) static_cast<void>(row->name);
  co_await it.aclose();
}
#elif defined(CASE_await_coro_lvalue)
Coro<void> wrong() {
  auto coro = number();
  co_await coro;
}
#elif defined(CASE_await_coro_twice)
Coro<void> wrong() {
  auto coro = number();
  const int first = co_await std::move(coro);
  const int second = co_await coro;
  static_cast<void>(first + second);
}
#elif defined(CASE_await_const_coro)
Coro<void> wrong() {
  const auto coro = number();
  co_await std::move(coro);
}
#elif defined(CASE_create_task_coro_lvalue)
void wrong() {
  auto coro = number();
  auto task = create_task(coro);
}
#elif defined(CASE_group_task_coro_lvalue)
void wrong(TaskGroup& group) {
  auto coro = number();
  group.create_task(coro);
}
#elif defined(CASE_gather_coro_lvalue)
Coro<void> wrong() {
  auto coro = number();
  co_await gather(coro, number());
}
#elif defined(CASE_shield_coro_lvalue)
Coro<void> wrong() {
  auto coro = number();
  co_await shield(coro);
}
#elif defined(CASE_wait_for_coro_lvalue)
Coro<void> wrong() {
  auto coro = number();
  co_await wait_for(coro, 1s);
}
#elif defined(CASE_ignore_scope)
Coro<void> wrong() {
  timeout(1s, number);
  co_return;
}
#elif defined(CASE_ignore_outcome_awaiter)
Coro<void> wrong() {
  outcome(number());
  co_return;
}
#elif defined(CASE_ignore_coro)
Coro<void> wrong() {
  number();
  co_return;
}
#elif defined(CASE_ignore_awaiter)
Coro<void> wrong() {
  sleep(1ms);
  co_return;
}
#elif defined(CASE_copy_coro)
void wrong() {
  auto coro = number();
  auto copy = coro;
}
#elif defined(CASE_create_task_capturing)
void wrong(std::string& text) {
  auto task = create_task([&text]() -> Coro<void> {
    text.clear();
    co_return;
  });
}
#elif defined(CASE_timeout_owning_temporary)
Coro<void> wrong(std::string text) {
  co_await timeout(1s, [text]() -> Coro<void> {
    static_cast<void>(text);
    co_return;
  });
}
#elif defined(CASE_task_group_owning_temporary)
Coro<void> wrong(std::string text) {
  co_await task_group([text](TaskGroup&) -> Coro<void> {
    static_cast<void>(text);
    co_return;
  });
}
#elif defined(CASE_executor_coroutine)
Coro<void> wrong() { co_await to_thread(number); }
#elif defined(CASE_call_soon_coroutine)
void wrong(EventLoop& loop) { loop.call_soon(number); }
#elif defined(CASE_call_later_coroutine)
void wrong(EventLoop& loop) {
  loop.call_later(
      1s,
      [](int count) -> Coro<void> {
        static_cast<void>(count);
        co_return;
      },
      7);
}
#elif defined(CASE_call_soon_threadsafe_coroutine)
void wrong(EventLoop& loop) { loop.call_soon_threadsafe(number); }
#elif defined(CASE_signal_handler_coroutine)
void wrong() { add_signal_handler(1, number); }
#elif defined(CASE_call_soon_coro)
void wrong(EventLoop& loop) { loop.call_soon(number()); }
#elif defined(CASE_task_for_coro)
void wrong(Task<int> task) { takes_coro(task); }
#elif defined(CASE_ensure_future_coro_lvalue)
void wrong(EventLoop& loop) {
  auto coro = number();
  auto task = ensure_future(loop, coro);
}
#elif defined(CASE_set_result_of_wrong_type)
void wrong(Future<int> future) { future.set_result(std::string("seven")); }
#elif defined(CASE_set_result_without_value)
void wrong(Future<int> future) { future.set_result(); }
#elif defined(CASE_set_result_of_void_future)
void wrong(Future<> future) { future.set_result(7); }
#elif defined(CASE_create_task_plain_function)
void wrong() {
  auto task = create_task([] { return 1; });
}
#elif defined(CASE_await_blocking_run)
Coro<void> wrong() { co_await run(number()); }
#elif defined(CASE_await_std_future)
Coro<void> wrong() {
  co_await std::async([] { return 1; });
}
#elif defined(CASE_std_lock_guard)
Coro<void> wrong(Lock& lock) {
  const std::lock_guard<Lock> guard(lock);
  co_return;
}
#elif defined(CASE_queue_without_bound)
void wrong() { Queue<int> queue; }
#elif defined(CASE_ignore_guard)
Coro<void> wrong(Lock& lock) { co_await lock.acquire(); }
#elif defined(CASE_ignore_permit)
Coro<void> wrong(Semaphore& semaphore) { co_await semaphore.acquire(); }
#elif defined(CASE_task_of_reference)
Coro<int&> reference(int& value) { co_return value; }
void wrong(EventLoop& loop, int& value) { auto task = loop.create_task(reference(value)); }
#elif defined(CASE_yield_temporary_aggregate)
struct Row {
  std::string name;
};
AsyncGenerator<Row> wrong() { co_yield Row{"name"}; }
#elif defined(CASE_generator_of_reference)
AsyncGenerator<int&> wrong(int& value) { co_yield value; }
#elif defined(CASE_copy_generator)
AsyncGenerator<int> numbers() { co_yield 1; }
void wrong() {
  auto it = numbers();
  auto copy = it;
}
#elif defined(CASE_next_of_temporary_generator)
AsyncGenerator<int> numbers() { co_yield 1; }
Coro<void> wrong() { co_await numbers().next(); }
#elif defined(CASE_ignore_next)
AsyncGenerator<int> numbers() { co_yield 1; }
Coro<void> wrong() {
  auto it = numbers();
  it.next();
  co_return;
}
#elif defined(CASE_yield_inside_timeout)
AsyncGenerator<int> wrong() {
  co_await timeout(1s, []() -> Coro<void> { co_yield 1; });
}
#endif

}  // namespace

int main() {
  static_cast<void>(&takes_coro);
  static_cast<void>(&number);
#if defined(CASE_control)
  static_cast<void>(&right);
  static_cast<void>(&iterates);
#elif !defined(CASE_none)
  static_cast<void>(&wrong);
#endif
}
