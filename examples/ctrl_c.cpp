// SPDX-License-Identifier: Apache-2.0
// The counterpart of cancelling all tasks on KeyboardInterrupt, for which asyncio programs loop over all_tasks():
// run_main cancels main on the first Ctrl-C, then cancels and joins whatever is left. The exit code is 130.
// So that the example ends by itself it sends the signal to itself.
#include <corolla/runtime.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> work(std::string name) {
  try {
    for (;;) co_await sleep(1h);
  } catch (const CancelledError&) {
    std::printf("%s stops\n", name.c_str());
    throw;
  }
}

Coro<void> amain() {
  create_task(work("a"));
  create_task(work("b"));
  get_running_loop().call_later(1ms, [] { std::raise(SIGINT); });
  co_await work("main");
}

int main() {
  const int code = run_main(amain());
  std::printf("exit code %d\n", code);
  return code;
}
