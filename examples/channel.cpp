// SPDX-License-Identifier: Apache-2.0
// A channel has two ends that close by themselves: the consumer ends when the last producer has gone, and nobody has to
// count producers.
#include <corolla/corolla.hpp>

#include <cstdio>

using namespace corolla;

Coro<void> produce(Channel<int>::Sender numbers, int first) {
  for (int i = first; i < first + 3; ++i) co_await numbers.send(i);
}

Coro<void> consume(Channel<int>::Receiver numbers) {
  for (;;) {
    const auto number = co_await numbers.next();
    if (!number) break;
    std::printf("got %d\n", *number);
  }
  std::puts("all producers are gone");
}

Coro<void> amain() {
  auto [sender, receiver] = Channel<int>(1);
  auto tens = produce(sender.clone(), 10);
  auto twenties = produce(std::move(sender), 20);
  co_await gather(std::move(tens), std::move(twenties), consume(std::move(receiver)));
}

int main() { return run_main(amain()); }
