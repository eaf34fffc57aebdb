// SPDX-License-Identifier: Apache-2.0
// The floor of the runtime cases: bare C++20 coroutines on the smallest loop that can do each job (floor.hpp; for calls
// from another thread a mutex and a swapped vector). A yardstick, not a runtime.       usage: floor CASE [N]
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "floor.hpp"

namespace {

using namespace floor_loop;

long run(Lazy main) {
  main.handle().resume();
  run_ready();
  bench::require(main.done(), "the main coroutine finished");
  return main.value();
}

[[gnu::noinline]] Lazy identity(long i) { co_return i; }

Lazy spawn(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    Spawned task(identity(i));
    sum += co_await task;
  }
  co_return sum;
}

Lazy call(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await identity(i);
  co_return sum;
}

Lazy yield_ten(long i) {
  for (int k = 0; k < 10; k++) co_await Yield{};
  co_return i;
}

Lazy gather(long n) {
  std::vector<Spawned*> tasks;
  tasks.reserve(std::size_t(n));
  for (long i = 0; i < n; i++) tasks.push_back(new Spawned(yield_ten(i)));
  long sum = 0;
  for (Spawned* task : tasks) {
    sum += co_await *task;
    delete task;
  }
  co_return sum;
}

Lazy produce(Queue& queue, long n) {
  for (long i = 0; i < n; i++) co_await Queue::Put(queue, i);
  co_return 0;
}

Lazy consume(Queue& queue, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await Queue::Get(queue);
  co_return sum;
}

Lazy count_up(Mutex& mutex, long& counter, long times) {
  for (long i = 0; i < times; i++) {
    co_await Mutex::Acquire(mutex);
    long seen = counter;
    co_await Yield{};
    counter = seen + 1;
    mutex.release();
  }
  co_return 0;
}

Lazy sleep_ten_seconds(Wheel& wheel, long& finished) {
  co_await Sleep(wheel, 10);
  finished++;
  co_return 0;
}

void idle(const std::string& name, long n) {
  double rss = bench::peak_rss_mib();
  long finished = 0;
  bench::Stopwatch watch;
  Wheel wheel;
  std::vector<Lazy> tasks;
  tasks.reserve(std::size_t(n));
  for (long i = 0; i < n; i++) {
    tasks.push_back(sleep_ten_seconds(wheel, finished));
    tasks.back().handle().resume();
  }
  wheel.run([](Timer* timer) { timer->handle.resume(); });
  bench::require(finished == n, "every task woke");
  watch.result(name, "floor-c++", n, bench::idle_extra(rss, n, watch.seconds()));
}

void timers(const std::string& name, long n) {
  bench::Random random;
  std::vector<double> delays(static_cast<std::size_t>(n));
  for (double& delay : delays) delay = double(random() % 1'000'000) * 1e-6;
  long fired = 0, cancelled = 0;
  bench::Stopwatch watch;
  Wheel wheel;
  std::vector<Timer> all(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < all.size(); i++) wheel.start(&all[i], delays[i]);
  for (std::size_t i = 0; i < all.size(); i++)
    if (i % 10) {
      wheel.cancel(&all[i]);
      cancelled++;
    }
  std::string extra = "start_cancel_s=" + std::to_string(watch.seconds());
  wheel.run([&](Timer*) { fired++; });
  bench::require(fired + cancelled == n && cancelled == n - (n + 9) / 10, "each timer fired or was cancelled");
  watch.result(name, "floor-c++", n, extra);
}

void lock(const std::string& name, long n) {
  long counter = 0, times = n / 100;
  bench::Stopwatch watch;
  Mutex mutex;
  std::vector<Lazy> tasks;
  for (int i = 0; i < 100; i++) tasks.push_back(count_up(mutex, counter, times));
  for (Lazy& task : tasks) task.handle().resume();
  run_ready();
  bench::require(counter == times * 100, "no increment is lost");
  watch.result(name, "floor-c++", counter);
}

void queue(const std::string& name, long n) {
  bench::Stopwatch watch;
  Queue q;
  Lazy producer = produce(q, n), consumer = consume(q, n);
  consumer.handle().resume();
  producer.handle().resume();
  run_ready();
  bench::require(consumer.done() && consumer.value() == bench::sum_below(n), "each item arrived");
  watch.result(name, "floor-c++", n);
}

void xthread(const std::string& name, long n) {
  using Call = void (*)(long&);
  std::mutex mutex;
  std::condition_variable filled;
  std::vector<Call> inbox, batch;
  long count = 0;
  bench::Stopwatch watch;
  std::thread caller([&] {
    for (long i = 0; i < n; i++) {
      bool was_empty;
      {
        std::lock_guard guard(mutex);
        was_empty = inbox.empty();
        inbox.push_back([](long& counter) { counter++; });
      }
      if (was_empty) filled.notify_one();
    }
  });
  while (count < n) {
    {
      std::unique_lock guard(mutex);
      filled.wait(guard, [&] { return !inbox.empty(); });
      batch.swap(inbox);
    }
    for (Call f : batch) f(count);
    batch.clear();
  }
  caller.join();
  watch.result(name, "floor-c++", n);
}

void sum_case(const std::string& name, long n, Lazy (*body)(long), long ops) {
  bench::Stopwatch watch;
  long sum = run(body(n));
  bench::require(sum == bench::sum_below(n), "the sum of the results");
  watch.result(name, "floor-c++", ops);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string name = argv[1];
  long given = argc > 2 ? std::atol(argv[2]) : 0;
  auto n = [&](long usual) { return given > 0 ? given : usual; };
  if (name == "spawn") sum_case(name, n(1'000'000), spawn, n(1'000'000));
  else if (name == "call") sum_case(name, n(1'000'000), call, n(1'000'000));
  else if (name == "gather") sum_case(name, n(100'000), gather, n(100'000) * 10);
  else if (name == "idle") idle(name, n(1'000'000));
  else if (name == "timers") timers(name, n(1'000'000));
  else if (name == "queue") queue(name, n(5'000'000));
  else if (name == "lock") lock(name, n(1'000'000));
  else if (name == "xthread") xthread(name, n(1'000'000));
  else return 2;
}
