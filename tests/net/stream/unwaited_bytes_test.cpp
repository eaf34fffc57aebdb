// SPDX-License-Identifier: Apache-2.0
//
// Bytes that arrive while no task waits for them. epoll leaves them in the kernel, io_uring brings them all the same.
#include "tests/net/net_test.hpp"

#include <corolla/testkit/virtual_clock.hpp>

#include <algorithm>
#include <cstring>

#include <sys/uio.h>

namespace corolla_tests {
namespace {

class UnwaitedBytesTest : public NetTest {};

// A timer that is due lets the loop ask the kernel; sleep(0s) alone would not, every time.
Coro<void> look_around() {
  for (int i = 0; i < 4; ++i) co_await sleep(1ns);
}

// The bytes, and with them a descriptor.
void send_with_descriptor(const Peer& peer, std::string_view bytes) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int passed = STDERR_FILENO;
  std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  ASSERT_EQ(::sendmsg(peer.descriptor(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

TEST_F(UnwaitedBytesTest, ABorrowedViewIsNotTouchedByWhatComesLater) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    const std::string first = pattern(20'000);
    pair.peer.send(first);
    const std::string_view view = co_await pair.stream.receive();
    const std::string seen(view);
    for (int i = 1; i <= 3; ++i) {
      pair.peer.send(pattern(20'000, std::size_t(i) * 20'000));
      co_await look_around();
      EXPECT_EQ(view, seen) << i;
    }
    pair.stream.consume(view.size());
    EXPECT_EQ(view, seen);
    std::string all = seen;
    while (all.size() < 80'000) {
      const std::string_view more = co_await pair.stream.receive();
      all += more;
      pair.stream.consume(more.size());
    }
    EXPECT_EQ(all, pattern(80'000));
  }());
}

TEST_F(UnwaitedBytesTest, TheEndStaysBehindThem) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send("1");
    const auto first = co_await pair.stream.receive();
    EXPECT_EQ(first, "1");
    pair.peer.send("2");
    co_await look_around();
    pair.peer.send("3");
    pair.peer.close();
    co_await look_around();
    pair.stream.watch_idle();
    co_await look_around();
    const bool quiet = pair.stream.quiet();
    EXPECT_FALSE(quiet);
    EXPECT_FALSE(pair.stream.at_eof());
    std::string rest;
    for (;;) {
      const auto more = co_await pair.stream.receive();
      if (more.empty()) break;
      rest += more;
    }
    EXPECT_EQ(rest, "23");
    pair.stream.consume(3);
    EXPECT_TRUE(pair.stream.at_eof());
  }());
}

TEST_F(UnwaitedBytesTest, SoDoesAReset) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("1");
    const auto first = co_await pair.stream.receive();
    EXPECT_EQ(first, "1");
    pair.peer.reset();
    co_await look_around();
    const auto received = co_await outcome(pair.stream.receive());
    EXPECT_EQ(os_error_of(received.error()), std::errc::connection_reset);
  }());
}

// A sender that is never read must be stopped by full buffers, not by this machine's memory.
TEST_F(UnwaitedBytesTest, AFloodIsHeldUp) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("!");
    const auto first = co_await pair.stream.receive();
    EXPECT_EQ(first, "!");
    pair.stream.consume(1);
    const std::string part = pattern(64 * 1024);
    std::size_t sent = 0;
    for (int idle_rounds = 0; idle_rounds < 20 && sent < 64'000'000;) {
      const std::size_t more = pair.peer.send_some(part);
      sent += more;
      idle_rounds = more > 0 ? 0 : idle_rounds + 1;
      co_await look_around();
    }
    EXPECT_LT(sent, 32'000'000U);
    std::size_t got = 0;
    while (got < sent) {
      const std::string_view more = co_await pair.stream.receive();
      const std::size_t at = got % part.size();
      const std::size_t common = std::min(more.size(), part.size() - at);
      EXPECT_EQ(more.substr(0, common), std::string_view(part).substr(at, common)) << got;
      got += more.size();
      pair.stream.consume(more.size());
    }
    EXPECT_EQ(got, sent);
  }());
}

// Nobody waits for the socket, so a virtual clock need not either.
TEST_F(UnwaitedBytesTest, AVirtualClockRunsOn) {
  EventLoopOptions options;
  options.clock = std::make_shared<testkit::VirtualClock>();
  auto program = []() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send("x");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "x");
    co_await sleep(1h);
    auto cancelled =
        create_task([](ByteStream& stream) -> Coro<void> { co_await stream.receive(); }, std::ref(pair.stream));
    co_await sleep(0s);
    cancelled.cancel();
    co_await sleep(1h);
    pair.stream.consume(1);
    pair.stream.watch_idle();
    co_await sleep(1h);
    EXPECT_TRUE(pair.stream.quiet());
  };
  run(program(), options);
}

// A receive gives less than there is room for, and more is there all the same.
TEST_F(UnwaitedBytesTest, DescriptorsOnTheWayCutAReceiveShort) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    send_with_descriptor(pair.peer, "1");
    send_with_descriptor(pair.peer, "2");
    pair.peer.send("3");
    pair.stream.expires_at(std::chrono::steady_clock::now() + 10s);
    std::string all;
    while (all.size() < 3) {
      const std::string_view more = co_await pair.stream.receive();
      all += more;
      pair.stream.consume(more.size());
    }
    EXPECT_EQ(all, "123");
  }());
}

}  // namespace
}  // namespace corolla_tests
