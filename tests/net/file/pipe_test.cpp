// SPDX-License-Identifier: Apache-2.0
#include "tests/net/cancel/cancel_rounds.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <csignal>

#include <pty.h>
#include <sys/stat.h>
#include <termios.h>

namespace corolla_tests {
namespace {

class PipeTest : public NetTest {};

struct Ends {
  explicit Ends(int flags = O_CLOEXEC) {
    if (::pipe2(both, flags) != 0) throw OSError(errno, "pipe2");
  }
  [[nodiscard]] int reading() const noexcept { return both[0]; }
  [[nodiscard]] int writing() const noexcept { return both[1]; }
  int both[2] = {-1, -1};
};

void write_to(int descriptor, std::string_view bytes) {
  ASSERT_EQ(::write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

std::string read_from(int descriptor) {
  std::string bytes(1 << 20, '\0');
  const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

bool nonblocking(int descriptor) { return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0; }

TEST_F(PipeTest, ReadsUntilTheWriterIsGone) {
  run([]() -> Coro<void> {
    const Ends ends;
    ByteStream stream = connect_read_pipe(ends.reading());
    StreamReader reader(stream.state());
    write_to(ends.writing(), "one\ntwo");
    auto first = reader.readline();
    const std::string line = co_await std::move(first);
    EXPECT_EQ(line, "one\n");
    get_running_loop().call_soon([&] {
      write_to(ends.writing(), " three");
      ::close(ends.writing());
    });
    auto rest = reader.read(-1);
    const std::string all = co_await std::move(rest);
    EXPECT_EQ(all, "two three");
    EXPECT_TRUE(reader.at_eof());
  }());
}

TEST_F(PipeTest, WritesMoreThanThePipeHoldsAndClosesBehindIt) {
  run([]() -> Coro<void> {
    const Ends ends(O_CLOEXEC | O_NONBLOCK);
    StreamWriter writer(connect_write_pipe(ends.writing()));
    const std::string bytes = pattern(1'000'000);
    auto writing = create_task(
        [](StreamWriter& w, const std::string& all) -> Coro<void> {
          co_await w.write(all);
          co_await w.write("end");
          w.write_eof();
          EXPECT_TRUE(w.is_closing());
          co_await w.wait_closed();
        },
        std::ref(writer), std::cref(bytes));
    std::string got;
    for (char byte = 0;;) {
      got += read_from(ends.reading());
      if (::read(ends.reading(), &byte, 1) == 0) break;
      if (byte != 0) got += std::exchange(byte, '\0');
      co_await sleep(0s);
    }
    co_await writing;
    EXPECT_EQ(got.size(), bytes.size() + 3);
    ::close(ends.reading());
  }());
}

TEST_F(PipeTest, PiecesLeaveWithOneCall) {
  run([]() -> Coro<void> {
    const Ends ends(O_CLOEXEC | O_DIRECT);  // a packet for each write
    ByteStream stream = connect_write_pipe(ends.writing());
    co_await stream.send_all("a", "bc", "", "def");
    EXPECT_EQ(read_from(ends.reading()), "abcdef");
    ::close(ends.reading());
  }());
}

TEST_F(PipeTest, AReaderThatIsGoneIsNoticedAndWritingIsAnErrorAndNoSignal) {
  run([]() -> Coro<void> {
    const Ends ends;
    ByteStream stream = connect_write_pipe(ends.writing());
    EXPECT_TRUE(stream.quiet());
    auto noticing =
        create_task([](ByteStream& s) -> Coro<bool> { co_return (co_await s.receive()).empty(); }, std::ref(stream));
    co_await sleep(0s);
    co_await sleep(0s);
    EXPECT_FALSE(noticing.done());
    ::close(ends.reading());
    const bool ended = co_await noticing;
    EXPECT_TRUE(ended);
    EXPECT_FALSE(stream.quiet());
    const auto sent = co_await outcome(stream.send_all("x"));
    EXPECT_EQ(os_error_of(sent.error()), std::errc::broken_pipe);
    sigset_t pending{};
    ::sigpending(&pending);
    EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0);
  }());
}

TEST_F(PipeTest, AWaitingWriterLearnsThatItsReaderIsGone) {
  run([]() -> Coro<void> {
    const Ends ends;
    ByteStream stream = connect_write_pipe(ends.writing());
    const std::string bytes = pattern(1'000'000);
    auto sending = create_task([](ByteStream& s, const std::string& all) -> Coro<void> { co_await s.send_all(all); },
                               std::ref(stream), std::cref(bytes));
    co_await sleep(0s);
    co_await sleep(0s);
    EXPECT_FALSE(sending.done());
    ::close(ends.reading());
    const auto sent = co_await outcome(sending);
    EXPECT_EQ(os_error_of(sent.error()), std::errc::broken_pipe);
    stream.close();
    const auto closed = co_await outcome(stream.wait_closed());
    EXPECT_EQ(os_error_of(closed.error()), std::errc::broken_pipe);
  }());
}

TEST_F(PipeTest, OnlyPipesAndTheirLikeAreTaken) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "file", "x");
  const int file = ::open((directory / "file").c_str(), O_RDWR | O_CLOEXEC);
  run([](int fd) -> Coro<void> {
    EXPECT_THROW(static_cast<void>(connect_read_pipe(fd)), ValueError);
    EXPECT_THROW(static_cast<void>(connect_write_pipe(fd)), ValueError);
    EXPECT_THROW(static_cast<void>(connect_read_pipe(-1)), OSError);
    const Ends ends;
    add_reader(ends.reading(), [] {});
    EXPECT_THROW(static_cast<void>(connect_read_pipe(ends.reading())), RuntimeError);
    remove_reader(ends.reading());
    // What was refused is still open.
    write_to(ends.writing(), "x");
    ByteStream stream = connect_read_pipe(ends.reading());
    const auto received = co_await stream.receive();
    EXPECT_EQ(received, "x");
    const auto sent = co_await outcome(stream.send_all("y"));
    EXPECT_EQ(os_error_of(sent.error()), std::errc::bad_file_descriptor);
    ::close(ends.writing());
  }(file));
  EXPECT_EQ(::fcntl(file, F_GETFD), FD_CLOEXEC);
  ::close(file);
  EXPECT_THROW(static_cast<void>(connect_read_pipe(0)), RuntimeError);  // no loop
}

TEST_F(PipeTest, TheOpenFileIsLeftAsItWas) {
  run([]() -> Coro<void> {
    const Ends ends;
    const int shared = ::dup(ends.reading());
    ByteStream reading = connect_read_pipe(ends.reading());
    EXPECT_TRUE(nonblocking(shared));
    ::fcntl(shared, F_SETFL, 0);  // another process, or a second stream that was closed
    auto waiting = create_task([](ByteStream& s) -> Coro<std::string> { co_return std::string(co_await s.receive()); },
                               std::ref(reading));
    co_await sleep(0s);
    write_to(ends.writing(), "abc");
    const std::string received = co_await waiting;
    EXPECT_EQ(received, "abc");
    reading.close();
    co_await reading.wait_closed();
    while (nonblocking(shared)) co_await sleep(0s);
    ByteStream second = connect_read_pipe(::dup(shared));
    second.abort();
    while (nonblocking(shared)) co_await sleep(0s);
    ::fcntl(shared, F_SETFL, O_NONBLOCK);
    ByteStream third = connect_read_pipe(::dup(shared));
    third.abort();
    co_await sleep(0s);
    co_await sleep(0s);
    EXPECT_TRUE(nonblocking(shared));
    ::close(shared);
    ::close(ends.writing());
  }());
}

TEST_F(PipeTest, ATerminalGoesBothWays) {
  run([]() -> Coro<void> {
    int master = -1;
    int slave = -1;
    const int opened = ::openpty(&master, &slave, nullptr, nullptr, nullptr);
    EXPECT_EQ(opened, 0);
    if (opened != 0) co_return;
    termios mode{};
    ::tcgetattr(slave, &mode);
    ::cfmakeraw(&mode);
    ::fcntl(master, F_SETFL, O_NONBLOCK);
    ::tcsetattr(slave, TCSANOW, &mode);
    ByteStream reading = connect_read_pipe(slave);
    ByteStream writing = connect_write_pipe(::dup(slave));
    write_to(master, "to the program");
    const auto received = co_await reading.receive();
    EXPECT_EQ(received, "to the program");
    reading.consume(received.size());
    write_to(master, "again");
    const auto more = co_await reading.receive();
    EXPECT_EQ(more, "again");
    co_await writing.send_all("from the program");
    EXPECT_EQ(read_from(master), "from the program");
    // The other one goes on when one of the two put the flag back.
    reading.abort();
    const std::string bytes = pattern(200'000);
    auto sending = create_task([](ByteStream& s, const std::string& all) -> Coro<void> { co_await s.send_all(all); },
                               std::ref(writing), std::cref(bytes));
    co_await sleep(0s);
    std::size_t got = 0;
    while (got < bytes.size()) {
      got += read_from(master).size();
      co_await sleep(0s);
    }
    co_await sending;
    ::close(master);
  }());
}

TEST_F(PipeTest, DevicesThatNeverBlock) {
  run([]() -> Coro<void> {
    ByteStream null = connect_read_pipe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto nothing = co_await null.receive();
    EXPECT_EQ(nothing, "");
    ByteStream zero = connect_read_pipe(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    const auto zeros = co_await zero.receive();
    EXPECT_EQ(zeros, std::string(zeros.size(), '\0'));
    EXPECT_FALSE(zeros.empty());
    ByteStream sink = connect_write_pipe(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    co_await sink.send_all(pattern(1'000'000));
    EXPECT_TRUE(sink.quiet());
    ByteStream full = connect_write_pipe(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const auto sent = co_await outcome(full.send_all("x"));
    EXPECT_EQ(os_error_of(sent.error()), std::errc::no_space_on_device);
  }());
}

TEST_F(PipeTest, SocketsAndFifos) {
  const TemporaryDirectory directory;
  const std::string path = directory / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  run([](std::string fifo) -> Coro<void> {
    ByteStream reading = connect_read_pipe(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ByteStream writing = connect_write_pipe(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    co_await writing.send_all("through a file's name");
    const auto received = co_await reading.receive();
    EXPECT_EQ(received, "through a file's name");
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ByteStream socket = connect_write_pipe(ends[0]);
    Peer peer(ends[1]);
    co_await socket.send_all("abc");
    EXPECT_EQ(peer.take(), "abc");
    peer.send("unread");
    co_await sleep(0s);
    co_await sleep(0s);
    EXPECT_TRUE(socket.quiet());
    peer.close();
    const auto end = co_await socket.receive();
    EXPECT_EQ(end, "");
    const auto sent = co_await outcome(socket.send_all("x"));
    const std::error_code code = os_error_of(sent.error());
    EXPECT_TRUE(code == std::errc::broken_pipe || code == std::errc::connection_reset);
  }(path));
}

TEST_F(PipeTest, AThousandSeededCancellationsLoseNoByte) {
  run([]() -> Coro<void> {
    const Ends ends;
    ByteStream stream = connect_read_pipe(ends.reading());
    auto send = [&](std::string_view bytes) { write_to(ends.writing(), bytes); };
    co_await receive_rounds(11, stream, send);
    ::close(ends.writing());
    const auto end = co_await stream.receive();
    EXPECT_EQ(end, "");
  }());
}

Coro<void> both_ends() {
  const Ends ends;
  ByteStream reading = connect_read_pipe(ends.reading());
  ByteStream writing = connect_write_pipe(ends.writing());
  const std::string bytes = pattern(300'000);
  auto sending = create_task(
      [](ByteStream& s, std::string_view all) -> Coro<void> {
        co_await s.send_all(all);
        s.send_eof();
      },
      std::ref(writing), std::string_view(bytes));
  while (!(co_await reading.receive()).empty()) {
  }
  EXPECT_TRUE(reading.buffered() == bytes);
  co_await sending;
}

TEST_F(PipeTest, ALoopThatDiesAtAnyStep) {
  run(both_ends());
  destroy_at_every_step<RealLoop>(both_ends);
}

}  // namespace
}  // namespace corolla_tests
