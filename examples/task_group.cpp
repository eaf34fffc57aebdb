// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.TaskGroup with except*:
//   async with asyncio.TaskGroup() as group: group.create_task(worker("a")) ...
// The children are joined before the scope is left; one that fails cancels the others.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> worker(std::string name, int turns) {
  try {
    for (int i = 0; i < turns; ++i) co_await sleep(0ms);
    std::printf("%s is done\n", name.c_str());
  } catch (const CancelledError&) {
    std::printf("%s is cancelled\n", name.c_str());
    throw;
  }
}

Coro<void> failing() {
  co_await sleep(0ms);
  throw ValueError("something broke");
}

Coro<void> amain() {
  co_await task_group([](TaskGroup& group) -> Coro<void> {
    group.create_task(worker("a", 3));
    group.create_task(worker("b", 1));
    std::puts("the body is done");
    co_return;
  });
  std::puts("all are done");

  try {
    co_await task_group([](TaskGroup& group) -> Coro<void> {
      group.create_task(worker("c", 1000));
      group.create_task(failing());
      co_return;
    });
  } catch (const ExceptionGroup& group) {
    for (const auto& error : group.exceptions()) std::printf("error: %s\n", describe(error).c_str());
  }
}

int main() { return run_main(amain()); }
