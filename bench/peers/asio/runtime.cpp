// SPDX-License-Identifier: Apache-2.0
// The runtime cases on Boost.Asio's C++20 coroutines.      usage: asio_runtime CASE [N]
#include <boost/asio.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <thread>
#include <vector>

#include "../common.hpp"

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using boost::system::error_code;

namespace {

constexpr const char* kPeer = "boost-asio";

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

awaitable<long> identity(long i) { co_return i; }

awaitable<void> spawn(std::string name, long n) {
  auto executor = co_await asio::this_coro::executor;
  long sum = 0;
  bench::Stopwatch watch;
  for (long i = 0; i < n; i++) sum += co_await asio::co_spawn(executor, identity(i), use_awaitable);
  bench::require(sum == bench::sum_below(n), "the sum of the results");
  watch.result(name, kPeer, n);
}

awaitable<void> call(std::string name, long n) {
  long sum = 0;
  bench::Stopwatch watch;
  for (long i = 0; i < n; i++) sum += co_await identity(i);
  bench::require(sum == bench::sum_below(n), "the sum of the results");
  watch.result(name, kPeer, n);
}

awaitable<long> yield_ten(long i) {
  for (int k = 0; k < 10; k++) co_await asio::post(use_awaitable);
  co_return i;
}

void gather(asio::io_context& context, const std::string& name, long n) {
  long sum = 0;
  bench::Stopwatch watch;
  for (long i = 0; i < n; i++)
    asio::co_spawn(context, yield_ten(i), [&sum](std::exception_ptr error, long value) {
      rethrow(error);
      sum += value;
    });
  context.run();
  bench::require(sum == bench::sum_below(n), "the sum of the results");
  watch.result(name, kPeer, n * 10);
}

awaitable<void> sleep_ten_seconds(long& finished) {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(10));
  co_await timer.async_wait(use_awaitable);
  finished++;
}

void idle(asio::io_context& context, const std::string& name, long n) {
  double rss = bench::peak_rss_mib();
  long finished = 0;
  bench::Stopwatch watch;
  for (long i = 0; i < n; i++) asio::co_spawn(context, sleep_ten_seconds(finished), rethrow);
  context.run();
  bench::require(finished == n, "every task woke");
  watch.result(name, kPeer, n, bench::idle_extra(rss, n, watch.seconds()));
}

void timers(asio::io_context& context, const std::string& name, long n) {
  bench::Random random;
  std::vector<std::chrono::microseconds> delays;
  for (long i = 0; i < n; i++) delays.emplace_back(random() % 1'000'000);
  long fired = 0, cancelled = 0;
  bench::Stopwatch watch;
  std::vector<asio::steady_timer> all;
  all.reserve(delays.size());
  for (auto delay : delays) {
    all.emplace_back(context, delay);
    all.back().async_wait([&](error_code error) { error ? cancelled++ : fired++; });
  }
  for (std::size_t i = 0; i < all.size(); i++)
    if (i % 10) all[i].cancel();
  std::string extra = "start_cancel_s=" + std::to_string(watch.seconds());
  context.run();
  bench::require(fired + cancelled == n && cancelled == n - (n + 9) / 10, "each timer fired or was cancelled");
  watch.result(name, kPeer, n, extra);
}

struct Counts {
  long waiting = 0, unwound = 0, cancelled = 0;
};

struct CountOnExit {  // what `finally` is elsewhere
  explicit CountOnExit(long& c) : count(c) {}
  CountOnExit(const CountOnExit&) = delete;
  ~CountOnExit() { count++; }
  long& count;
};

awaitable<void> sleep_below(int levels, Counts& counts) {
  CountOnExit level(counts.unwound);
  if (levels > 1) {
    co_await sleep_below(levels - 1, counts);
  } else {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    counts.waiting++;
    co_await timer.async_wait(use_awaitable);
  }
}

// A cancellation slot for each coroutine, as the documentation of per-operation cancellation has it.
void cancel(asio::io_context& context, const std::string& name, int depth, long n) {
  Counts counts;
  std::vector<asio::cancellation_signal> signals(static_cast<std::size_t>(n));
  for (auto& signal : signals) {
    auto finished = [&counts](std::exception_ptr error) {
      try {
        rethrow(error);
      } catch (const boost::system::system_error& failure) {
        counts.cancelled += failure.code() == asio::error::operation_aborted;
      }
    };
    asio::co_spawn(context, sleep_below(depth, counts), asio::bind_cancellation_slot(signal.slot(), finished));
  }
  context.poll();
  bench::require(counts.waiting == n && counts.unwound == 0, "every coroutine waits");
  bench::Stopwatch watch;
  for (auto& signal : signals) signal.emit(asio::cancellation_type::terminal);
  context.run();
  bench::require(counts.cancelled == n && counts.unwound == n * depth, "each was cancelled and ran through each level");
  watch.result(name, kPeer, n, bench::per_level(watch, n, depth));
}

