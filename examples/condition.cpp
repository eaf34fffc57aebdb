// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.Condition: consumers wait until a producer notifies one, or all of them.
//   async with condition: await condition.wait()
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> consumer(Condition& condition, std::string name, std::chrono::milliseconds delay) {
  co_await sleep(delay);
  auto guard = co_await condition.acquire();
  std::printf("%s waits\n", name.c_str());
  co_await condition.wait();
  std::printf("%s was notified\n", name.c_str());
}

Coro<void> notify_one_by_one(Condition& condition) {
  co_await sleep(5ms);
  for (int i = 1; i <= 2; ++i) {
    {
      auto guard = co_await condition.acquire();
      std::printf("notification %d\n", i);
      condition.notify();
    }
    co_await sleep(1ms);
  }
}

Coro<void> notify_all_at_once(Condition& condition) {
  co_await sleep(5ms);
  auto guard = co_await condition.acquire();
  std::puts("notification of all");
  condition.notify_all();
}

Coro<void> amain() {
  Condition condition;
  co_await gather(notify_one_by_one(condition), consumer(condition, "c1", 0ms), consumer(condition, "c2", 1ms));
  std::puts("---");
  co_await gather(notify_all_at_once(condition), consumer(condition, "c1", 0ms), consumer(condition, "c2", 1ms));
}

int main() { return run_main(amain()); }
