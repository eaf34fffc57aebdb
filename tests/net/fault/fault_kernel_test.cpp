// SPDX-License-Identifier: Apache-2.0
//
// A kernel that is out of memory, buffers, files or watches: errors that come once and pass.
#include "tests/net/dns/counting_clock.hpp"
#include "tests/net/fault/syscall_faults.hpp"

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

/// The calls are epoll's: those of io_uring are made inside the kernel.
class FaultKernelTest : public NetTest {
 protected:
  /// Runs it in a thread whose first calls of `number` fail; how many calls there were.
  static std::size_t with_faults(long number, const std::vector<int>& errors, Coro<void> (*body)()) {
    return fail_system_calls(number, errors, [body] {
      EventLoopOptions options;
      options.backend = "epoll";
      run(body(), options);
    });
  }
};

// Connections that were lost while they queued, and interruptions, are no matter; each shortage is told and waited out.
TEST_F(FaultKernelTest, AcceptGoesOnAfterEachShortage) {
  const std::size_t calls =
      with_faults(SYS_accept4, {ECONNABORTED, EINTR, ENFILE, ENOBUFS, ENOMEM, EMFILE}, []() -> Coro<void> {
        std::vector<std::string> reports;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ErrorContext& context) { reports.push_back(describe(context.exception)); });
        ServerOptions options;
        options.accept_retry_delay = 1us;
        auto server = co_await start_server([](ByteStream stream) -> Coro<void> { co_await stream.send_all("served"); },
                                            "127.0.0.1", 0, options);
        auto connecting = connect_tcp("127.0.0.1", server.port());
        ByteStream client = co_await std::move(connecting);
        const auto received = co_await client.receive();
        EXPECT_EQ(received, "served");
        EXPECT_EQ(reports.size(), 4U);
        server.close();
        co_await server.wait_closed();
      });
  EXPECT_GE(calls, 7U);
  EXPECT_LE(calls, 12U) << "accepting is tried again by the clock, not without end";
}

TEST_F(FaultKernelTest, ReceivingFailsWithTheShortage) {
  const std::size_t calls = with_faults(SYS_recvfrom, {EINTR, EINTR, ENOMEM}, []() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("bytes");
    const auto received = co_await outcome(pair.stream.receive());
    EXPECT_EQ(os_error_of(received.error()), std::errc::not_enough_memory);
    const auto again = co_await outcome(pair.stream.receive());
    EXPECT_EQ(os_error_of(again.error()), std::errc::not_enough_memory) << "a stream that failed stays so";
  });
  EXPECT_EQ(calls, 3U);
}

TEST_F(FaultKernelTest, SendingFailsWithTheShortage) {
  const std::size_t calls = with_faults(SYS_sendto, {EINTR, ENOBUFS}, []() -> Coro<void> {
    auto pair = co_await tcp_pair();
    const auto sent = co_await outcome(pair.stream.send_all("bytes"));
    EXPECT_EQ(os_error_of(sent.error()), std::errc::no_buffer_space);
    const auto again = co_await outcome(pair.stream.send_all("bytes"));
    EXPECT_EQ(os_error_of(again.error()), std::errc::no_buffer_space);
  });
  EXPECT_EQ(calls, 2U);
}

TEST_F(FaultKernelTest, NoMoreWatchesIsAnErrorOfWhoWaits) {
  // The loop's own wake-up is watched first.
  const std::size_t calls = with_faults(SYS_epoll_ctl, {0, ENOSPC, ENOMEM}, []() -> Coro<void> {
    auto first = stream_pair();
    auto second = stream_pair();
    const auto no_watch = co_await outcome(first.stream.receive());
    EXPECT_EQ(os_error_of(no_watch.error()), std::errc::no_space_on_device);
    const auto no_memory = co_await outcome(second.stream.receive());
    EXPECT_EQ(os_error_of(no_memory.error()), std::errc::not_enough_memory);
    auto third = stream_pair();
    third.peer.send("bytes");
    const auto received = co_await third.stream.receive();
    EXPECT_EQ(received, "bytes");
  });
  EXPECT_GE(calls, 4U);
}

TEST_F(FaultKernelTest, ConnectingWithoutASocketSaysWhy) {
  const std::size_t calls = with_faults(SYS_socket, {ENFILE, ENOBUFS}, []() -> Coro<void> {
    for (const std::errc code : {std::errc::too_many_files_open_in_system, std::errc::no_buffer_space}) {
      auto connecting = connect_to(SocketAddress::ip("127.0.0.1", 1));
      const auto result = co_await outcome(std::move(connecting));
      EXPECT_EQ(os_error_of(result.error()), code) << result.error_message();
    }
  });
  EXPECT_EQ(calls, 2U);
}

// An interrupted wait is a wait, however often.
TEST_F(FaultKernelTest, InterruptedWaitsGoOn) {
  const std::size_t calls = with_faults(SYS_epoll_wait, std::vector<int>(1000, EINTR), []() -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto receiving = create_task([](ByteStream* stream) -> Coro<void> { co_await stream->receive(); }, &pair.stream);
    for (int i = 0; i < 10; ++i) co_await sleep(0s);
    auto working = to_thread([peer = pair.peer.descriptor()] { return ::send(peer, "x", 1, MSG_NOSIGNAL); });
    const auto sent = co_await std::move(working);
    EXPECT_EQ(sent, 1);
    co_await std::move(receiving);
  });
  EXPECT_GT(calls, 1U);
}

}  // namespace
}  // namespace corolla_tests
