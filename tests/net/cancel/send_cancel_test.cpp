// SPDX-License-Identifier: Apache-2.0
//
// Waits for what is sent, cancelled: the bytes leave all the same, once and in order; of a file a first part left.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/file/file_net_test.hpp"
#include "tests/net/transport/transport_test.hpp"

namespace corolla_tests {
namespace {

class SendCancelTest : public NetTest {};

// `start` makes a task that sends the next bytes on a stream that is full; what the other end gets is compared.
template <class Start, class Take>
Coro<void> send_records(std::uint64_t seed, ByteStream& stream, Start& start, Take& take) {
  std::size_t sent = 0;
  std::size_t received = 0;
  auto compare = [&] {
    const std::string bytes = take();
    EXPECT_TRUE(bytes == pattern(bytes.size(), received));
    received += bytes.size();
  };
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    while (stream.unsent() < 100'000) {  // a wait is sure, for more than the low water mark is unsent
      stream.send_nowait(pattern(65536, sent));
      sent += 65536;
      co_await CancelRounds::step();
    }
    bool begun = false;
    std::string bytes = pattern(1 + rounds.random().below(3000), sent);
    Task<void> task = start(bytes, begun);
    auto make_room = [&] {
      for (int i = 0; i < 3; ++i) compare();
    };
    co_await rounds.disturb(task, make_room);
    if (begun) sent += bytes.size();
    static_cast<void>(co_await outcome(task));
    EXPECT_LE(received, sent);
  };
  co_await a_thousand_rounds(seed, round);
  while (received < sent && !testing::Test::HasFailure()) {
    compare();
    co_await sleep(1ns);
  }
  EXPECT_EQ(received, sent);
}

Coro<void> send_on(ByteStream& stream, const std::string& bytes, bool& begun) {
  begun = true;
  co_await stream.send_all(bytes);
}

Coro<void> drain_behind(ByteStream& stream, const std::string& bytes, bool& begun) {
  begun = true;
  stream.send_nowait(bytes);
  co_await stream.drain();
}

using SendFunction = Coro<void> (*)(ByteStream&, const std::string&, bool&);

Coro<void> over_tcp(SendFunction send) {
  auto pair = co_await tcp_pair();
  auto start = [&](const std::string& bytes, bool& begun) {
    return create_task(send, std::ref(pair.stream), std::cref(bytes), std::ref(begun));
  };
  auto take = [&] { return pair.peer.take(); };
  co_await send_records(111, pair.stream, start, take);
}

Coro<void> over_a_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ByteStream stream = connect_write_pipe(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  auto start = [&](const std::string& bytes, bool& begun) {
    return create_task(send_on, std::ref(stream), std::cref(bytes), std::ref(begun));
  };
  auto take = [&] {
    std::string bytes(65536, '\0');
    const ssize_t got = ::read(ends[0], bytes.data(), bytes.size());
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  };
  co_await send_records(112, stream, start, take);
  ::close(ends[0]);
}

TEST_F(SendCancelTest, SendAllLosesNoByte) { run(over_tcp(send_on)); }
TEST_F(SendCancelTest, DrainLosesNoByte) { run(over_tcp(drain_behind)); }
TEST_F(SendCancelTest, AWritePipeLosesNoByte) { run(over_a_pipe()); }

// -- files ------------------------------------------------------------------------------------------------------------

constexpr std::size_t kCount = 600'000;  // more than a socket takes at once

class SendfileCancelTest : public FileNetTest {};

// What the peer got until the end is a first part of the file, and all that was asked for when the call says so.
void expect_first_part(std::string_view content, const std::string& got, const Outcome<std::uint64_t>& result) {
  EXPECT_TRUE(got == content.substr(0, got.size()));
  EXPECT_LE(got.size(), kCount);
  if (result) {
    EXPECT_EQ(got.size(), kCount);
  } else {
    EXPECT_TRUE(result.cancelled()) << result.error_message();
  }
}

TEST_F(SendfileCancelTest, AStreamSendsAFirstPart) {
  run([](int file, std::string_view content) -> Coro<void> {
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto pair = stream_pair();
      auto task =
          create_task([](ByteStream& s, int from) { return s.sendfile(from, 0, kCount); }, std::ref(pair.stream), file);
      std::string got;
      auto take = [&] {
        for (int i = 0; i < 12; ++i) got += pair.peer.take();
      };
      co_await rounds.disturb(task, take);
      const auto result = co_await outcome(task);
      pair.stream.close();
      const std::string rest = co_await take_all(pair.peer);
      expect_first_part(content, got + rest, result);
    };
    co_await a_thousand_rounds(113, round);
  }(file_, content_));
}

TEST_F(SendfileCancelTest, ATransportSendsAFirstPart) {
  run([](int file, std::string_view content) -> Coro<void> {
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      auto pair = stream_pair();
      Transport transport = make_transport(std::move(pair.stream), std::make_shared<Recorder>());
      auto task =
          create_task([](Transport t, int from) { return sendfile(std::move(t), from, 0, kCount); }, transport, file);
      std::string got;
      auto take = [&] {
        for (int i = 0; i < 12; ++i) got += pair.peer.take();
      };
      co_await rounds.disturb(task, take);
      const auto result = co_await outcome(task);
      transport.close();
      const std::string rest = co_await take_all(pair.peer);
      co_await transport.wait_closed();
      expect_first_part(content, got + rest, result);
    };
    co_await a_thousand_rounds(114, round);
  }(file_, content_));
}

}  // namespace
}  // namespace corolla_tests
