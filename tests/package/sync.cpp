// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime.hpp>
#include <corolla/sync.hpp>

corolla::Coro<int> pass_on() {
  corolla::Queue<int> queue(1);
  corolla::Lock lock;
  const auto guard = co_await lock.acquire();
  co_await queue.put(42);
  const int item = co_await queue.get();
  co_return item == 42 && lock.locked() ? 0 : 1;
}

int main() { return corolla::run_main(pass_on()); }
