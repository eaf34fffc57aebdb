// SPDX-License-Identifier: Apache-2.0
// Calls from another thread, round trips to a pool.
#include "peers/common.hpp"
#include "runtime/cases.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/task.hpp>

#include <numeric>
#include <thread>
#include <vector>

namespace bench {
namespace {

using corolla::Coro;

constexpr int kInFlight = 100;

Coro<long> round_trips(corolla::ThreadPoolExecutor& pool, long times) {
  long sum = 0;
  for (long i = 0; i < times; i++) sum += co_await corolla::run_in_executor(pool, [](long x) { return x + 1; }, i);
  co_return sum;
}

Coro<long> all_round_trips(corolla::ThreadPoolExecutor& pool, long times) {
  std::vector<Coro<long>> children;
  for (int i = 0; i < kInFlight; i++) children.push_back(round_trips(pool, times));
  const std::vector<long> sums = co_await corolla::gather(std::move(children));
  co_return std::accumulate(sums.begin(), sums.end(), 0L);
}

}  // namespace

void xthread(long n) {
  corolla::EventLoop loop;
  long count = 0;
  const Stopwatch watch;
  std::thread caller([&] {
    for (long i = 0; i < n; i++)
      loop.call_soon_threadsafe([&] {
        if (++count == n) loop.stop();
      });
  });
  loop.run_forever();
  caller.join();
  require(count == n, "every call ran");
  watch.result("xthread", kPeer, n);
}

void executor(long n) {
  corolla::EventLoop loop;
  corolla::ThreadPoolExecutor pool(4);
  const long times = n / kInFlight;
  const Stopwatch watch;
  const long sum = loop.run_until_complete(all_round_trips(pool, times));
  require(sum == kInFlight * sum_below(times + 1), "the sum of the results");
  watch.result("executor", kPeer, times * kInFlight);
}

}  // namespace bench
