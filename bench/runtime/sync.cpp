// SPDX-License-Identifier: Apache-2.0
// Primitives under load in one loop.
#include "peers/common.hpp"
#include "runtime/cases.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/queue.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace bench {
namespace {

using corolla::Coro;
using namespace std::chrono_literals;

constexpr int kTasks = 100;

Coro<void> produce(corolla::Queue<long>& queue, long n) {
  for (long i = 0; i < n; i++) co_await queue.put(i);
}

Coro<long> consume(corolla::Queue<long>& queue, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await queue.get();
  co_return sum;
}

Coro<long> pass_items(long n) {
  corolla::Queue<long> queue(100);
  auto producer = corolla::create_task(produce, std::ref(queue), n);
  auto consumer = corolla::create_task(consume, std::ref(queue), n);
  co_await producer;
  co_return co_await consumer;
}

Coro<void> count_up(corolla::Lock& mutex, long& counter, long times) {
  for (long i = 0; i < times; i++) {
    auto guard = co_await mutex.acquire();
    const long seen = counter;
    co_await corolla::sleep(0s);
    counter = seen + 1;
  }
}

Coro<long> contend(long times) {
  corolla::Lock mutex;
  long counter = 0;
  std::vector<Coro<void>> children;
  for (int i = 0; i < kTasks; i++) children.push_back(count_up(mutex, counter, times));
  co_await corolla::gather(std::move(children));
  co_return counter;
}

}  // namespace

void queue(long n) {
  corolla::EventLoop loop;
  const Stopwatch watch;
  const long sum = loop.run_until_complete(pass_items(n));
  require(sum == sum_below(n), "each item arrived");
  watch.result("queue", kPeer, n);
}

void lock(long n) {
  corolla::EventLoop loop;
  const long times = n / kTasks;
  const Stopwatch watch;
  const long counter = loop.run_until_complete(contend(times));
  require(counter == times * kTasks, "no increment is lost");
  watch.result("lock", kPeer, counter);
}

}  // namespace bench
