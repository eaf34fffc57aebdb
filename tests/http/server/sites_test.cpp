// SPDX-License-Identifier: Apache-2.0
// Several sites of one application, shared ports, adopted sockets. Both backends.
#include "tests/http/server/application_test.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/net/connect.hpp>
#include <corolla/net/sock.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/net/tls.hpp>

#include <filesystem>

#include <unistd.h>

namespace corolla_tests {
namespace {

using SitesTest = ApplicationTest;

Coro<std::string> ask_on(ByteStream stream) {
  Client client(std::move(stream));
  auto asking = client.ask(get("/"));
  const Reply reply = co_await std::move(asking);
  co_return reply.body;
}

Socket bound(const SocketAddress& address) {
  Socket socket = Socket::create(address.family());
  socket.bind(address);
  return socket;
}

TEST_F(SitesTest, OneApplicationOnTcpUnixAndTls) {
  TemporaryDirectory directory;
  const std::string path = directory / "socket";
  static_cast<void>(authorities());
  run_test([&]() -> Coro<void> {
    int requests = 0;
    Application app;
    app.add_get("/", [&requests](ServerRequest& request) -> Coro<ServerResponse> {
      co_return ServerResponse(200, std::string(request.scheme()) + " " + std::to_string(++requests));
    });
    http::AppRunner runner(app);
    co_await runner.start("127.0.0.1", 0);
    const std::vector<SocketAddress> addresses = {SocketAddress::unix_path(path)};
    co_await runner.start(addresses);
    WebServerOptions secure = runner.options();
    secure.ssl = TlsContext::server();
    secure.ssl.use_cert_chain(authorities().chain(), authorities().host.key_pem());
    co_await runner.start("127.0.0.1", 0, secure);

    EXPECT_EQ(runner.sites().size(), 3U);
    EXPECT_EQ(runner.sites()[1].url(), "unix:" + path);
    EXPECT_EQ(runner.sites()[2].url(), "https://127.0.0.1:" + std::to_string(runner.sites()[2].port()) + "/");
    auto plain = connect_tcp("127.0.0.1", runner.port());
    const auto first = co_await ask_on(co_await std::move(plain));
    EXPECT_EQ(first, "http 1");
    auto local = connect_to(addresses.front());
    const auto second = co_await ask_on(co_await std::move(local));
    EXPECT_EQ(second, "http 2");
    TlsContext trusting = TlsContext::client();
    trusting.load_verify_locations("", "", authorities().root.pem());
    auto securing = connect_tls("127.0.0.1", runner.sites()[2].port(), trusting);
    const auto third = co_await ask_on(co_await std::move(securing));
    EXPECT_EQ(third, "https 3");
    co_await runner.cleanup();
    EXPECT_FALSE(std::filesystem::exists(path));
  });
}

TEST_F(SitesTest, AreWaitedForAtATimeAndCutTogether) {
  run_test([]() -> Coro<void> {
    std::string trace;
    Future<void> both = get_running_loop().create_future();
    Future<void> shutting = get_running_loop().create_future();
    int arrived = 0;
    Application app;
    app.add_get("/", [&](ServerRequest&) -> Coro<ServerResponse> {
      if (++arrived == 2) both.set_result();
      try {
        co_await sleep(1h);
      } catch (const CancelledError&) {
        trace += "cut ";
        throw;
      }
      co_return ServerResponse(200);
    });
    app.on_shutdown([&](Application) -> Coro<void> {
      shutting.set_result();
      co_return;
    });
    app.on_cleanup([&](Application) -> Coro<void> {
      trace += "cleanup";
      co_return;
    });
    WebServerOptions options;
    options.shutdown_timeout = 1h;
    http::AppRunner runner(app, options);
    co_await runner.start("127.0.0.1", 0);
    co_await runner.start("127.0.0.1", 0);
    auto first = create_task(outcome(ask_once(runner.sites()[0].port(), get("/"))));
    auto second = create_task(outcome(ask_once(runner.sites()[1].port(), get("/"))));
    co_await both;
    auto ending = create_task(runner.cleanup());
    co_await shutting;
    co_await sleep(0s);
    EXPECT_FALSE(ending.done());
    ending.cancel();
    const auto ended = co_await outcome(ending);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(trace, "cut cut cleanup") << "the handlers have ended when the application does";
    const auto first_reply = co_await first;
    EXPECT_FALSE(first_reply.has_value());
    const auto second_reply = co_await second;
    EXPECT_FALSE(second_reply.has_value());
  });
}

TEST_F(SitesTest, SeveralServersOnOnePort) {
  run_test([]() -> Coro<void> {
    auto one = [](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, "one"); };
    auto two = [](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, "two"); };
    WebServerOptions options;
    options.reuse_port = true;
    auto first = co_await start(one, options);
    const std::uint16_t port = first.port();
    const auto refused = co_await outcome(http::serve(two, "127.0.0.1", port));
    EXPECT_NE(refused.error_message().find("in use"), std::string::npos) << refused.error_message();
    auto second = co_await http::serve(two, "127.0.0.1", port, options);
    EXPECT_EQ(second.port(), port);
    co_await first.shutdown();
    for (int i = 0; i < 8; ++i) {
      const Reply reply = co_await ask_once(port, get("/"));
      EXPECT_EQ(reply.body, "two");
    }
    co_await second.shutdown();
  });
}

