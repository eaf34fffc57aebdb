// SPDX-License-Identifier: Apache-2.0
#include "tests/net/transport/transport_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <netinet/in.h>

namespace corolla_tests {
namespace {

class CreateConnectionTest : public NetTest {};

std::shared_ptr<Recorder> recorder() { return std::make_shared<Recorder>(); }

int socket_of(int family, int type) { return ::socket(family, type | SOCK_CLOEXEC, 0); }

TEST_F(CreateConnectionTest, GivesBothHandlesAfterConnectionMade) {
  run([]() -> Coro<void> {
    auto server = co_await create_server([] { return std::make_shared<EchoProtocol>(); }, "127.0.0.1", 0);
    auto [transport, protocol] = co_await create_connection(recorder, "127.0.0.1", server.port());
    static_assert(std::is_same_v<decltype(protocol), std::shared_ptr<Recorder>>);
    EXPECT_EQ(protocol->events, Events{"made"});
    EXPECT_EQ(transport.get_protocol(), protocol);
    EXPECT_EQ(transport.peername(), SocketAddress::ip("127.0.0.1", server.port()));
    EXPECT_EQ(transport.sockname().host(), "127.0.0.1");
    EXPECT_GE(transport.descriptor(), 0);
    EXPECT_EQ(transport.tls(), nullptr);
    transport.write("hello");
    transport.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "data hello", "eof", "lost"}));
  }());
}

TEST_F(CreateConnectionTest, TheTaskGoesOnInTheIterationAfterConnectionMade) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    std::string order;
    const auto factory = [&order] {
      auto protocol = std::make_shared<Recorder>();
      protocol->on_made = [&order] {
        order += "m";
        get_running_loop().call_soon([&order] { order += "c"; });
      };
      return protocol;
    };
    auto connecting = create_connection(factory, std::move(near));
    auto [transport, protocol] = co_await std::move(connecting);
    EXPECT_EQ(order, "mc");
    transport.abort();
    co_await sleep(0s);
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(CreateConnectionTest, FailuresReachTheCallerAndCallNoFactory) {
  run([]() -> Coro<void> {
    const int bound = socket_of(AF_INET, SOCK_STREAM);  // a port nobody listens on
    const SocketAddress any = SocketAddress::ip("127.0.0.1", 0);
    EXPECT_EQ(::bind(bound, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size())), 0);
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    ::getsockname(bound, reinterpret_cast<sockaddr*>(&local), &size);
    int called = 0;
    const auto factory = [&called] {
      ++called;
      return std::make_shared<Recorder>();
    };
    auto connecting = create_connection(factory, "127.0.0.1", SocketAddress(&local, size).port());
    const auto refused = co_await outcome(std::move(connecting));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::connection_refused);
    ::close(bound);
    auto unix_connecting = create_unix_connection(factory, "/nonexistent/socket");
    const auto missing = co_await outcome(std::move(unix_connecting));
    EXPECT_EQ(os_error_of(missing.error()), std::errc::no_such_file_or_directory);
    EXPECT_EQ(called, 0);
  }());
}

TEST_F(CreateConnectionTest, WhatAFactoryThrowsReachesTheCallerAndClosesTheConnection) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    const auto factory = []() -> std::shared_ptr<Recorder> { throw ValueError("of the factory"); };
    auto connecting = create_connection(factory, std::move(near));
    const auto failed = co_await outcome(std::move(connecting));
    EXPECT_TRUE(failed_with<ValueError>(failed));
    const auto received = co_await far.receive();
    EXPECT_EQ(received, "");
    auto [other, end] = testkit::memory_stream_pair();
    const auto none = [] { return std::shared_ptr<Recorder>(); };
    auto without = create_connection(none, std::move(other));
    const auto refused = co_await outcome(std::move(without));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(CreateConnectionTest, CancelledItClosesTheConnection) {
  run_virtual([]() -> Coro<void> {
    for (int iterations = 0; iterations < 3; ++iterations) {
      auto [near, far] = testkit::memory_stream_pair();
      auto made = std::make_shared<Recorder>();
      const auto factory = [made] { return made; };
      auto connecting = create_task(create_connection(factory, std::move(near)));
      for (int i = 0; i < iterations; ++i) co_await sleep(0s);
      connecting.cancel();
      const auto cancelled = co_await outcome(connecting);
      EXPECT_TRUE(cancelled.cancelled()) << iterations;
      co_await sleep(1ms);
      EXPECT_EQ(made->events, iterations == 0 ? Events{} : (Events{"made", "lost"})) << iterations;
      const auto received = co_await far.receive();
      EXPECT_EQ(received, "");
    }
  }());
}

