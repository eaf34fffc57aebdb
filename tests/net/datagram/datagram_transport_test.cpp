// SPDX-License-Identifier: Apache-2.0
#include "tests/net/socket/sock_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/runtime/log.hpp>

#include <vector>

namespace corolla_tests {
namespace {

using Log = std::vector<std::string>;

class DatagramTransportTest : public NetTest {};

const SocketAddress kAnyPort = SocketAddress::ip("127.0.0.1", 0);

// Writes down what it is told.
class Recorder final : public DatagramProtocol {
 public:
  void connection_made(DatagramTransport made) override {
    events.push_back("made");
    transport = std::move(made);
  }
  void connection_lost(std::exception_ptr error) override { events.push_back(error ? "lost by an error" : "lost"); }
  void datagram_received(std::string_view data, const SocketAddress& from) override {
    events.push_back("got " + std::string(data));
    sender = from;
    if (echoes) transport.sendto(data, from);
    if (throws) throw ValueError("in datagram_received");
    if (closes) transport.close();
  }
  void error_received(const OSError& error) override {
    events.push_back("error");
    code = error.code();
  }
  void pause_writing() override { events.push_back("pause"); }
  void resume_writing() override { events.push_back("resume"); }

  Log events;
  DatagramTransport transport;
  SocketAddress sender;
  std::error_code code;
  bool echoes = false;
  bool throws = false;
  bool closes = false;
};

std::shared_ptr<Recorder> make_recorder() { return std::make_shared<Recorder>(); }

Coro<void> until(const std::shared_ptr<Recorder>& recorder, std::size_t events) {
  while (recorder->events.size() < events) co_await sleep(1ns);
}

// A transport on one of two connected Unix sockets, whose other end a test fills and empties.
struct Pair {
  Pair(DatagramEndpoint<Recorder> e, Socket s) : endpoint(std::move(e)), peer(std::move(s)) {}
  DatagramEndpoint<Recorder> endpoint;
  Socket peer;
};
Coro<Pair> connected_pair() {
  auto ends = Socket::pair(Socket::Type::kDatagram);
  auto making = create_datagram_endpoint(make_recorder, std::move(ends.first));
  auto endpoint = co_await std::move(making);
  co_return Pair(std::move(endpoint), std::move(ends.second));
}

Coro<void> echoes_and_closes(SocketAddress own) {
  auto [server, echo] = co_await create_datagram_endpoint(make_recorder, own);
  echo->echoes = true;
  auto [client, answers] = co_await create_datagram_endpoint(make_recorder, SocketAddress(), server.sockname());
  EXPECT_EQ(answers->events, Log({"made"}));
  EXPECT_EQ(client.peername(), server.sockname());
  EXPECT_EQ(answers->transport, client);
  EXPECT_GE(client.descriptor(), 0);
  client.sendto("one");
  client.sendto("", server.sockname());
  client.sendto("three");
  co_await until(answers, 4);
  EXPECT_EQ(answers->events, Log({"made", "got one", "got ", "got three"}));
  EXPECT_EQ(answers->sender, server.sockname());
  client.close();
  client.close();
  EXPECT_TRUE(client.is_closing());
  EXPECT_EQ(answers->events.size(), 4U);  // connection_lost comes soon, not now
  co_await until(answers, 5);
  EXPECT_EQ(answers->events.back(), "lost");
  EXPECT_EQ(client.get_protocol(), nullptr);
  EXPECT_EQ(client.descriptor(), -1);
  server.abort();
  co_await until(echo, 5);
  EXPECT_EQ(echo->events.back(), "lost");
}

TEST_F(DatagramTransportTest, EchoesAndCloses) {
  run(echoes_and_closes(kAnyPort));
  if (has_ipv6()) run(echoes_and_closes(SocketAddress::ip("::1", 0)));
}

TEST_F(DatagramTransportTest, AForeignAddressIsRefusedWhenThereIsARemoteOne) {
  run([]() -> Coro<void> {
    Socket server = bound_datagram_socket();
    for (const bool broadcast : {false, true}) {
      DatagramOptions options;
      options.allow_broadcast = broadcast;
      auto [transport, protocol] =
          co_await create_datagram_endpoint(make_recorder, SocketAddress(), server.sockname(), options);
      EXPECT_THROW(transport.sendto("x", SocketAddress::ip("127.0.0.1", 9)), ValueError);
      transport.sendto("x");
      const std::string got = co_await sock_recv(server, 10);
      EXPECT_EQ(got, "x");
      transport.close();
      co_await until(protocol, 2);
    }
  }());
}

TEST_F(DatagramTransportTest, AnUnreachablePeerIsToldAndTheTransportGoesOn) {
  run([]() -> Coro<void> {
    const SocketAddress nobody = bound_datagram_socket().sockname();
    auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, SocketAddress(), nobody);
    for (int round = 0; round < 3; ++round) {
      const std::size_t before = protocol->events.size();
      transport.sendto("x");
      co_await until(protocol, before + 1);
      EXPECT_EQ(protocol->events.back(), "error");
      EXPECT_EQ(protocol->code, std::errc::connection_refused);
    }
    EXPECT_FALSE(transport.is_closing());
    transport.sendto(std::string(70'000, 'x'));
    EXPECT_EQ(protocol->code, std::errc::message_size);
    transport.close();
    const std::size_t before = protocol->events.size();
    co_await until(protocol, before + 1);
  }());
}

TEST_F(DatagramTransportTest, AnErrorOfWhatIsBufferedIsToldAndTheTransportGoesOn) {
  run([]() -> Coro<void> {
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    while (transport.get_write_buffer_size() < 100) transport.sendto("x");
    EXPECT_EQ(protocol->events, Log({"made"}));
    pair.peer.close();
    while (transport.get_write_buffer_size() > 0) co_await sleep(1ns);
    EXPECT_GE(protocol->events.size(), 2U);
    EXPECT_EQ(protocol->events.back(), "error");
    // The kernel says so once, and takes the connection away with it.
    EXPECT_TRUE(protocol->code == std::errc::connection_refused || protocol->code == std::errc::not_connected);
    EXPECT_FALSE(transport.is_closing());
    const std::size_t before = protocol->events.size();
    transport.close();
    co_await until(protocol, before + 1);
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(DatagramTransportTest, BuffersCountEmptyDatagramsToo) {
  run([]() -> Coro<void> {
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    EXPECT_EQ(transport.get_write_buffer_limits().low, 16U * 1024);
    EXPECT_EQ(transport.get_write_buffer_limits().high, 64U * 1024);
    transport.set_write_buffer_limits(20, 10);
    EXPECT_THROW(transport.set_write_buffer_limits(1, 2), ValueError);
    int sent = 0;
    while (transport.get_write_buffer_size() == 0) {
      transport.sendto("");
      ++sent;
    }
    EXPECT_EQ(transport.get_write_buffer_size(), 8U);
    transport.sendto("abcd");
    EXPECT_EQ(transport.get_write_buffer_size(), 20U);
    EXPECT_EQ(protocol->events, Log({"made"}));
    transport.sendto("");
    transport.sendto("last");
    EXPECT_EQ(protocol->events, Log({"made", "pause"}));
    EXPECT_EQ(transport.get_write_buffer_size(), 40U);
    for (int i = 0; i < sent; ++i) {
      const std::string empty = co_await sock_recv(pair.peer, 10);
      EXPECT_EQ(empty, "");
    }
    const std::string first = co_await sock_recv(pair.peer, 10);
    const std::string second = co_await sock_recv(pair.peer, 10);
    const std::string third = co_await sock_recv(pair.peer, 10);
    EXPECT_EQ(first + "," + second + "," + third, "abcd,,last");
    EXPECT_EQ(transport.get_write_buffer_size(), 0U);
    EXPECT_EQ(protocol->events, Log({"made", "pause", "resume"}));
    transport.close();
    co_await until(protocol, 4);
  }());
}

TEST_F(DatagramTransportTest, CloseSendsWhatIsBufferedAndAbortDropsIt) {
  run([]() -> Coro<void> {
    for (const bool aborts : {false, true}) {
      auto pair = co_await connected_pair();
      auto& [transport, protocol] = pair.endpoint;
      int sent = 0;
      for (; transport.get_write_buffer_size() < 100; ++sent) transport.sendto(std::to_string(sent));
      if (aborts) transport.abort();
      else transport.close();
      EXPECT_TRUE(transport.is_closing());
      co_await sleep(1ns);
      EXPECT_EQ(protocol->events.size(), aborts ? 2U : 1U);
      int received = 0;
      const std::size_t left = transport.get_write_buffer_size();
      EXPECT_EQ(left > 0, !aborts);
      while (protocol->events.size() < 2 || received < (aborts ? 1 : sent)) {
        const std::string text = co_await sock_recv(pair.peer, 10);
        EXPECT_EQ(text, std::to_string(received++));
      }
      EXPECT_EQ(protocol->events, Log({"made", "lost"}));
      EXPECT_EQ(received == sent, !aborts);
    }
  }());
}

TEST_F(DatagramTransportTest, AfterTheEndDatagramsAreDroppedAndTheFifthWarns) {
  int warnings = 0;
  set_log_handler([&](const LogRecord& record) { warnings += record.level == LogLevel::kWarning; });
  run([](int& count) -> Coro<void> {
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    transport.close();
    for (int i = 0; i < 4; ++i) transport.sendto("x");
    EXPECT_EQ(count, 0);
    transport.sendto("x");
    EXPECT_EQ(count, 1);
    co_await until(protocol, 2);
  }(warnings));
  set_log_handler(nullptr);
}

TEST_F(DatagramTransportTest, WhatAProtocolThrowsIsReportedAndTheTransportGoesOn) {
  run([]() -> Coro<void> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    protocol->throws = true;
    for (int i = 0; i < 3; ++i) co_await sock_sendall(pair.peer, "x");
    co_await until(protocol, 4);
    EXPECT_EQ(reports, 3);
    EXPECT_FALSE(transport.is_closing());
    transport.close();
    co_await until(protocol, 5);
  }());
}

TEST_F(DatagramTransportTest, NothingIsReceivedAfterClose) {
  run([]() -> Coro<void> {
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    protocol->closes = true;
    for (int i = 0; i < 3; ++i) co_await sock_sendall(pair.peer, std::to_string(i));
    co_await until(protocol, 3);
    for (int i = 0; i < 5; ++i) co_await sleep(1ns);
    EXPECT_EQ(protocol->events, Log({"made", "got 0", "lost"}));
  }());
}

// A flood is received in batches; others have their turn in between.
TEST_F(DatagramTransportTest, AFloodStarvesNobody) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await create_datagram_endpoint(make_recorder, kAnyPort);
    Socket sender = bound_datagram_socket();
    const SocketAddress to = transport.sockname();
    constexpr std::size_t kCount = 150;
    for (std::size_t i = 0; i < kCount; ++i) co_await sock_sendto(sender, "x", to);
    std::size_t most = 0;
    while (protocol->events.size() < kCount + 1) {
      const std::size_t before = protocol->events.size();
      co_await sleep(1ns);
      most = std::max(most, protocol->events.size() - before);
    }
    EXPECT_LE(most, 32U);
    transport.close();
    co_await until(protocol, kCount + 2);
  }());
}

TEST_F(DatagramTransportTest, ADatagramThatIsTooLongIsToldAndNotCutOff) {
  run([]() -> Coro<void> {
    auto pair = co_await connected_pair();
    auto& [transport, protocol] = pair.endpoint;
    pair.peer.set_send_buffer_size(1 << 20);
    if (pair.peer.option(SOL_SOCKET, SO_SNDBUF) >= 600'000) {  // the system allows it
      co_await sock_sendall(pair.peer, std::string(300'000, 'x'));
      co_await until(protocol, 2);
      EXPECT_EQ(protocol->code, std::errc::message_size);
    }
    const std::string long_one = pattern(100'000);
    co_await sock_sendall(pair.peer, long_one);
    const std::size_t before = protocol->events.size();
    co_await until(protocol, before + 1);
    EXPECT_TRUE(protocol->events.back() == "got " + long_one);
    transport.close();
    co_await until(protocol, before + 2);
  }());
}

TEST_F(DatagramTransportTest, ArgumentsAreChecked) {
  run([]() -> Coro<void> {
    auto stream = Socket::pair();
    auto wrong_kind = create_datagram_endpoint(make_recorder, std::move(stream.first));
    const auto refused = co_await outcome(std::move(wrong_kind));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    const auto none = [] { return std::shared_ptr<Recorder>(); };
    auto no_protocol = create_datagram_endpoint(none, kAnyPort);
    const auto failed = co_await outcome(std::move(no_protocol));
    EXPECT_TRUE(failed_with<ValueError>(failed));
    auto no_family = create_datagram_endpoint(make_recorder, SocketAddress());
    const auto unspecified = co_await outcome(std::move(no_family));
    EXPECT_TRUE(failed_with<ValueError>(unspecified));
  }());
}

TEST_F(DatagramTransportTest, CancelledWhileItStartsItIsClosed) {
  run([]() -> Coro<void> {
    for (int turns = 0; turns < 4; ++turns) {
      auto recorder = make_recorder();
      const auto factory = [&recorder] { return recorder; };
      auto task = create_task(create_datagram_endpoint(factory, kAnyPort));
      for (int i = 0; i < turns; ++i) co_await sleep(0s);
      task.cancel();
      const auto result = co_await outcome(task);
      if (result) result->transport.abort();
      for (int i = 0; i < 3; ++i) co_await sleep(1ns);
      EXPECT_TRUE(recorder->events.empty() || recorder->events == Log({"made", "lost"}));
    }
  }());
}

Coro<void> everything() {
  auto [server, echo] = co_await create_datagram_endpoint(make_recorder, kAnyPort);
  echo->echoes = true;
  auto [client, answers] = co_await create_datagram_endpoint(make_recorder, SocketAddress(), server.sockname());
  for (int i = 0; i < 20; ++i) client.sendto("x");
  co_await until(answers, 21);
  auto pair = co_await connected_pair();
  while (pair.endpoint.transport.get_write_buffer_size() == 0) pair.endpoint.transport.sendto("y");
  pair.endpoint.transport.close();
  client.close();
  co_await until(answers, 22);
  while (pair.endpoint.protocol->events.size() < 2) co_await sock_recv(pair.peer, 10);
  server.abort();
  co_await until(echo, 22);
}

TEST_F(DatagramTransportTest, ALoopDestroyedAfterEachStep) {
  run(everything());
  destroy_at_every_step<RealLoop>(everything);
}

}  // namespace
}  // namespace corolla_tests
