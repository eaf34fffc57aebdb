// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.Queue: a producer that is faster than its consumer waits whenever the queue is full.
#include <corolla/corolla.hpp>

#include <cstdio>

using namespace corolla;

Coro<void> produce(Queue<char>& queue) {
  for (char letter = 'a'; letter <= 'e'; ++letter) {
    co_await queue.put(letter);
    std::printf("put %c\n", letter);
  }
  queue.shutdown();  // no more puts; gets go on until it is empty
}

Coro<void> consume(Queue<char>& queue) {
  try {
    for (;;) {
      const char letter = co_await queue.get();
      std::printf("got %c\n", letter);
      co_await sleep(std::chrono::milliseconds(1));
    }
  } catch (const QueueShutDown&) {
    std::puts("the queue is empty for ever");
  }
}

Coro<void> amain() {
  Queue<char> queue(2);  // the bound has no default: an unbounded queue is how memory runs out
  co_await gather(produce(queue), consume(queue));
}

int main() { return run_main(amain()); }
