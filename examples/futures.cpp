// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio's Future example: one task sets what another awaits.
//   fut = loop.create_future(); loop.create_task(set_after(fut, 0.001, "... world")); print(await fut)
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> set_after(Future<std::string> future, std::chrono::nanoseconds delay, std::string value) {
  co_await sleep(delay);
  future.set_result(value);
}

Coro<void> amain() {
  auto future = get_running_loop().create_future<std::string>();
  create_task(set_after(future, 1ms, "... world"));
  std::puts("hello ...");
  const auto text = co_await future;
  std::printf("%s\n", text.c_str());
}

int main() { return run_main(amain()); }
