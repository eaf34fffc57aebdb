// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio's Task.cancel example: a task is asked to stop, cleans up and passes the request on.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> cancel_me() {
  std::puts("cancel_me: before the sleep");
  try {
    co_await sleep(1h);
  } catch (const CancelledError& error) {
    std::printf("cancel_me: cancelled, %s\n", error.message().c_str());
    throw;
  }
  std::puts("cancel_me: after the sleep");
}

Coro<void> amain() {
  auto task = create_task(cancel_me());
  co_await sleep(1ms);
  task.cancel("no longer needed");
  const auto result = co_await outcome(task);  // where Python would write try: await task
  std::printf("main: %s\n", result.cancelled() ? "cancel_me is cancelled now" : "it went on");
}

int main() { return run_main(amain()); }