using Channel = asio::experimental::channel<void(error_code, long)>;

awaitable<void> produce(Channel& channel, long n) {
  for (long i = 0; i < n; i++) co_await channel.async_send(error_code{}, i, use_awaitable);
}

awaitable<void> consume(Channel& channel, long n, long& sum) {
  for (long i = 0; i < n; i++) sum += co_await channel.async_receive(use_awaitable);
}

void queue(asio::io_context& context, const std::string& name, long n) {
  long sum = 0;
  Channel channel(context, 100);
  bench::Stopwatch watch;
  asio::co_spawn(context, produce(channel, n), rethrow);
  asio::co_spawn(context, consume(channel, n, sum), rethrow);
  context.run();
  bench::require(sum == bench::sum_below(n), "each item arrived");
  watch.result(name, kPeer, n);
}

// Asio has no mutex that can be awaited; a channel that holds one token is the usual stand-in.
awaitable<void> count_up(Channel& token, long& counter, long times) {
  for (long i = 0; i < times; i++) {
    co_await token.async_receive(use_awaitable);
    long seen = counter;
    co_await asio::post(use_awaitable);
    counter = seen + 1;
    co_await token.async_send(error_code{}, 0, use_awaitable);
  }
}

void lock(asio::io_context& context, const std::string& name, long n) {
  long counter = 0, times = n / 100;
  Channel token(context, 1);
  token.try_send(error_code{}, 0);
  bench::Stopwatch watch;
  for (int i = 0; i < 100; i++) asio::co_spawn(context, count_up(token, counter, times), rethrow);
  context.run();
  bench::require(counter == times * 100, "no increment is lost");
  watch.result(name, kPeer, counter);
}

void xthread(asio::io_context& context, const std::string& name, long n) {
  long count = 0;
  auto work = asio::make_work_guard(context);
  bench::Stopwatch watch;
  std::thread caller([&] {
    for (long i = 0; i < n; i++)
      asio::post(context, [&] {
        if (++count == n) work.reset();
      });
  });
  context.run();
  caller.join();
  bench::require(count == n, "every call ran");
  watch.result(name, kPeer, n);
}

awaitable<void> round_trips(asio::thread_pool& pool, long times, long& sum) {
  for (long i = 0; i < times; i++) {
    auto body = [](long x) -> awaitable<long> { co_return x + 1; };
    sum += co_await asio::co_spawn(pool, body(i), use_awaitable);
  }
}

void executor(asio::io_context& context, const std::string& name, long n) {
  long sum = 0, times = n / 100;
  asio::thread_pool pool(4);
  bench::Stopwatch watch;
  for (int i = 0; i < 100; i++) asio::co_spawn(context, round_trips(pool, times, sum), rethrow);
  context.run();
  bench::require(sum == 100 * bench::sum_below(times + 1), "the sum of the results");
  watch.result(name, kPeer, times * 100);
  pool.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string name = argv[1];
  long given = argc > 2 ? std::atol(argv[2]) : 0;
  auto n = [&](long usual) { return given > 0 ? given : usual; };
  asio::io_context context(1);
  auto run = [&](awaitable<void> main) {
    asio::co_spawn(context, std::move(main), rethrow);
    context.run();
  };
  if (name == "spawn") run(spawn(name, n(1'000'000)));
  else if (name == "call") run(call(name, n(1'000'000)));
  else if (name == "gather") gather(context, name, n(100'000));
  else if (name == "idle") idle(context, name, n(1'000'000));
  else if (name == "timers") timers(context, name, n(1'000'000));
  else if (name == "cancel-1") cancel(context, name, 1, n(100'000));
  else if (name == "cancel-5") cancel(context, name, 5, n(100'000));
  else if (name == "queue") queue(context, name, n(5'000'000));
  else if (name == "lock") lock(context, name, n(1'000'000));
  else if (name == "xthread") xthread(context, name, n(1'000'000));
  else if (name == "executor") executor(context, name, n(200'000));
  else return 2;
}