TEST_F(SitesTest, SocketsAreAdopted) {
  TemporaryDirectory directory;
  const std::string path = directory / "socket";
  run_test([&]() -> Coro<void> {
    Socket socket = bound(SocketAddress::ip("127.0.0.1", 0));
    const std::uint16_t port = socket.sockname().port();
    socket.listen();
    auto server = co_await http::serve(hello, std::move(socket));  // one that listens already
    EXPECT_EQ(server.port(), port);
    const Reply reply = co_await ask_once(port, get("/"));
    EXPECT_EQ(reply.body, "hello");
    co_await server.shutdown();

    Socket ours = bound(SocketAddress::ip("127.0.0.1", 0));
    Socket theirs = Socket::adopt(::dup(ours.descriptor()));
    auto shared = co_await http::serve(hello, std::move(ours));
    const Reply shared_reply = co_await ask_once(shared.port(), get("/"));
    EXPECT_EQ(shared_reply.body, "hello");
    co_await shared.shutdown();
    auto knocking = connect_to(theirs.sockname());  // who has the socket, too, goes on listening
    auto accepting = sock_accept(theirs);
    ByteStream knocked = co_await std::move(knocking);
    static_cast<void>(co_await std::move(accepting));

    Application app;
    app.add_get("/", say("app"));
    http::AppRunner runner(app);
    co_await runner.start(bound(SocketAddress::unix_path(path)));
    auto connecting = connect_to(SocketAddress::unix_path(path));
    const auto body = co_await ask_on(co_await std::move(connecting));
    EXPECT_EQ(body, "app");
    co_await runner.cleanup();
    EXPECT_TRUE(std::filesystem::exists(path)) << "its file belongs to who bound it";
  });
}

TEST_F(SitesTest, WhatCannotBeAdoptedIsRefused) {
  run_test([]() -> Coro<void> {
    Socket datagrams = Socket::create(SocketAddress::Family::kIPv4, Socket::Type::kDatagram);
    const auto wrong = co_await outcome(http::serve(hello, std::move(datagrams)));
    EXPECT_NE(wrong.error_message().find("a stream socket is needed"), std::string::npos) << wrong.error_message();
    const auto none = co_await outcome(http::serve(hello, Socket()));
    EXPECT_FALSE(none.has_value());
    auto pair = Socket::pair();
    const auto connected = co_await outcome(http::serve(hello, std::move(pair.first)));
    EXPECT_FALSE(connected.has_value()) << "it cannot listen";
  });
}

}  // namespace
}  // namespace corolla_tests
