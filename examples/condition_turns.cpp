// SPDX-License-Identifier: Apache-2.0
// Two tasks take turns with a Condition: one counts up to three, hands over, the other counts down to zero.
//   con.notify(); await con.wait()
#include <corolla/corolla.hpp>

#include <cstdio>
#include <string>

using namespace corolla;

Coro<void> count(Condition& turn, int& number, std::string name, int step) {
  auto guard = co_await turn.acquire();  // held but while it waits
  std::printf("%s begins\n", name.c_str());
  for (int i = 1; i <= 3; ++i) {
    co_await sleep(std::chrono::milliseconds(1));  // the other one cannot run in between: it has no lock
    number += step;
    std::printf("%s: %d\n", name.c_str(), number);
  }
  turn.notify();
  if (step > 0) co_await turn.wait();
  std::printf("%s is done\n", name.c_str());
}

Coro<void> amain() {
  Condition turn;
  int number = 0;
  co_await gather(count(turn, number, "up", 1), count(turn, number, "down", -1));
}

int main() { return run_main(amain()); }
