// SPDX-License-Identifier: Apache-2.0
// The counterpart of loop.run_forever with a callback that stops the loop once all is done; then loop.close.
//   task.add_done_callback(lambda done: loop.stop()); loop.run_forever(); loop.close()
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> work(int number) {
  std::printf("waiting %d\n", number);
  co_await sleep(number * 1ms);
  std::printf("done %d\n", number);
}

Coro<void> work_twice() { co_await gather(work(1), work(3)); }

int main() {
  EventLoop loop;
  auto both = loop.create_task(work_twice());
  both.add_done_callback([&loop](const auto& /*done*/) { loop.stop(); });
  loop.run_forever();

  loop.run_until_complete(work(2));  // a loop that was stopped can run again
  loop.close();
  try {
    loop.run_until_complete(work(4));
  } catch (const RuntimeError& error) {  // one that is closed cannot
    std::printf("%s\n", error.what());
  }
}
