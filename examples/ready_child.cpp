// SPDX-License-Identifier: Apache-2.0
// A child that says when it is ready: the counterpart of trio's
//   port = await nursery.start(serve, "localhost")
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> serve(TaskStatus<int> status, std::string host) {
  co_await sleep(1ms);  // … bind
  std::printf("bound to %s\n", host.c_str());
  status.started(8080);
  try {
    co_await sleep(1h);  // … accept
  } catch (const CancelledError&) {
    std::puts("the server ends");
    throw;
  }
}

Coro<void> amain() {
  co_await task_group([](TaskGroup& group) -> Coro<void> {
    const int port = co_await group.start(serve, std::string("localhost"));
    std::printf("clients may come to port %d\n", port);
    group.cancel();
  });
  std::puts("all done");
}

int main() { return run_main(amain()); }
