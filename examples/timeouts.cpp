// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.wait_for and asyncio.timeout:
//   try: await asyncio.wait_for(query(), 0.001)
//   except TimeoutError: ...
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

Coro<int> query(std::chrono::nanoseconds delay) {
  try {
    co_await sleep(delay);
    co_return 42;
  } catch (const CancelledError&) {
    std::puts("the query is cancelled");
    throw;
  }
}

Coro<void> amain() {
  std::printf("in time: %d\n", co_await wait_for(query(1ms), 1h));
  try {
    co_await wait_for(query(1h), 1ms);
  } catch (const TimeoutError& error) {
    std::printf("wait_for: %s\n", error.what());
  }
  try {
    co_await timeout(1ms, [](Timeout& scope) -> Coro<void> {
      std::printf("expired: %s\n", scope.expired() ? "yes" : "no");
      scope.reschedule(get_running_loop().time() + 2ms);
      co_await query(1h);
    });
  } catch (const TimeoutError& error) {
    std::printf("timeout: %s\n", error.what());
  }
}

int main() { return run_main(amain()); }
