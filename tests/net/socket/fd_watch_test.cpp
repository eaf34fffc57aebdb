// SPDX-License-Identifier: Apache-2.0
#include "tests/net/socket/sock_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <array>
#include <vector>

namespace corolla_tests {
namespace {

class FdWatchTest : public NetTest {};

std::array<Peer, 2> plain_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw OSError(errno, "socketpair");
  return {Peer(ends[0]), Peer(ends[1])};
}

TEST_F(FdWatchTest, CallsWhileThereIsSomethingToRead) {
  run([]() -> Coro<void> {
    auto ends = plain_pair();
    int calls = 0;
    std::string got;
    add_reader(ends[0].descriptor(), [&] {
      char byte = 0;
      if (::recv(ends[0].descriptor(), &byte, 1, MSG_DONTWAIT) == 1) got += byte;  // one byte a call: level triggered
      ++calls;
    });
    co_await sleep(1ms);
    EXPECT_EQ(calls, 0);
    ends[1].send("abc");
    while (got.size() < 3) co_await sleep(1ms);
    EXPECT_EQ(got, "abc");
    EXPECT_TRUE(remove_reader(ends[0].descriptor()));
    EXPECT_FALSE(remove_reader(ends[0].descriptor()));
    const int before = calls;
    ends[1].send("d");
    co_await sleep(1ms);
    EXPECT_EQ(calls, before);
  }());
}

TEST_F(FdWatchTest, TheEndOfTheStreamCanBeReadToo) {
  run([]() -> Coro<void> {
    auto ends = plain_pair();
    std::string got;
    bool ended = false;
    add_reader(ends[0].descriptor(), [&] {
      const std::string bytes = ends[0].take(&ended);
      got += bytes;
      if (!ended) return;
      EXPECT_TRUE(remove_reader(ends[0].descriptor()));
      ends[0].close();
    });
    get_running_loop().call_soon([&] { ends[1].send("abc"); });
    while (got.size() < 3) co_await sleep(0s);
    get_running_loop().call_soon([&] { ends[1].send("def"); });
    while (got.size() < 6) co_await sleep(0s);
    ends[1].close();
    while (!ended) co_await sleep(0s);
    EXPECT_EQ(got, "abcdef");
  }());
}

// A callback that stopped the loop is not called for the same bytes by the next run.
TEST_F(FdWatchTest, AStoppedLoopDoesNotCallAgain) {
  auto ends = plain_pair();
  EventLoop loop;
  int calls = 0;
  loop.call_soon([&] {
    add_reader(ends[0].descriptor(), [&] {
      ends[0].take();
      ++calls;
      loop.stop();
    });
    ends[1].send("x");
  });
  loop.run_forever();
  EXPECT_EQ(calls, 1);
  for (int i = 0; i < 2; ++i) {
    loop.stop();
    loop.run_forever();
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(FdWatchTest, WithoutARunningLoopNothingIsWatched) {
  auto ends = plain_pair();
  auto kept = std::make_shared<int>(0);
  {
    EventLoop loop;
    loop.call_soon([&] {
      add_reader(ends[0].descriptor(), [kept] {});
      add_writer(ends[1].descriptor(), [kept] {});
    });
    loop.run_once();
    EXPECT_EQ(kept.use_count(), 3);
    loop.close();
    EXPECT_EQ(kept.use_count(), 1);
    EXPECT_FALSE(remove_reader(ends[0].descriptor()));
    EXPECT_FALSE(remove_writer(ends[1].descriptor()));
    EXPECT_THROW(add_reader(ends[0].descriptor(), [] {}), RuntimeError);
    EXPECT_THROW(add_writer(ends[1].descriptor(), [] {}), RuntimeError);
  }
}

TEST_F(FdWatchTest, BothDirectionsAndReplacement) {
  run([]() -> Coro<void> {
    auto ends = plain_pair();
    std::string order;
    const int fd = ends[0].descriptor();
    add_reader(fd, [&] { order += "old"; });
    add_reader(fd, [&, fd] {
      order += "r";
      ends[0].take();
      EXPECT_TRUE(remove_reader(fd));
    });
    add_writer(fd, [&, fd] {
      order += "w";
      EXPECT_TRUE(remove_writer(fd));
    });
    co_await sleep(1ms);
    EXPECT_EQ(order, "w");
    ends[1].send("x");
    while (order.size() < 2) co_await sleep(1ms);
    EXPECT_EQ(order, "wr");
    EXPECT_FALSE(remove_reader(fd));
    EXPECT_FALSE(remove_writer(fd));
  }());
}

TEST_F(FdWatchTest, ADescriptorNumberMayBeUsedAgain) {
  run([]() -> Coro<void> {
    for (int round = 0; round < 5; ++round) {
      auto ends = plain_pair();
      int calls = 0;
      add_reader(ends[0].descriptor(), [&] {
        ends[0].take();
        ++calls;
      });
      ends[1].send("x");
      while (calls == 0) co_await sleep(1ms);
      remove_reader(ends[0].descriptor());
      ends[0].close();
      ends[1].close();
      auto pair = stream_pair();  // likely the same numbers
      pair.peer.send("y");
      const auto received = co_await pair.stream.receive();
      EXPECT_EQ(received, "y");
    }
  }());
}

TEST_F(FdWatchTest, ErrorsAndThrowingCallbacks) {
  run([]() -> Coro<void> {
    EXPECT_THROW(add_reader(-1, [] {}), ValueError);
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
    auto ends = plain_pair();
    add_reader(ends[0].descriptor(), [&] {
      ends[0].take();
      throw ValueError("in a callback");
    });
    ends[1].send("x");
    while (reports == 0) co_await sleep(1ms);
    ends[1].send("x");
    while (reports == 1) co_await sleep(1ms);
    remove_reader(ends[0].descriptor());
  }());
}

void expect_refused(int descriptor) {
  EXPECT_THROW(add_reader(descriptor, [] {}), RuntimeError) << descriptor;
  EXPECT_THROW(add_writer(descriptor, [] {}), RuntimeError) << descriptor;
  EXPECT_FALSE(remove_reader(descriptor));
  EXPECT_FALSE(remove_writer(descriptor));
}

// From the beginning, and not only once somebody waits.
TEST_F(FdWatchTest, TheDescriptorOfAStreamIsRefused) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    const int number = pair.stream.descriptor();
    expect_refused(number);
    pair.peer.send("x");
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "x");
    pair.stream.consume(1);
    expect_refused(number);
    DetachedStream detached = detach(std::move(pair.stream));
    add_reader(detached.descriptor(), [] {});
    EXPECT_TRUE(remove_reader(detached.descriptor()));
    ByteStream again = attach(std::move(detached));
    expect_refused(again.descriptor());
    again.close();
    co_await again.wait_closed();
    auto ends = plain_pair();  // likely with the number that was the stream's
    EXPECT_NO_THROW(add_reader(ends[0].descriptor(), [] {}));
    EXPECT_TRUE(remove_reader(ends[0].descriptor()));
    EXPECT_NO_THROW(add_writer(ends[1].descriptor(), [] {}));
    EXPECT_TRUE(remove_writer(ends[1].descriptor()));
  }());
}

