// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.Lock: two tasks wait for a lock that a timer gives back.
//   async with lock: ...            here: auto guard = co_await lock.acquire();
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> test(Lock& lock, std::string name) {
  std::printf("%s waits for the lock\n", name.c_str());
  auto guard = co_await lock.acquire();
  std::printf("%s has the lock\n", name.c_str());
  guard.release();  // its destructor would do it, too
  std::printf("%s released the lock\n", name.c_str());
}

Coro<void> amain(Lock& lock) {
  auto guard = co_await lock.acquire();
  guard.detach();  // the callback releases it
  std::puts("main has the lock");
  get_running_loop().call_later(2ms, [&lock] {
    lock.release();
    std::puts("the timer released the lock");
  });
  co_await gather(test(lock, "task 1"), test(lock, "task 2"));
}

int main() {
  Lock lock;
  return run_main(amain(lock));
}
