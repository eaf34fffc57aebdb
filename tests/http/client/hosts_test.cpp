// SPDX-License-Identifier: Apache-2.0
// Where a session finds its hosts, and where its connections come from.
#include "tests/http/client/https_test.hpp"
#include "tests/http/client/trace_recorder.hpp"
#include "tests/net/dns/name_server.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/net/socket.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include <netdb.h>

namespace corolla::test {
namespace {

using corolla_tests::NameServer;
namespace dns = corolla_tests::dns;
using Addresses = std::vector<SocketAddress>;

class HostsTest : public SessionTest {};

Coro<http::ServerResponse> tell_host_and_peer(http::ServerRequest& request) {
  const std::string remote = request.remote();
  co_return http::ServerResponse(
      200, std::string(request.headers().get("Host", "")) + " from " + remote.substr(0, remote.find(':')));
}

Coro<http::WebServer> serve_peers(TlsContext context = TlsContext()) {
  http::WebServerOptions options;
  options.ssl = std::move(context);
  auto starting = http::serve(tell_host_and_peer, "127.0.0.1", 0, options);
  co_return co_await std::move(starting);
}

Addresses loopback(std::uint16_t port = 0, const char* host = "127.0.0.1") {
  return Addresses(1, SocketAddress::ip(host, port));
}

TEST_F(HostsTest, PinnedOnesAreAskedThereAndProveTheUrlsName) {
  run_test([]() -> Coro<void> {
    corolla_tests::CertificateRequest wanted("pinned.test");
    wanted.names = "DNS:pinned.test";
    auto starting = serve_peers(serving(Certificate(wanted, &authorities().root)));
    auto server = co_await std::move(starting);
    {
      TraceRecorder trace;
      SessionOptions options = with(trusting());
      options.hosts["Pinned.test:443"] = loopback(server.port());
      options.hosts["*"] = loopback(server.port());
      options.trace_configs = trace.configs();
      Session session(options);
      const auto text = co_await fetch(session, "https://pinned.test/");
      EXPECT_EQ(text, "pinned.test from 127.0.0.1");
      const auto events = trace.take();
      EXPECT_NE(std::find(events.begin(), events.end(), "hit pinned.test"), events.end());
      const auto other =
          co_await error_of<http::ClientConnectorCertificateError>(session.get("https://other.test/").send());
      EXPECT_NE(other.find("other.test"), std::string::npos) << other;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

// The most particular pin counts; then the user's look-up, then the resolver.
TEST_F(HostsTest, PinsThenALookUpOfOnesOwnThenTheResolver) {
  run_test([]() -> Coro<void> {
    std::vector<std::unique_ptr<ScriptedServer>> servers;
    for (const char* name : {"exact", "any port", "looked up", "resolved"}) {
      servers.push_back(std::make_unique<ScriptedServer>([name](const std::string&) { return Reply(ok(name)); }));
      co_await servers.back()->start();
    }
    auto name_server = co_await NameServer::start([](const dns::Query& query) {
      if (query.name != "far.test") return dns::reply(query, dns::kNxDomain, {});
      return dns::reply(query, dns::kNoError, {dns::a(query.name, 300, "127.0.0.1")});
    });
    std::vector<std::string> asked;
    TraceRecorder trace;
    SessionOptions options;
    options.hosts["a.test:80"] = loopback(servers[0]->port());
    options.hosts["a.test"] = loopback(servers[1]->port());
    options.hosts
        ["B\xC3\xBC"
         "cher.test:*"] = loopback(servers[1]->port());
    options.hosts["[::1]:80"] = loopback(servers[1]->port());
    options.resolve_host = [&](std::string host, std::uint16_t port) -> Coro<Addresses> {
      asked.push_back(host + ":" + std::to_string(port));
      co_await sleep(0s);
      Addresses found;
      if (host == "broken.test") throw ValueError("the look-up is broken");
      if (host == "gone.test") throw gaierror(EAI_NONAME, "gone.test");
      if (host == "near.test") found.push_back(SocketAddress::ip("127.0.0.1", 0));
      co_return found;
    };
    options.resolver = std::make_shared<Resolver>(name_server->options());
    options.trace_configs = trace.configs();
    {
      Session session(options);
      const std::string near_port = ":" + std::to_string(servers[2]->port());
      const std::string far_port = ":" + std::to_string(servers[3]->port());
      const std::vector<std::pair<std::string, const char*>> cases = {
          {"http://a.test/", "exact"},
          {"http://a.test:81/", "any port"},
          {"http://b\xC3\xBC"
           "cher.test/",
           "any port"},
          {"http://[::1]/", "any port"},
          {"http://near.test" + near_port + "/", "looked up"},
          {"http://far.test" + far_port + "/", "resolved"},
      };
      for (const auto& [url, name] : cases) {
        const auto text = co_await fetch(session, url);
        EXPECT_EQ(text, name) << url;
      }
      const std::vector<std::string> expected = {"near.test" + near_port, "far.test" + far_port};
      EXPECT_EQ(asked, expected);
      static_cast<void>(trace.take());
      const auto gone = co_await error_of<http::ClientConnectorError>(session.get("http://gone.test/").send());
      EXPECT_NE(gone.find("gone.test"), std::string::npos) << gone;
      const auto events = trace.take();
      const std::vector<std::string> told = {"create gone.test:80", "look up gone.test"};
      EXPECT_EQ(std::vector<std::string>(events.begin() + 1, events.end() - 1), told);
      const auto broken = co_await error_of<ValueError>(session.get("http://broken.test/").send());
      EXPECT_EQ(broken, "the look-up is broken");
    }
    for (auto& server : servers) {
      auto finishing = server->finish();
      co_await std::move(finishing);
    }
  });
}

TEST_F(HostsTest, ProxiesAreHostsToo) {
  run_test([]() -> Coro<void> {
    ScriptedServer proxy([](const std::string&) { return ok("by proxy"); });
    co_await proxy.start();
    SessionOptions options;
    options.proxy = http::Url::parse("http://proxy.test:3128");
    options.hosts["proxy.test:3128"] = loopback(proxy.port());
    Session session(options);
    const auto text = co_await fetch(session, "http://unknown.test/");
    EXPECT_EQ(text, "by proxy");
    EXPECT_TRUE(proxy.requests().at(0).starts_with("GET http://unknown.test/ HTTP/1.1\r\n"));
  });
}

TEST_F(HostsTest, PinsThatAreNone) {
  for (const char* wrong : {"", ":80", "a.test:", "a.test:0", "a.test:65536", "a.test:80x", "a b", "a.test/x", "u@a",
                            "http://a.test", "[::1", "[::1]x"}) {
    SessionOptions options;
    options.hosts[wrong] = loopback();
    EXPECT_THROW(Session{options}, ValueError) << wrong;
  }
  SessionOptions options;
  options.hosts["a.test"] = {};
  EXPECT_THROW(Session{options}, ValueError);
}

TEST_F(HostsTest, ConnectionsComeFromALocalAddress) {
  run_test([]() -> Coro<void> {
    auto starting = serve_peers();
    auto server = co_await std::move(starting);
    {
      SessionOptions options;
      options.local_address = SocketAddress::ip("127.0.0.2", 0);
      options.hosts["both.test"] = loopback(server.port(), "::1");
      options.hosts["both.test"].push_back(SocketAddress::ip("127.0.0.1", server.port()));
      options.hosts["six.test"] = loopback(server.port(), "::1");
      Session session(options);
      const auto text = co_await fetch(session, "http://both.test/");
      EXPECT_EQ(text, "both.test from 127.0.0.2");
      const auto none = co_await error_of<http::ClientConnectorError>(session.get("http://six.test/").send());
      EXPECT_NE(none.find("no address of the family of 127.0.0.2"), std::string::npos) << none;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(HostsTest, ConnectionsGoThroughAnInterface) {
  run_test([]() -> Coro<void> {
    auto starting = serve_peers();
    auto server = co_await std::move(starting);
    {
      SessionOptions options;
      options.interface = "lo";
      Session session(options);
      const auto text = co_await fetch(session, server.url());
      EXPECT_EQ(text, "127.0.0.1:" + std::to_string(server.port()) + " from 127.0.0.1");
      options.interface = "nosuch0";
      Session nowhere(options);
      const auto error = co_await error_of<http::ClientConnectorError>(nowhere.get(server.url()).send());
      EXPECT_NE(error.find("bind to the interface nosuch0"), std::string::npos) << error;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

// It makes the socket of each attempt, happy eyeballs' as well.
TEST_F(HostsTest, SocketsOfOnesOwn) {
  run_test([]() -> Coro<void> {
    auto starting = serve_peers();
    auto server = co_await std::move(starting);
    {
      std::vector<std::string> made;
      SessionOptions options;
      options.socket_factory = [&](const SocketAddress& address) {
        made.push_back(address.host());
        if (address.host() == "127.0.0.9") throw OSError(EACCES, "not there");
        Socket socket = Socket::create(address.family());
        socket.bind(SocketAddress::ip("127.0.0.3", 0));
        return socket;
      };
      options.hosts["two.test"] = loopback(server.port(), "127.0.0.9");
      options.hosts["two.test"].push_back(SocketAddress::ip("127.0.0.1", server.port()));
      Session session(options);
      for (int i = 0; i < 2; ++i) {
        const auto text = co_await fetch(session, "http://two.test/");
        EXPECT_EQ(text, "two.test from 127.0.0.3");
      }
      EXPECT_EQ(made, (std::vector<std::string>{"127.0.0.9", "127.0.0.1"})) << "once for one connection";
      options.socket_factory = [](const SocketAddress&) { return Socket(); };
      Session without(options);
      const auto error = co_await error_of<ValueError>(without.get(server.url()).send());
      EXPECT_EQ(error, "socket_factory made no socket");
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

}  // namespace
}  // namespace corolla::test
