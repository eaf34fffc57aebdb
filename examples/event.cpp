// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.Event: cars stop at a red light and all go when it turns green.
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> traffic_light(Event& green) {
  co_await sleep(2ms);
  std::puts("the light turns green");
  green.set();
}

Coro<void> car(Event& green, std::string name) {
  if (!green.is_set()) {
    std::printf("%s sees red and stops\n", name.c_str());
    co_await green.wait();
  }
  std::printf("%s drives on\n", name.c_str());
}

Coro<void> amain() {
  Event green;
  std::printf("green: %s\n", green.is_set() ? "yes" : "no");
  co_await gather(car(green, "A"), car(green, "B"), traffic_light(green));
  co_await car(green, "C");  // does not stop
  std::printf("green: %s\n", green.is_set() ? "yes" : "no");
}

int main() { return run_main(amain()); }