// Tasks and callbacks wait for it in different ways, and take turns.
TEST_F(FdWatchTest, ASocketThatATaskWaitedForMayBeWatchedAndTheOtherWayRound) {
  run([]() -> Coro<void> {
    auto pair = co_await socket_and_peer();
    const int number = pair.socket.descriptor();
    for (int turn = 0; turn < 3; ++turn) {
      auto receiving = create_task(sock_recv(pair.socket, 8));
      co_await sleep(0s);
      pair.peer.send("task");
      const std::string received = co_await receiving;
      EXPECT_EQ(received, "task");
      std::string seen;
      add_reader(number, [&] {
        char bytes[8];
        const ssize_t count = ::recv(number, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count > 0) seen.append(bytes, static_cast<std::size_t>(count));
      });
      bool writable = false;
      add_writer(number, [&] { writable = true; });
      pair.peer.send("callback");
      while (seen.size() < 8 || !writable) co_await sleep(1ms);
      EXPECT_EQ(seen, "callback");
      EXPECT_TRUE(remove_reader(number));
      EXPECT_TRUE(remove_writer(number));
    }
    // What came while nobody waited is not lost by the change from one to the other.
    pair.peer.send("before");
    const std::string before = co_await sock_recv(pair.socket, 8);
    EXPECT_EQ(before, "before");
    const std::string much(8 << 20, 'x');
    auto sending = create_task(sock_sendall(pair.socket, much));
    std::size_t taken = 0;
    while (taken < much.size()) {
      taken += pair.peer.take().size();
      co_await sleep(0s);
    }
    co_await sending;
  }());
}

