// SPDX-License-Identifier: Apache-2.0
// Signals of the process: a callback for one, and a task that awaits others.
//   loop.add_signal_handler(signal.SIGHUP, reload)
#include <corolla/corolla.hpp>

#include <csignal>
#include <cstdio>

using namespace corolla;

Coro<void> until_told_to_stop() {
  SignalSet signals({SIGTERM, SIGUSR1});
  for (;;) {
    int got = co_await signals.next();
    if (got == SIGTERM) break;
    std::puts("still here");
  }
  std::puts("stopping");
}

Coro<void> amain() {
  add_signal_handler(SIGHUP, [] { std::puts("reading the configuration again"); });
  Task<void> serving = create_task(until_told_to_stop());
  co_await sleep(std::chrono::milliseconds(1));  // others would send these by kill(1)
  std::raise(SIGHUP);
  std::raise(SIGUSR1);
  std::raise(SIGTERM);
  co_await serving;
  remove_signal_handler(SIGHUP);
}

int main() { return run_main(amain()); }
