// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime.hpp>

#include <chrono>
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
  co_await ensure_future(get_running_loop(), number());
  co_await task;
}
#elif defined(CASE_await_coro_lvalue)
Coro<void> wrong() {
  auto coro = number();
  co_await coro;
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
#elif defined(CASE_task_for_coro)
void wrong(Task<int> task) { takes_coro(task); }
#elif defined(CASE_ensure_future_coro_lvalue)
void wrong(EventLoop& loop) {
  auto coro = number();
  auto task = ensure_future(loop, coro);
}
#elif defined(CASE_task_of_reference)
Coro<int&> reference(int& value) { co_return value; }
void wrong(EventLoop& loop, int& value) { auto task = loop.create_task(reference(value)); }
#endif

}  // namespace

int main() {
  static_cast<void>(&takes_coro);
  static_cast<void>(&number);
#if defined(CASE_control)
  static_cast<void>(&right);
#elif !defined(CASE_none)
  static_cast<void>(&wrong);
#endif
}
