// SPDX-License-Identifier: Apache-2.0
#include <corolla/corolla.hpp>

// runtime, sync and net in one component.
corolla::Coro<int> count() {
  corolla::Semaphore limit(1);
  auto one = [](corolla::Semaphore& semaphore) -> corolla::Coro<int> {
    const auto permit = co_await semaphore.acquire();
    co_return 1;
  };
  const auto [a, b] = co_await corolla::gather(one(limit), one(limit));
  auto server =
      co_await corolla::start_server([](corolla::ByteStream) -> corolla::Coro<void> { co_return; }, "127.0.0.1", 0);
  co_return a + b == 2 && server.port() != 0 ? 0 : 1;
}

int main() { return corolla::run_main(count()); }
