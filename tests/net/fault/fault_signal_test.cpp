// SPDX-License-Identifier: Apache-2.0
//
// Signals: storms that interrupt every system call, and SIGPIPE, which must never be raised.
#include "tests/net/tls/tls_test.hpp"

#include <corolla/sync/event.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include <pthread.h>
#include <sys/syscall.h>

namespace corolla_tests {
namespace {

class FaultSignalTest : public NetTest {};

std::atomic<int> interruptions = 0;

// A timer that interrupts this thread, and its calls with it, as long as it lives. Nothing waits for its time: it is
// there to disturb.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action{};
    action.sa_handler = [](int) { interruptions.fetch_add(1, std::memory_order_relaxed); };  // and no SA_RESTART
    ::sigaction(SIGUSR2, &action, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR2;
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) throw OSError(errno, "timer_create");
    itimerspec often{};
    often.it_value.tv_nsec = often.it_interval.tv_nsec = 50'000;
    ::timer_settime(timer_, 0, &often, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;
  ~SignalStorm() {
    ::timer_delete(timer_);
    ::sigaction(SIGUSR2, &before_, nullptr);
  }

 private:
  struct sigaction before_{};
  timer_t timer_{};
};

// Sends, receives back and compares, until so much went there and back and the storm was felt so often.
Coro<void> echo_in_a_storm(TlsContext client_rules, TlsContext server_rules) {
  constexpr std::size_t kRound = std::size_t{512} << 10;
  ServerOptions server_options;
  server_options.ssl = server_rules;
  auto server = co_await start_server(echo, "127.0.0.1", 0, server_options);
  const SignalStorm storm;
  interruptions = 0;
  std::size_t rounds = 0;
  for (; rounds < 4 || interruptions < 200; ++rounds) {
    ConnectOptions options;
    options.ssl = client_rules;
    auto connecting = connect_tcp("127.0.0.1", server.port(), options);
    ByteStream client = co_await std::move(connecting);
    const std::string sent = pattern(kRound, rounds);
    client.send_nowait(sent);
    std::string got;
    while (got.size() < kRound) {
      const std::string_view bytes = co_await client.receive();
      if (bytes.empty()) break;
      got += bytes;
      client.consume(bytes.size());
    }
    EXPECT_TRUE(got == sent) << "round " << rounds << ": " << got.size();
    if (got != sent) break;
    client.close();
    co_await client.wait_closed();
  }
  EXPECT_GE(interruptions, 200);
  server.close();
  co_await server.wait_closed();
}

TEST_F(FaultSignalTest, AStormLosesNoByte) { run(echo_in_a_storm(TlsContext(), TlsContext())); }

TEST_F(FaultSignalTest, AStormLosesNoByteOverTls) { run(echo_in_a_storm(client_context(), server_context())); }

// Writes until that fails; the exit code says how.
Coro<void> write_to_the_dead(std::function<Coro<void>(ByteStream&)> write, ByteStream stream) {
  for (int i = 0; i < 1000; ++i) {
    auto writing = write(stream);
    const auto result = co_await outcome(std::move(writing));
    const std::error_code failure = os_error_of(result.error());
    if (failure == std::errc::broken_pipe || failure == std::errc::connection_reset) ::_exit(0);
    if (!result) ::_exit(2);
    co_await sleep(0s);
  }
  ::_exit(3);
}

// In a child that SIGPIPE would kill.
void take_sigpipe() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Coro<void> send_to_the_dead() {
  auto pair = co_await tcp_pair();
  pair.peer.reset();
  auto writing = write_to_the_dead([](ByteStream& stream) -> Coro<void> { co_await stream.send_all("x", "y"); },
                                   std::move(pair.stream));
  co_await std::move(writing);
}

Coro<void> send_to_the_dead_by_path() {
  auto pair = stream_pair();
  pair.peer.close();
  auto writing = write_to_the_dead([](ByteStream& stream) -> Coro<void> { co_await stream.send_all("x"); },
                                   std::move(pair.stream));
  co_await std::move(writing);
}

Coro<void> send_a_file_to_the_dead() {
  auto pair = co_await tcp_pair();
  pair.peer.reset();
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  auto writing = write_to_the_dead(
      [file](ByteStream& stream) -> Coro<void> {
        auto sending = stream.sendfile(file, 0, 100'000);
        static_cast<void>(co_await std::move(sending));
      },
      std::move(pair.stream));
  co_await std::move(writing);
}

Coro<void> send_to_the_dead_over_tls() {
  TlsOverTcp ends = co_await tls_over_tcp();
  reset(ends.client);
  auto writing = write_to_the_dead([](ByteStream& stream) -> Coro<void> { co_await stream.send_all("x"); },
                                   std::move(ends.served));
  co_await std::move(writing);
}

TEST_F(FaultSignalTest, WritingToTheDeadNeverRaisesSigpipe) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // children of their own, with threads of their own
  for (Coro<void> (*body)() :
       {send_to_the_dead, send_to_the_dead_by_path, send_a_file_to_the_dead, send_to_the_dead_over_tls}) {
    EXPECT_EXIT(
        {
          take_sigpipe();
          run(body());
        },
        ::testing::ExitedWithCode(0), "");
  }
}

// The test above means something: the same writing without care is deadly.
void write_carelessly() {
  take_sigpipe();
  int ends[2] = {};
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
  ::close(ends[1]);
  const ssize_t written = ::write(ends[0], "x", 1);
  ::_exit(written < 0 ? 0 : 1);
}

TEST_F(FaultSignalTest, ACarelessWriteWouldDie) {
  EXPECT_EXIT(write_carelessly(), ::testing::KilledBySignal(SIGPIPE), "");
}

}  // namespace
}  // namespace corolla_tests
