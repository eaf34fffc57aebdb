// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio's hello world:
//   async def hello(): print("Hello"); await asyncio.sleep(0.001); print("world")
//   asyncio.run(hello())
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> hello() {
  std::puts("Hello");
  co_await sleep(1ms);
  std::puts("world");
}

int main() { return run_main(hello()); }
