// SPDX-License-Identifier: Apache-2.0
// A semaphore that knows who holds its permits: a task that asks for a second one gets an error instead of waiting for
// itself for ever. The total may change while it is in use.
#include <corolla/corolla.hpp>

#include <cstdio>

using namespace corolla;

Coro<void> work(CapacityLimiter& limiter, int number) {
  const auto token = co_await limiter.acquire();
  std::printf("task %d works, %td of %td\n", number, limiter.borrowed_tokens(), limiter.total_tokens());
  co_await sleep(std::chrono::milliseconds(1));
}

Coro<void> nested(CapacityLimiter& limiter) {
  const auto token = co_await limiter.acquire();
  auto again = co_await outcome(work(limiter, 0));
  std::printf("%s\n", again.error_message().c_str());
}

Coro<void> amain() {
  CapacityLimiter limiter(1);
  co_await nested(limiter);
  auto tasks = gather(work(limiter, 1), work(limiter, 2), work(limiter, 3));
  co_await sleep(std::chrono::seconds(0));
  limiter.set_total_tokens(2);
  co_await std::move(tasks);
}

int main() { return run_main(amain()); }
