// SPDX-License-Identifier: Apache-2.0
// Cancelling tasks that wait: the exception runs through every coroutine between the sleep and the task.
#include "peers/common.hpp"
#include "runtime/cases.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace bench {
namespace {

using corolla::Coro;
using corolla::Task;
using namespace std::chrono_literals;

struct Counts {
  long waiting = 0;
  long unwound = 0;
};

// What `finally` is elsewhere.
class CountOnExit {
 public:
  explicit CountOnExit(long& count) : count_(count) {}
  CountOnExit(const CountOnExit&) = delete;
  CountOnExit& operator=(const CountOnExit&) = delete;
  ~CountOnExit() { count_++; }

 private:
  long& count_;
};

Coro<void> sleep_below(int levels, Counts& counts) {
  const CountOnExit level(counts.unwound);
  if (levels > 1) {
    co_await sleep_below(levels - 1, counts);
  } else {
    counts.waiting++;
    co_await corolla::sleep(1h);
  }
}

Coro<void> cancel_all(const char* name, int depth, long n) {
  Counts counts;
  std::vector<Task<void>> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; i++) tasks.push_back(corolla::create_task(sleep_below(depth, counts)));
  co_await corolla::sleep(0s);
  require(counts.waiting == n && counts.unwound == 0, "every task waits");
  long cancelled = 0;
  const Stopwatch watch;
  for (const Task<void>& task : tasks) task.cancel();
  for (const Task<void>& task : tasks) {
    const auto outcome = co_await corolla::outcome(task);
    cancelled += outcome.cancelled();
  }
  require(cancelled == n && counts.unwound == n * depth, "each task was cancelled and ran through each level");
  watch.result(name, kPeer, n, per_level(watch, n, depth));
}

void run(const char* name, int depth, long n) {
  corolla::EventLoop loop;
  loop.run_until_complete(cancel_all(name, depth, n));
}

}  // namespace

void cancel_1(long n) { run("cancel-1", 1, n); }
void cancel_5(long n) { run("cancel-5", 5, n); }

}  // namespace bench
