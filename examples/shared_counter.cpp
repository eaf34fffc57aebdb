// SPDX-License-Identifier: Apache-2.0
// Tasks of one loop share a variable without a lock: between two co_awaits nobody else runs.
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> add(int& number, std::chrono::nanoseconds pause, int sign) {
  for (int i = 0; i < 10; ++i) {
    co_await sleep(pause);
    number += sign * i;
  }
}

Coro<void> amain() {
  int number = 0;
  co_await gather(add(number, 100us, 1), add(number, 200us, -1));
  std::printf("%d\n", number);
}

int main() { return run_main(amain()); }
