// SPDX-License-Identifier: Apache-2.0
// Requests through proxies that say what the test wants.
#include "tests/http/client/https_test.hpp"
#include "tests/http/client/tunnel_proxy.hpp"

#include <corolla/http/web_server.hpp>

namespace corolla::test {
namespace {

using namespace std::string_literals;

class ProxyTest : public SessionTest {};

SessionOptions through(const std::string& proxy) {
  SessionOptions options;
  options.proxy = http::Url::parse(proxy);
  return options;
}

TEST_F(ProxyTest, AForwardingProxyIsToldTheWholeUrl) {
  run_test([]() -> Coro<void> {
    ScriptedServer proxy([](const std::string&) { return ok("from the proxy"); });
    co_await proxy.start();
    const std::string at = "127.0.0.1:" + std::to_string(proxy.port());
    Session session(through("http://user:pass@" + at));
    for (const char* path : {"/a?b#c", "/d"}) {
      const auto text = co_await fetch(session, std::string("http://nowhere.test:8080") + path);
      EXPECT_EQ(text, "from the proxy");
    }
    EXPECT_TRUE(
        proxy.requests().at(0).starts_with("GET http://nowhere.test:8080/a?b HTTP/1.1\r\n"
                                           "Host: nowhere.test:8080\r\n"));
    EXPECT_NE(proxy.requests().at(0).find("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), std::string::npos);
    EXPECT_EQ(proxy.connections(), 1) << "kept";
    co_await fetch(session, "http://elsewhere.test/");
    EXPECT_TRUE(proxy.requests().at(2).starts_with("GET http://elsewhere.test/ HTTP/1.1\r\nHost: elsewhere.test\r\n"));
  });
}

TEST_F(ProxyTest, OneRequestsProxyAndNone) {
  run_test([]() -> Coro<void> {
    ScriptedServer proxy([](const std::string&) { return ok("proxy"); });
    ScriptedServer server([](const std::string&) { return ok("server"); });
    co_await proxy.start();
    co_await server.start();
    SessionOptions options = through("http://127.0.0.1:1");  // nobody
    options.no_proxy = "127.0.0.0/8";
    Session session(options);
    const auto straight = co_await fetch(session, server.url());
    EXPECT_EQ(straight, "server");
    auto asking = session.get(server.url()).proxy(http::Url::parse(proxy.url()));
    auto response = co_await std::move(asking);
    const auto text = co_await response.text();
    EXPECT_EQ(text, "proxy") << "a connection that was kept without one is not used";
    const auto again = co_await fetch(session, server.url());
    EXPECT_EQ(again, "server");
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(server.requests().at(0).find("Proxy-"), std::string::npos);
    const auto refused =
        co_await error_of<http::ClientProxyConnectionError>(session.get("http://nowhere.test/").send());
    EXPECT_NE(refused.find("cannot connect to the proxy 127.0.0.1:1"), std::string::npos) << refused;
  });
}

// What is said to the proxy is encrypted for the proxy, and what goes through it for the server once more.
TEST_F(ProxyTest, OverTls) {
  run_test([]() -> Coro<void> {
    ServerOptions secured;
    secured.ssl = serving();
    ScriptedServer forwarding([](const std::string&) { return ok("from the proxy"); });
    co_await forwarding.start(secured);
    const auto at = [](std::uint16_t port) { return "https://user:pass@localhost:" + std::to_string(port); };
    SessionOptions options = through(at(forwarding.port()));
    options.ssl = trusting();
    {
      Session session(options);
      const auto text = co_await fetch(session, "http://nowhere.test/a");
      EXPECT_EQ(text, "from the proxy");
      EXPECT_TRUE(
          forwarding.requests().at(0).starts_with("GET http://nowhere.test/a HTTP/1.1\r\nHost: nowhere.test\r\n"));
      EXPECT_NE(forwarding.requests().at(0).find("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), std::string::npos);
    }
    TunnelProxy tunnelling;
    co_await tunnelling.start(secured);
    http::WebServerOptions server_options;
    server_options.ssl = serving();
    auto starting = http::serve(
        [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
          co_return http::ServerResponse(200, std::string(to_string(request.version())));
        },
        "127.0.0.1", 0, server_options);
    auto server = co_await std::move(starting);
    options.proxy = http::Url::parse(at(tunnelling.port()));
    {
      Session session(options);
      const auto text = co_await fetch(session, server.url());
      EXPECT_EQ(text, "HTTP/2");
      EXPECT_EQ(tunnelling.requests().size(), 1U);
      EXPECT_NE(tunnelling.requests().at(0).find("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), std::string::npos);
    }
    options.proxy = http::Url::parse("https://127.0.0.2:" + std::to_string(forwarding.port()));
    options.local_address = SocketAddress::ip("127.0.0.1", 0);
    {
      Session session(options);
      for (const std::string& url : {server.url(), std::string("http://nowhere.test/")}) {
        const auto error = co_await error_of<http::ClientProxyConnectionError>(session.get(url).send());
        EXPECT_NE(error.find("cannot connect to the proxy 127.0.0.2:"), std::string::npos) << error;
      }
    }
    options.proxy = http::Url::parse(at(forwarding.port()));
    options.ssl = TlsContext::client();
    {
      Session careful(options);
      const auto error = co_await error_of<http::ClientSSLError>(careful.get("http://nowhere.test/").send());
      EXPECT_EQ(error.find("the proxy localhost:"), 0U) << error;
      EXPECT_NE(error.find("is refused"), std::string::npos) << error;
      EXPECT_EQ(forwarding.requests().size(), 1U) << "nothing was said to somebody else";
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
    co_await tunnelling.finish();
    co_await forwarding.finish();
  });
}

TEST_F(ProxyTest, ATunnelThatIsNotOpened) {
  run_test([]() -> Coro<void> {
    ScriptedServer proxy([](const std::string& request) {
      if (request.starts_with("CONNECT want.test:443 "))
        return "HTTP/1.1 407 Credentials Please\r\nContent-Length: 0\r\n\r\n";
      if (request.starts_with("CONNECT junk.test:443 ")) return "SSH-2.0-OpenSSH\r\n\r\n";
      if (request.starts_with("CONNECT [::1]:444 ")) return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 No\r\n\r\n";
      return "";
    });
    co_await proxy.start();
    Session session(through("http://user:pass@127.0.0.1:" + std::to_string(proxy.port())));
    auto wanting = co_await outcome(session.get("https://want.test/path").header("Authorization", "secret").send());
    try {
      std::rethrow_exception(wanting.error());
    } catch (const http::ClientHttpProxyError& error) {
      EXPECT_EQ(error.status(), 407);
      EXPECT_NE(std::string(error.what()).find("opens no tunnel to want.test:443: 407 Credentials Please"),
                std::string::npos)
          << error.what();
    }
    EXPECT_EQ(proxy.requests().at(0),
              "CONNECT want.test:443 HTTP/1.1\r\nHost: want.test:443\r\nUser-Agent: corolla\r\n"
              "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
    const auto junk = co_await error_of<http::HttpProtocolError>(session.get("https://junk.test/").send());
    EXPECT_NE(junk, "no error");
    const auto refused = co_await error_of<http::ClientHttpProxyError>(session.get("https://[::1]:444/").send());
    EXPECT_NE(refused.find("502 No"), std::string::npos) << refused;
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

// A SOCKS proxy that sends `answers` one after another, each when something arrived, and keeps what arrived.
Coro<std::string> socks_outcome(std::vector<std::string> answers, std::string url, std::string credentials,
                                std::string* arrived) {
  const auto serve = [&](ByteStream stream) -> Coro<void> {
    for (const std::string& answer : answers) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) co_return;
      arrived->append(bytes).append("|");
      stream.consume(bytes.size());
      co_await stream.send_all(answer);
    }
  };
  auto starting = start_server(serve, "127.0.0.1", 0);
  Server server = co_await std::move(starting);
  Session session(through("socks5h://" + credentials + "127.0.0.1:" + std::to_string(server.port())));
  auto asking = session.get(url).timeout(10s).send();
  const auto result = co_await outcome(std::move(asking));
  server.close();
  server.abort_clients();
  co_await server.wait_closed();
  co_return result ? std::to_string(result->status()) : result.error_message();
}

TEST_F(ProxyTest, WhatASocksProxyMaySay) {
  run_test([]() -> Coro<void> {
    const std::string hello = "\x05\x00"s;
    const std::string done = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;
    const std::string named =
        "\x05\x00\x00\x03\x03"
        "abc"
        "\x00\x00"s;
    const std::string six = "\x05\x00\x00\x04"s + std::string(18, 'x');
    for (const std::string& connected : {done, named, six}) {
      std::string arrived;
      const std::vector<std::string> answers = {hello, connected, ok("")};
      const auto status = co_await socks_outcome(answers, "http://name.test:81/x", "", &arrived);
      EXPECT_EQ(status, "200");
      EXPECT_TRUE(arrived.starts_with("\x05\x01\x00|\x05\x01\x00\x03\x09name.test\x00\x51|GET /x HTTP/1.1\r\n"s));
    }
    struct Case {
      std::vector<std::string> answers;
      const char* error;
    };
    const std::vector<Case> cases = {
        {{"HTTP/1.1 400 Bad\r\n\r\n"}, "does not speak SOCKS5"},
        {{"\x04\x00"s}, "does not speak SOCKS5"},
        {{"\x05\xff"s}, "wants credentials"},
        {{"\x05\x02"s}, "not offered"},
        {{hello, "\x05\x02\x00\x01"s}, "does not allow it"},
        {{hello, "\x05\x03\x00\x01"s}, "cannot reach the network"},
        {{hello, "\x05\x04\x00\x01"s}, "cannot reach the host"},
        {{hello, "\x05\x05\x00\x01"s}, "was refused"},
        {{hello, "\x05\x63\x00\x01"s}, "failed"},
        {{hello, "\x05\x00\x00\x09"s}, "names no address"},
        {{hello, "\x01\x00\x00\x01"s}, "does not speak SOCKS5"},
        {{hello, "\x05\x00\x00\x01\x00"s}, "closed the connection"},
    };
    for (const Case& wrong : cases) {
      std::string arrived;
      const auto error = co_await socks_outcome(wrong.answers, "http://name.test/", "", &arrived);
      EXPECT_NE(error.find(wrong.error), std::string::npos) << error << " instead of " << wrong.error;
    }
  });
}

TEST_F(ProxyTest, SocksCredentials) {
  run_test([]() -> Coro<void> {
    std::string arrived;
    const std::vector<std::string> refusing = {"\x05\x02"s, "\x01\x01"s};
    const auto wrong = co_await socks_outcome(refusing, "http://127.0.0.1/", "us%20er:p%00w@", &arrived);
    EXPECT_NE(wrong.find("refuses the user or the password"), std::string::npos) << wrong;
    EXPECT_EQ(arrived, "\x05\x02\x00\x02|\x01\x05us er\x03p\x00w|"s);
    arrived.clear();
    const std::vector<std::string> not_asking = {"\x05\x00"s, "\x05\x05\x00\x01"s};
    const auto none = co_await socks_outcome(not_asking, "http://[::1]:256/", "a:b@", &arrived);
    EXPECT_NE(none.find("was refused"), std::string::npos) << "credentials that nobody asks for are not sent";
    EXPECT_EQ(arrived, "\x05\x02\x00\x02|\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x01\x00|"s);
  });
}

}  // namespace
}  // namespace corolla::test
