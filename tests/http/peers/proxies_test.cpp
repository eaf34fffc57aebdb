// SPDX-License-Identifier: Apache-2.0
// Real proxies: tinyproxy, squid and mitmproxy (HTTP, with CONNECT), microsocks and dante (SOCKS5).
#include "tests/http/client/https_test.hpp"
#include "tests/http/peers/peer.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net.hpp>

#include <vector>

namespace corolla::test {
namespace {

class ProxyPeersTest : public SessionTest {};

Coro<Peer> start_tinyproxy(const corolla_tests::TemporaryDirectory& directory) {
  const auto command = [&](const std::string& port) {
    corolla_tests::write_whole_file(directory / "conf", "Port " + port +
                                                            "\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n"
                                                            "BasicAuth user pass\nDisableViaHeader Yes\n");
    return std::vector<std::string>{"tinyproxy", "-d", "-c", directory / "conf"};
  };
  co_return co_await start_peer(command);
}

Coro<Peer> start_microsocks() {
  const auto command = [](const std::string& port) {
    return std::vector<std::string>{"microsocks", "-i", "127.0.0.1", "-p", port, "-u", "user", "-P", "pass"};
  };
  co_return co_await start_peer(command);
}

Coro<Peer> start_squid(const corolla_tests::TemporaryDirectory& directory) {
  const auto command = [&](const std::string& port) {
    corolla_tests::write_whole_file(directory / "conf",
                                    "http_port 127.0.0.1:" + port +
                                        "\npid_filename none\ncache deny all\naccess_log none\ncache_log /dev/null\n"
                                        "cache_store_log none\nshutdown_lifetime 0 seconds\npinger_enable off\n"
                                        "acl first port 1\nhttp_access deny first\nhttp_access allow all\n");
    return std::vector<std::string>{"squid", "-N", "-f", directory / "conf"};
  };
  co_return co_await start_peer(command);
}

Coro<Peer> start_mitmproxy(const corolla_tests::TemporaryDirectory& directory) {
  const auto command = [&](const std::string& port) {
    return std::vector<std::string>{"mitmdump",      "-q",
                                    "--listen-host", "127.0.0.1",
                                    "--listen-port", port,
                                    "--proxyauth",   "user:pass",
                                    "--set",         "confdir=" + (directory / "mitm"),
                                    "--ssl-insecure"};
  };
  co_return co_await start_peer(command);
}

Coro<Peer> start_dante(const corolla_tests::TemporaryDirectory& directory) {
  const auto command = [&](const std::string& port) {
    corolla_tests::write_whole_file(directory / "conf", "logoutput: " + (directory / "log") +
                                                            "\ninternal: 127.0.0.1 port = " + port +
                                                            "\nexternal: lo\nclientmethod: none\nsocksmethod: none\n"
                                                            "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
                                                            "socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 1 }\n"
                                                            "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n");
    return std::vector<std::string>{"danted", "-f", directory / "conf", "-p", directory / "pid", "-N", "1"};
  };
  co_return co_await start_peer(command);
}

Coro<http::ServerResponse> say_path(http::ServerRequest& request) {
  if (request.headers().contains("Upgrade")) {
    auto accepting = http::accept_websocket(request);
    http::WebSocket ws = co_await std::move(accepting);
    const http::WsMessage message = co_await ws.receive();
    co_await ws.send_text(message.data);
    co_await ws.close();
    co_return request.respond();
  }
  co_return http::ServerResponse(200, std::string(request.path()));
}

// Pages over http and https, several at a time, and a WebSocket.
Coro<void> fetch_through(std::string proxy, TlsContext trusted = trusting()) {
  auto starting = http::serve(say_path, "127.0.0.1", 0);
  auto plain = co_await std::move(starting);
  http::WebServerOptions secure_options;
  secure_options.ssl = serving();
  auto starting_secure = http::serve(say_path, "127.0.0.1", 0, secure_options);
  auto secure = co_await std::move(starting_secure);
  {
    SessionOptions options = with(std::move(trusted));
    options.proxy = http::Url::parse(proxy);
    Session session(options);
    for (const std::string& base : {plain.url(), secure.url()}) {
      std::vector<Coro<std::string>> pages;
      for (int i = 0; i < 5; ++i) pages.push_back(fetch(session, base + std::to_string(i)));
      const auto texts = co_await gather(pages);
      EXPECT_EQ(texts, (std::vector<std::string>{"/0", "/1", "/2", "/3", "/4"})) << proxy;
      auto asking = session.get(base + "again").send();
      auto again = co_await std::move(asking);
      EXPECT_EQ(again.version() == http::HttpVersion::kHttp2, base.starts_with("https:")) << "in the tunnel " << proxy;
      const std::string text = co_await again.text();
      EXPECT_EQ(text, "/again");
      auto connecting = session.ws_connect("ws" + base.substr(4));
      http::WebSocket ws = co_await std::move(connecting);
      co_await ws.send_text("hello");
      const http::WsMessage message = co_await ws.receive();
      EXPECT_EQ(message.data, "hello") << proxy;
      co_await ws.close();
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
    Peer peer = co_await std::move(starting);
    co_await fetch_through("http://user:pass@127.0.0.1:" + peer.port);
    const auto wrong = co_await refusal("http://user:wrong@127.0.0.1:" + peer.port, "https://127.0.0.1:1/");
    EXPECT_NE(wrong.find("opens no tunnel to 127.0.0.1:1: 401 "), std::string::npos) << wrong;
    const auto none = co_await refusal("http://127.0.0.1:" + peer.port, "https://127.0.0.1:1/");
    EXPECT_NE(none.find("opens no tunnel to 127.0.0.1:1: 407 "), std::string::npos) << none;
    const auto forwarded = co_await refusal("http://127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_EQ(forwarded, "407");
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  });
}

TEST_F(ProxyPeersTest, Microsocks) {
  run_test([]() -> Coro<void> {
    auto starting = start_microsocks();
    Peer peer = co_await std::move(starting);
    co_await fetch_through("socks5://user:pass@127.0.0.1:" + peer.port);
    co_await fetch_through("socks5h://user:pass@127.0.0.1:" + peer.port);
    const auto wrong = co_await refusal("socks5h://user:wrong@127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_NE(wrong.find("refuses the user or the password"), std::string::npos) << wrong;
    const auto nobody = co_await refusal("socks5h://user:pass@127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_NE(nobody.find("was refused"), std::string::npos) << nobody;
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  });
}

TEST_F(ProxyPeersTest, Squid) {
  const corolla_tests::TemporaryDirectory directory;
  run_test([&]() -> Coro<void> {
    auto starting = start_squid(directory);
    Peer peer = co_await std::move(starting);
    co_await fetch_through(peer.url());
    const auto denied = co_await refusal(peer.url(), "https://127.0.0.1:1/");
    EXPECT_NE(denied.find("opens no tunnel to 127.0.0.1:1: 403 "), std::string::npos) << denied;
    const auto forwarded = co_await refusal(peer.url(), "http://127.0.0.1:1/");
    EXPECT_EQ(forwarded, "403");
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  });
}

// It answers for https sites itself, with certificates of its own authority.
TEST_F(ProxyPeersTest, Mitmproxy) {
  const corolla_tests::TemporaryDirectory directory;
  run_test([&]() -> Coro<void> {
    auto starting = start_mitmproxy(directory);
    Peer peer = co_await std::move(starting);
    const std::string proxy = "http://user:pass@127.0.0.1:" + peer.port;
    const auto untrusted = co_await outcome(fetch_through(proxy));
    EXPECT_NE(untrusted.error_message().find("certificate"), std::string::npos) << untrusted.error_message();
    TlsContext trusting_it = TlsContext::client();
    trusting_it.load_verify_locations(directory / "mitm/mitmproxy-ca-cert.pem");
    co_await fetch_through(proxy, trusting_it);
    const auto wrong = co_await refusal("http://user:wrong@127.0.0.1:" + peer.port, "https://127.0.0.1:1/");
    EXPECT_NE(wrong.find("opens no tunnel to 127.0.0.1:1: 407 "), std::string::npos) << wrong;
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  });
}

TEST_F(ProxyPeersTest, Dante) {
  const corolla_tests::TemporaryDirectory directory;
  run_test([&]() -> Coro<void> {
    auto starting = start_dante(directory);
    Peer peer = co_await std::move(starting);
    co_await fetch_through("socks5://127.0.0.1:" + peer.port);
    co_await fetch_through("socks5h://127.0.0.1:" + peer.port);
    const auto blocked = co_await refusal("socks5h://127.0.0.1:" + peer.port, "http://127.0.0.1:1/");
    EXPECT_NE(blocked.find("does not allow it"), std::string::npos) << blocked;
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  });
}

}  // namespace
}  // namespace corolla::test
