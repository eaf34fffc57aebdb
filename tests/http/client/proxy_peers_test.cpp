// SPDX-License-Identifier: Apache-2.0
// Real proxies: tinyproxy (HTTP, with CONNECT) and microsocks (SOCKS5).
#include "tests/http/client/https_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/net.hpp>

#include <vector>

namespace corolla::test {
namespace {

class ProxyPeersTest : public SessionTest {};

// A port that was free a moment ago.
std::string some_port() {
  Socket socket = Socket::create(SocketAddress::Family::kIPv4);
  socket.bind(SocketAddress::ip("127.0.0.1", 0));
  return std::to_string(socket.sockname().port());
}

struct ProxyPeer {
  ProxyPeer(Process started, std::string at) : process(std::move(started)), port(std::move(at)) {}
  Process process;
  std::string port;
};

// Starts `command(port)` until one serves: somebody else may take the port meanwhile.
template <class Command>
Coro<ProxyPeer> start_peer(Command command) {
  for (;;) {
    const std::string port = some_port();
    SubprocessOptions quiet;
    quiet.stdout_to = quiet.stderr_to = Stdio::kDevNull;
    std::vector<std::string> argv = command(port);
    auto starting = create_subprocess_exec(std::move(argv), quiet);
    Process process = co_await std::move(starting);
    while (!process.returncode()) {
      const auto number = static_cast<std::uint16_t>(std::stoul(port));
      auto connecting = connect_tcp("127.0.0.1", number);
      const auto connected = co_await outcome(std::move(connecting));
      if (connected) co_return ProxyPeer(std::move(process), port);
      co_await sleep(5ms);
    }
  }
}

Coro<ProxyPeer> start_tinyproxy(const corolla_tests::TemporaryDirectory& directory) {
  const auto command = [&](const std::string& port) {
    corolla_tests::write_whole_file(directory / "conf", "Port " + port +
                                                            "\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n"
                                                            "BasicAuth user pass\nDisableViaHeader Yes\n");
    return std::vector<std::string>{"tinyproxy", "-d", "-c", directory / "conf"};
  };
  co_return co_await start_peer(command);
}

Coro<ProxyPeer> start_microsocks() {
  const auto command = [](const std::string& port) {
    return std::vector<std::string>{"microsocks", "-i", "127.0.0.1", "-p", port, "-u", "user", "-P", "pass"};
  };
  co_return co_await start_peer(command);
}

Coro<http::ServerResponse> say_path(http::ServerRequest& request) {
  co_return http::ServerResponse(200, std::string(request.path()));
}

// Pages over http and https, several at a time.
Coro<void> fetch_through(std::string proxy) {
  auto starting = http::serve(say_path, "127.0.0.1", 0);
  auto plain = co_await std::move(starting);
  http::WebServerOptions secure_options;
  secure_options.ssl = serving();
  auto starting_secure = http::serve(say_path, "127.0.0.1", 0, secure_options);
  auto secure = co_await std::move(starting_secure);
  {
    SessionOptions options = with(trusting());
    options.proxy = http::Url::parse(proxy);
    Session session(options);
    for (const std::string& base : {plain.url(), secure.url()}) {
      std::vector<Coro<std::string>> pages;
      for (int i = 0; i < 5; ++i) pages.push_back(fetch(session, base + std::to_string(i)));
      const auto texts = co_await gather(pages);
      EXPECT_EQ(texts, (std::vector<std::string>{"/0", "/1", "/2", "/3", "/4"})) << proxy;
      const auto again = co_await fetch(session, base + "again");
      EXPECT_EQ(again, "/again");
    }
  }
  auto stopping = plain.shutdown();
  co_await std::move(stopping);
  auto stopping_secure = secure.shutdown();
  co_await std::move(stopping_secure);
}

Coro<std::string> refusal(std::string proxy, std::string url) {
  SessionOptions options;
  options.proxy = http::Url::parse(proxy);
  Session session(options);
  auto asking = session.get(url).send();
  const auto result = co_await outcome(std::move(asking));
  co_return result ? std::to_string(result->status()) : result.error_message();
}

TEST_F(ProxyPeersTest, Tinyproxy) {
  const corolla_tests::TemporaryDirectory directory;
  run_test([&]() -> Coro<void> {
    auto starting = start_tinyproxy(directory);
    ProxyPeer peer = co_await std::move(starting);
    co_await fetch_through("http://user:pass@127.0.0.1:" + peer.port);
    const auto wrong = co_await refusal("http://user:wrong@127.0.0.1:" + peer.port, "https://127.0.0.1:1/");
    EXPECT_NE(wrong.find("opens no tunnel to 127.0.0.1:1: 401 "), std::string::npos) << wrong;
    const auto none = co_await refusal("http://127.0.0.1:" + peer.port, "https://127.0.0.1:1/");
    EXPECT_NE(none.find("opens no tunnel to 127.0.0.1:1: 407 "), std::string::npos) << none;
    const auto forwarded = co_await refusal("http://127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_EQ(forwarded, "407");
    peer.process.terminate();
    co_await peer.process.wait();
  });
}

TEST_F(ProxyPeersTest, Microsocks) {
  run_test([]() -> Coro<void> {
    auto starting = start_microsocks();
    ProxyPeer peer = co_await std::move(starting);
    co_await fetch_through("socks5://user:pass@127.0.0.1:" + peer.port);
    co_await fetch_through("socks5h://user:pass@127.0.0.1:" + peer.port);
    const auto wrong = co_await refusal("socks5h://user:wrong@127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_NE(wrong.find("refuses the user or the password"), std::string::npos) << wrong;
    const auto nobody = co_await refusal("socks5h://user:pass@127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_NE(nobody.find("was refused"), std::string::npos) << nobody;
    peer.process.terminate();
    co_await peer.process.wait();
  });
}

}  // namespace
}  // namespace corolla::test