TEST_F(FdWatchTest, TheDescriptorOfATransportAndOfAServerIsRefused) {
  run([]() -> Coro<void> {
    Socket bound = Socket::create(SocketAddress::Family::kIPv4);
    bound.bind(SocketAddress::ip("127.0.0.1", 0));
    bound.listen(1);
    const int listening = ::dup(bound.descriptor());
    const int number = bound.detach();
    EXPECT_NO_THROW(add_reader(listening, [] {}));
    EXPECT_TRUE(remove_reader(listening));
    auto server = co_await start_stream_server([](ByteStream) -> Coro<void> { co_return; }, number, ServerOptions());
    expect_refused(number);
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ByteStream reading = connect_read_pipe(ends[0]);
    ByteStream writing = connect_write_pipe(ends[1]);
    expect_refused(ends[0]);
    expect_refused(ends[1]);
    Socket datagrams = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
    datagrams.bind(SocketAddress::ip("127.0.0.1", 0));
    const int received_by = datagrams.descriptor();
    auto making = create_datagram_endpoint([] { return std::make_shared<DatagramProtocol>(); }, std::move(datagrams));
    auto endpoint = co_await std::move(making);
    expect_refused(received_by);
    endpoint.transport.close();
    server.close();
    co_await server.wait_closed();
    ::close(listening);
  }());
}

class SendfileTest : public NetTest {};

TEST_F(SendfileTest, SendsARangeBehindWhatWasSentBefore) {
  const TemporaryDirectory directory;
  const std::string content = pattern(3'000'000);
  write_whole_file(directory / "file", content);
  const int file = ::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC);
  run([](int fd, const std::string& bytes) -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto sending = create_task(
        [](ByteStream& s, int from) -> Coro<std::uint64_t> {
          s.send_nowait("head ");
          auto part = s.sendfile(from, 10, 2'900'000);
          const std::uint64_t sent = co_await std::move(part);
          auto rest = s.sendfile(from, 2'999'990, 1'000'000);
          const std::uint64_t tail = co_await std::move(rest);
          co_await s.send_all(" tail");
          s.close();
          co_return sent + tail;
        },
        std::ref(pair.stream), fd);
    std::string got;
    for (bool ended = false; !ended;) {
      got += pair.peer.take(&ended);
      co_await sleep(0s);
    }
    const auto sending_value = co_await sending;
    EXPECT_EQ(sending_value, 2'900'010U);
    EXPECT_TRUE(got == "head " + bytes.substr(10, 2'900'000) + bytes.substr(2'999'990) + " tail");
  }(file, content));
  EXPECT_EQ(::lseek(file, 0, SEEK_CUR), 0);
  ::close(file);
}

TEST_F(SendfileTest, CancelledBeforeInFlightAndAfter) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "file", pattern(3'000'000));
  const int file = ::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC);
  run([](int fd) -> Coro<void> {
    for (int steps = 0; steps < 6; ++steps) {
      auto pair = co_await tcp_pair();
      auto sending = create_task(pair.stream.sendfile(fd, 0, 3'000'000));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      sending.cancel();
      static_cast<void>(co_await outcome(sending));
      // What arrived is a beginning of the file, and the stream can still be used.
      pair.stream.send_nowait("!");
      pair.stream.close();
      std::string got;
      for (bool ended = false; !ended;) {
        got += pair.peer.take(&ended);
        co_await sleep(0s);
      }
      EXPECT_EQ(got.back(), '!');
      got.pop_back();
      EXPECT_TRUE(got == pattern(got.size()));
    }
  }(file));
  ::close(file);
}

TEST_F(SendfileTest, APeerThatIsGoneIsAnErrorAndNoSignal) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "file", pattern(3'000'000));
  const int file = ::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC);
  run([](int fd) -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.reset();
    bool failed = false;
    for (int i = 0; i < 3 && !failed; ++i) {
      auto sending = pair.stream.sendfile(fd, 0, 3'000'000);
      failed = failed_with<OSError>(co_await outcome(std::move(sending)));
    }
    EXPECT_TRUE(failed);
  }(file));
  ::close(file);
}

TEST_F(SendfileTest, FilesTheKernelCannotCopyFromAreRead) {
  run([]() -> Coro<void> {
    const std::string content = read_whole_file("/proc/self/limits");
    EXPECT_GT(content.size(), 100U);
    auto pair = co_await tcp_pair();
    const int file = ::open("/proc/self/limits", O_RDONLY | O_CLOEXEC);
    auto all = pair.stream.sendfile(file, 0, 1'000'000);
    const std::uint64_t sent = co_await std::move(all);
    EXPECT_EQ(sent, content.size());
    auto part = pair.stream.sendfile(file, 10, 20);
    const std::uint64_t more = co_await std::move(part);
    EXPECT_EQ(more, 20U);
    EXPECT_EQ(pair.peer.take(), content + content.substr(10, 20));
    EXPECT_EQ(::lseek(file, 0, SEEK_CUR), 0);
    ::close(file);
  }());
}

}  // namespace
}  // namespace corolla_tests
