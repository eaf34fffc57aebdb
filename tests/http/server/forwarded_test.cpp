// SPDX-License-Identifier: Apache-2.0
// Who the client is, as proxies say; queries by name. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/app_runner.hpp>
#include <corolla/http/forwarded.hpp>

#include <utility>
#include <vector>

namespace corolla_tests {
namespace {

using http::ForwardedOptions;

class ForwardedTest : public ServerTest {
 protected:
  struct Case {
    const char* fields;
    const char* seen;  // remote scheme host
  };
  /// What the handler sees, for each of the cases.
  static Coro<void> expect_seen(ForwardedOptions options, std::vector<Case> cases) {
    Application app;
    app.add_middleware(http::forwarded(std::move(options)));
    app.add_get("/", [](ServerRequest& request) -> Coro<ServerResponse> {
      EXPECT_EQ(request.peername().host(), "127.0.0.1");
      co_return ServerResponse(
          200, request.remote() + " " + std::string(request.scheme()) + " " + std::string(request.host()));
    });
    auto client = co_await http::test_client(app);
    auto connecting = Client::connect(client.port());
    Client connection = co_await std::move(connecting);  // one for all: nothing stays from the request before
    for (const Case& c : cases) {
      const Reply reply = co_await connection.ask(get("/", c.fields));
      EXPECT_EQ(reply.body, c.seen) << c.fields;
    }
    co_await client.close();
  }
};

TEST_F(ForwardedTest, NobodyIsTrustedUnlessNamed) {
  run_test([]() -> Coro<void> {
    ForwardedOptions others;
    others.trusted = {"10.0.0.0/8", "127.0.0.2", "::1", "unix"};
    others.host = true;
    std::vector<Case> cases = {
        {"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: x\r\n", "127.0.0.1 http a"}};
    auto checking = expect_seen(others, std::move(cases));
    co_await std::move(checking);
  });
  ForwardedOptions nonsense;
  for (const char* text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0/8"}) {
    nonsense.trusted = {text};
    EXPECT_THROW(static_cast<void>(http::forwarded(nonsense)), ValueError) << text;
  }
}

TEST_F(ForwardedTest, TheAccessLogSaysWhatTheHandlersSee) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> log;
    WebServerOptions options;
    options.access_log = [&log](const http::AccessRecord& record) {
      std::string line;
      http::append_common_log(line, record);
      log.push_back(line.substr(0, line.find('[')));
    };
    ForwardedOptions trusting;
    trusting.trusted = {"127.0.0.1"};
    trusting.field = ForwardedOptions::Field::kForwarded;
    Application app;
    app.add_middleware(http::forwarded(trusting));
    app.add_get("/", say("hello"));
    http::AppRunner runner(app, options);
    co_await runner.start("127.0.0.1", 0);
    auto connecting = Client::connect(runner.port());
    Client client = co_await std::move(connecting);
    static_cast<void>(co_await client.ask(get("/", "Forwarded: for=1.2.3.4\r\n")));
    static_cast<void>(co_await client.ask(get("/")));
    static_cast<void>(co_await client.ask(get("/", "Forwarded: for=\"_\\\"a b\\\"\"\r\n")));
    co_await runner.cleanup();
    const std::vector<std::string> expected = {"1.2.3.4 - - ", "127.0.0.1 - - ", "_\\x22a\\x20b\\x22 - - "};
    EXPECT_EQ(log, expected);
  });
}

