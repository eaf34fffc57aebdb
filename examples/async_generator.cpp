// SPDX-License-Identifier: Apache-2.0
// The counterpart of an asynchronous generator and of `async for`:
//   async def ticks(count):
//       for i in range(count): yield i; await asyncio.sleep(0.001)
//   async for i in ticks(3): print(i)
// One is fed by another one, and one is left half way: its destructors run, then the loop goes on.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

using namespace corolla;
using namespace std::chrono_literals;

AsyncGenerator<int> ticks(int count) {
  for (int i = 0; i < count; ++i) {
    co_yield i;
    co_await sleep(1ms);
  }
}

AsyncGenerator<std::string> named(AsyncGenerator<int> numbers) {
  while (auto number = co_await numbers.next()) co_yield "tick " + std::to_string(*number);
}

struct Connection {
  Connection() { std::puts("connected"); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { std::puts("disconnected"); }
};

AsyncGenerator<int> rows() {
  const Connection connection;
  for (int row = 1;; ++row) {
    co_await sleep(1ms);  // stands for the database
    co_yield row;
  }
}

Coro<void> amain() {
  auto it = named(ticks(3));
  while (auto tick = co_await it.next()) std::puts(tick->c_str());

  auto result = rows();
  while (auto row = co_await result.next()) {
    std::printf("row %d\n", *row);
    if (*row == 2) break;
  }
  co_await result.aclose();  // its destructor would do it, too
  std::puts("done");
}

int main() { return run_main(amain()); }
