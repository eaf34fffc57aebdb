// SPDX-License-Identifier: Apache-2.0
// Coroutines, tasks and timers.
#include "peers/common.hpp"
#include "runtime/cases.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task.hpp>

#include <chrono>
#include <numeric>
#include <string>
#include <vector>

namespace bench {
namespace {

using corolla::Coro;
using corolla::Task;
using namespace std::chrono_literals;

[[gnu::noinline]] Coro<long> identity(long i) { co_return i; }

Coro<long> call_all(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await identity(i);
  co_return sum;
}

Coro<long> spawn_all(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await corolla::create_task(identity(i));
  co_return sum;
}

Coro<long> yield_ten(long i) {
  for (int k = 0; k < 10; k++) co_await corolla::sleep(0s);
  co_return i;
}

Coro<long> gather_all(long n) {
  std::vector<Coro<long>> children;
  children.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; i++) children.push_back(yield_ten(i));
  const std::vector<long> values = co_await corolla::gather(std::move(children));
  co_return std::accumulate(values.begin(), values.end(), 0L);
}

void sum_case(const char* name, Coro<long> (*body)(long), long n, long ops) {
  corolla::EventLoop loop;
  const Stopwatch watch;
  const long sum = loop.run_until_complete(body(n));
  require(sum == sum_below(n), "the sum of the results");
  watch.result(name, kPeer, ops);
}

Coro<void> sleep_ten_seconds() { co_await corolla::sleep(10s); }

Coro<void> sleep_many(long n) {
  std::vector<Task<void>> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; i++) tasks.push_back(corolla::create_task(sleep_ten_seconds()));
  for (const Task<void>& task : tasks) co_await task;
}

Coro<void> wait_for_timers(const long& fired, long wanted) {
  while (fired < wanted) co_await corolla::sleep(1ms);
}

}  // namespace

void call(long n) { sum_case("call", call_all, n, n); }
void spawn(long n) { sum_case("spawn", spawn_all, n, n); }
void gather(long n) { sum_case("gather", gather_all, n, n * 10); }

void idle(long n) {
  corolla::EventLoop loop;
  const double rss = peak_rss_mib();
  const Stopwatch watch;
  loop.run_until_complete(sleep_many(n));
  watch.result("idle", kPeer, n, idle_extra(rss, n, watch.seconds()));
}

void timers(long n) {
  corolla::EventLoop loop;
  Random random;
  std::vector<std::chrono::microseconds> delays;
  for (long i = 0; i < n; i++) delays.emplace_back(random() % 1'000'000);
  long fired = 0, cancelled = 0;
  const Stopwatch watch;
  std::vector<corolla::TimerHandle> handles;
  handles.reserve(delays.size());
  for (const auto delay : delays) handles.push_back(loop.call_later(delay, [&fired] { fired++; }));
  for (std::size_t i = 0; i < handles.size(); i++) {
    if (i % 10 == 0) continue;
    handles[i].cancel();
    cancelled++;
  }
  const std::string extra = "start_cancel_s=" + std::to_string(watch.seconds());
  loop.run_until_complete(wait_for_timers(fired, n - cancelled));
  require(fired + cancelled == n && cancelled == n - (n + 9) / 10, "each timer fired or was cancelled");
  watch.result("timers", kPeer, n, extra);
}

}  // namespace bench