TEST_F(ForwardedTest, XForwardedFromTheRight) {
  run_test([]() -> Coro<void> {
    ForwardedOptions options;
    options.trusted = {"127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"};
    std::vector<Case> cases = {
        {"", "127.0.0.1 http a"},
        {"X-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n", "1.2.3.4 http a"},  // the client's own claim
        {"X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.1.1.1\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4,10.1.1.1\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 10.9.9.9, 10.1.1.1\r\n", "10.9.9.9 http a"},  // all of them trusted: the first
        {"X-Forwarded-For: 1.2.3.4:5678\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 2001:db9::1, [2001:db8::5]:80\r\n", "2001:db9::1 http a"},
        {"X-Forwarded-For: ::ffff:10.0.0.1\r\n", "::ffff:10.0.0.1 http a"},
        {"X-Forwarded-For: 1.2.3.4, ::ffff:10.0.0.1\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: unknown\r\n", "unknown http a"},
        {"X-Forwarded-For: 1.2.3.4, ,\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-Proto: https\r\n", "127.0.0.1 https a"},
        {"X-Forwarded-For: 1.2.3.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n", "1.2.3.4 https a"},
        {"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https, http\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: javascript\r\n", "1.2.3.4 http a"},
        {"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\n", "1.2.3.4 http a"},  // not asked for
        {"Forwarded: for=1.2.3.4\r\n", "127.0.0.1 http a"},                            // the other kind
    };
    auto checking = expect_seen(options, std::move(cases));
    co_await std::move(checking);
    options.host = true;
    std::vector<Case> hosts = {
        {"X-Forwarded-Host: site.example:8443\r\n", "127.0.0.1 http site.example:8443"},
        {"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Host: evil, good\r\n", "1.2.3.4 http good"},
        {"X-Forwarded-Host: a/../b\r\n", "127.0.0.1 http a"},
    };
    auto checking_hosts = expect_seen(options, std::move(hosts));
    co_await std::move(checking_hosts);
  });
}

TEST_F(ForwardedTest, Rfc7239) {
  run_test([]() -> Coro<void> {
    ForwardedOptions options;
    options.trusted = {"127.0.0.1", "10.0.0.0/8", "2001:db8::/32"};
    options.field = ForwardedOptions::Field::kForwarded;
    std::vector<Case> cases = {
        {"Forwarded: for=1.2.3.4;proto=https;host=x.example;by=10.0.0.1\r\n", "1.2.3.4 https x.example"},
        {"Forwarded: For=\"[2001:db9::1]:4711\"\r\n", "2001:db9::1 http a"},
        {"Forwarded: for=6.6.6.6;proto=https;host=evil, for=1.2.3.4;host=good\r\n", "1.2.3.4 http good"},
        {"Forwarded: for=6.6.6.6, for=1.2.3.4;proto=https\r\nForwarded: for=\"10.0.0.1:80\"\r\n", "1.2.3.4 https a"},
        {"Forwarded: for=1.2.3.4, for=\"[2001:db8::7]\"\r\n", "1.2.3.4 http a"},
        {"Forwarded: ,for=1.2.3.4, ,\r\n", "1.2.3.4 http a"},
        {"Forwarded: for=1.2.3.4, by=_x\r\n", "127.0.0.1 http a"},  // from whom, the nearest proxy does not say
        {"Forwarded: for=_hidden\r\n", "_hidden http a"},
        {"Forwarded: for=\"_\\\"q\\\"\" ; proto=http\r\n", "_\"q\" http a"},
        {"Forwarded: proto=https\r\n", "127.0.0.1 https a"},
        // A quote that the client left open swallows nothing that the proxy wrote behind it.
        {"Forwarded: for=\"6.6.6.6, for=1.2.3.4\r\n", "127.0.0.1 http a"},
        {"Forwarded: for=6.6.6.6;x=\"\r\nForwarded: for=1.2.3.4\r\n", "127.0.0.1 http a"},
        {"Forwarded: for=1.2.3.4 proto=https\r\n", "127.0.0.1 http a"},
        {"X-Forwarded-For: 1.2.3.4\r\n", "127.0.0.1 http a"},
    };
    auto checking = expect_seen(options, std::move(cases));
    co_await std::move(checking);
  });
}

TEST_F(ForwardedTest, QueriesByName) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_get("/", [](ServerRequest& request) -> Coro<ServerResponse> {
      std::string told = request.query("q").value_or("none");
      for (const std::string& tag : request.query_all("tag x")) told += "," + tag;
      co_return ServerResponse(200, told);
    });
    static constexpr Exchange kExchanges[] = {
        {"GET", "/?q=a%20b+c%26d&q=second", "200 a b c&d"},
        {"GET", "/?tag+x=1&&tag%20x=2&tag%20x&q", "200 ,1,2,"},
        {"GET", "/?qq=1&Q=2", "200 none"},
        {"GET", "/?q=%zz%4", "200 %zz%4"},
        {"GET", "/", "200 none"},
    };
    co_await expect_answers(app, kExchanges);
  });
}

}  // namespace
}  // namespace corolla_tests