TEST_F(CreateConnectionTest, OnASocketOfOnesOwn) {
  run([]() -> Coro<void> {
    for (const bool accepted : {false, true}) {
      int ends[2] = {-1, -1};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      Peer peer(ends[1]);
      auto opening = accepted ? connect_accepted_socket(recorder, ends[0]) : create_connection(recorder, ends[0]);
      auto [transport, protocol] = co_await std::move(opening);
      EXPECT_EQ(transport.descriptor(), ends[0]);
      transport.write("out");
      peer.send("in");
      peer.shut_down_sending();
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_EQ(protocol->events, (Events{"made", "data in", "eof", "lost"}));
      EXPECT_EQ(peer.take(), "out");
    }
  }());
}

TEST_F(CreateConnectionTest, ASocketOfAnotherKindIsRefusedAndClosed) {
  run([]() -> Coro<void> {
    EXPECT_THROW(static_cast<void>(create_connection(recorder, socket_of(AF_INET, SOCK_DGRAM))), ValueError);
    EXPECT_THROW(static_cast<void>(connect_accepted_socket(recorder, socket_of(AF_INET, SOCK_DGRAM))), ValueError);
    EXPECT_THROW(static_cast<void>(connect_accepted_socket(recorder, -1)), OSError);
    co_return;
  }());
}

TEST_F(CreateConnectionTest, ANameToCheckNeedsTls) {
  run([]() -> Coro<void> {
    ConnectOptions options;
    options.server_hostname = "example.org";
    auto connecting = create_connection(recorder, "127.0.0.1", 1, options);
    const auto failed = co_await outcome(std::move(connecting));
    EXPECT_TRUE(failed_with<ValueError>(failed));
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const Peer peer(ends[1]);
    auto on_socket = create_connection(recorder, ends[0], options);
    const auto refused = co_await outcome(std::move(on_socket));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(CreateConnectionTest, OverAUnixSocket) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    auto server = co_await create_unix_server([] { return std::make_shared<EchoProtocol>(); }, path);
    auto [transport, protocol] = co_await create_unix_connection(recorder, path);
    EXPECT_EQ(transport.peername().host(), path);
    transport.write("hello");
    transport.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "data hello", "eof", "lost"}));
  }(directory / "socket"));
}

TEST_F(CreateConnectionTest, OnTheTwoEndsOfAPipe) {
  run([]() -> Coro<void> {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    auto [input, reading] = co_await connect_read_pipe(recorder, ends[0]);
    auto [output, writing] = co_await connect_write_pipe(recorder, ends[1]);
    const std::string bytes = pattern(300'000);
    output.write(bytes);
    output.close();
    auto written = output.wait_closed();
    co_await std::move(written);
    auto read = input.wait_closed();
    co_await std::move(read);
    EXPECT_EQ(reading->events, (Events{"made", "data " + bytes, "eof", "lost"}));
    EXPECT_EQ(writing->events, (Events{"made", "pause", "resume", "lost"}));
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    auto [lonely, told] = co_await connect_write_pipe(recorder, ends[1]);
    ::close(ends[0]);
    auto gone = lonely.wait_closed();
    co_await std::move(gone);
    EXPECT_EQ(told->events, (Events{"made", "eof", "lost"}));
  }());
}

TEST_F(CreateConnectionTest, SurvivesTheLoopAtEveryStep) {
  auto body = []() -> Coro<void> {
    auto server = co_await create_server([] { return std::make_shared<EchoProtocol>(); }, "127.0.0.1", 0);
    auto [transport, protocol] = co_await create_connection(recorder, "127.0.0.1", server.port());
    transport.write("hello");
    transport.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    server.close();
    co_await server.wait_closed();
  };
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests
