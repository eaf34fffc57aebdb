// SPDX-License-Identifier: Apache-2.0
// What a session tells of its requests: each event, in its order.
#include "tests/http/client/https_test.hpp"
#include "tests/http/client/trace_recorder.hpp"
#include "tests/http/client/tunnel_proxy.hpp"
#include "tests/net/dns/name_server.hpp"

#include <corolla/http/cache.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>

namespace corolla::test {
namespace {

using corolla_tests::NameServer;
using http::TraceConfig;
using http::TraceContext;
using Events = std::vector<std::string>;
namespace dns = corolla_tests::dns;

class TracingTest : public SessionTest {};

SessionOptions watched_by(const TraceRecorder& recorder, SessionOptions options = SessionOptions()) {
  options.trace_configs = recorder.configs();
  return options;
}

TEST_F(TracingTest, ANewConnectionAndAKeptOne) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    const std::string peer = "127.0.0.1:" + std::to_string(server.port());
    const std::string url = server.url("/a?b");
    TraceRecorder trace;
    Session session(watched_by(trace));
    co_await fetch(session, url);
    EXPECT_EQ(trace.take(), (Events{"start GET " + url, "create " + peer, "created " + peer, "headers GET /a corolla",
                                    "end GET " + url + " 200", "received x"}));
    co_await fetch(session, url);
    EXPECT_EQ(trace.take(), (Events{"start GET " + url, "reuse " + peer, "headers GET /a corolla",
                                    "end GET " + url + " 200", "received x"}));
  });
}

TEST_F(TracingTest, NamesAreLookedUpOrKnown) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return Reply(ok("", "Connection: close\r\n"), true); });
    co_await server.start();
    const std::string port = ":" + std::to_string(server.port());
    {
      TraceRecorder trace;
      Session session(watched_by(trace));
      co_await fetch(session, "http://localhost" + port);
      Events events = trace.take();
      EXPECT_EQ(
          Events(events.begin() + 1, events.end() - 2),
          (Events{"create localhost" + port, "look up localhost", "looked up localhost", "created localhost" + port}))
          << "without a resolver there is no cache";
    }
    auto name_server = co_await NameServer::start([](const dns::Query& query) {
      if (query.name != "here.test") return dns::reply(query, dns::kNxDomain, {});
      return dns::reply(query, dns::kNoError, {dns::a(query.name, 300, "127.0.0.1")});
    });
    TraceRecorder trace;
    SessionOptions options = watched_by(trace);
    options.resolver = std::make_shared<Resolver>(name_server->options());
    Session session(options);
    co_await fetch(session, "http://here.test" + port);
    Events events = trace.take();
    EXPECT_EQ(Events(events.begin() + 1, events.end() - 2),
              (Events{"create here.test" + port, "miss here.test", "look up here.test", "looked up here.test",
                      "created here.test" + port}));
    co_await fetch(session, "http://here.test" + port);
    events = trace.take();
    EXPECT_EQ(Events(events.begin() + 1, events.end() - 2),
              (Events{"create here.test" + port, "hit here.test", "created here.test" + port}));
    co_await error_of<http::ClientConnectorError>(session.get("http://gone.test" + port).send());
    events = trace.take();
    EXPECT_EQ(Events(events.begin() + 1, events.end() - 1),
              (Events{"create gone.test" + port, "miss gone.test", "look up gone.test"}));
    EXPECT_TRUE(events.back().starts_with("exception ")) << events.back();
  });
}

TEST_F(TracingTest, WaitingForAPlace) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    const std::string peer = "127.0.0.1:" + std::to_string(server.port());
    TraceRecorder trace;
    SessionOptions options = watched_by(trace);
    options.limit = 1;
    Session session(options);
    auto holder = co_await session.get(server.url("/holder"));
    static_cast<void>(trace.take());
    const std::string url = server.url("/waiter");
    auto waiter = create_task(fetch(session, url));
    for (int i = 0; i < 3; ++i) co_await sleep(0s);
    EXPECT_EQ(trace.take(), (Events{"start GET " + url, "queued " + peer}));
    co_await holder.read();
    co_await waiter;
    EXPECT_EQ(trace.take(), (Events{"received x", "granted " + peer, "reuse " + peer, "headers GET /waiter corolla",
                                    "end GET " + url + " 200", "received x"}));
  });
}

TEST_F(TracingTest, RedirectsAreHopsOfOneRequest) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      if (request.starts_with("POST"))
        return Reply("HTTP/1.1 303 See Other\r\nLocation: next\r\nContent-Length: 3\r\n\r\nbye");
      return Reply(ok("x"));
    });
    co_await server.start();
    const std::string peer = "127.0.0.1:" + std::to_string(server.port());
    TraceRecorder trace;
    Session session(watched_by(trace));
    auto posting = session.post(server.url("/a")).body("body").send();
    auto response = co_await std::move(posting);
    co_await response.read();
    EXPECT_EQ(
        trace.take(),
        (Events{"start POST " + server.url("/a"), "create " + peer, "created " + peer, "headers POST /a corolla",
                "sent body", "redirect POST 303 " + server.url("/next") + " by next", "received bye", "reuse " + peer,
                "headers GET /next corolla", "end GET " + server.url("/next") + " 200", "received x"}));
  });
}

TEST_F(TracingTest, FailuresEndInAnException) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) {
      Reply silence("");
      silence.hang = true;
      return silence;
    });
    co_await server.start();
    const std::string peer = "127.0.0.1:" + std::to_string(server.port());
    TraceRecorder trace;
    Session session(watched_by(trace));
    ClientTimeout limits;
    limits.sock_read = 10ms;
    auto timing_out = session.get(server.url()).timeout(limits).send();
    co_await error_of<http::SocketTimeoutError>(std::move(timing_out));
    Events events = trace.take();
    EXPECT_EQ(Events(events.begin() + 1, events.end() - 1),
              (Events{"create " + peer, "created " + peer, "headers GET / corolla"}));
    EXPECT_NE(events.back().find("nothing arrived for 0.01 s"), std::string::npos) << events.back();
    auto cancelled = create_task(session.get(server.url()).send());
    while (server.requests().size() < 2) co_await sleep(0s);
    static_cast<void>(trace.take());
    cancelled.cancel();
    const std::vector<Task<Response>> all{cancelled};
    static_cast<void>(co_await wait(all));
    events = trace.take();
    EXPECT_EQ(events, (Events{"exception cancelled"}));
    co_await server.finish();
    co_await error_of<http::ClientConnectorError>(session.get(server.url()).send());
    events = trace.take();
    EXPECT_EQ(Events(events.begin() + 1, events.end() - 1), (Events{"create " + peer}));
    EXPECT_NE(events.back().find("cannot connect to " + peer), std::string::npos) << events.back();
  });
}

Coro<http::ServerResponse> discard_and_answer(http::ServerRequest& request) {
  co_await request.read();
  co_return http::ServerResponse(200, std::string(request.path()));
}

Coro<http::WebServer> secure_server() {
  http::WebServerOptions options;
  options.ssl = serving();
  auto starting = http::serve(discard_and_answer, "127.0.0.1", 0, options);
  co_return co_await std::move(starting);
}

TEST_F(TracingTest, TlsStraightAndInATunnel) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server();
    auto server = co_await std::move(starting);
    TunnelProxy proxy;
    co_await proxy.start();
    const std::string url = server.url() + "a";
    const std::string peer = server.url().substr(8, server.url().size() - 9);
    for (const bool tunnelled : {false, true}) {
      TraceRecorder trace;
      SessionOptions options = watched_by(trace, with(trusting()));
      options.http2 = http::Http2Use::kOff;
      if (tunnelled) options.proxy = http::Url::parse("http://localhost:" + std::to_string(proxy.port()));
      Session session(options);
      co_await fetch(session, url);
      Events expected{"start GET " + url, "create " + peer,         "tls 127.0.0.1",           "secured 127.0.0.1",
                      "created " + peer,  "headers GET /a corolla", "end GET " + url + " 200", "received /a"};
      const Events names{"look up localhost", "looked up localhost"};
      if (tunnelled) expected.insert(expected.begin() + 2, names.begin(), names.end());
      EXPECT_EQ(trace.take(), expected);
      auto refusing = session.get(url).fingerprint(http::Fingerprint::of_certificate(std::string(64, '0'))).send();
      co_await error_of<http::ServerFingerprintMismatch>(std::move(refusing));
      const Events events = trace.take();
      EXPECT_EQ(Events(events.begin(), events.end() - 1), (Events{"start GET " + url, "reuse " + peer}));
    }
    EXPECT_EQ(proxy.requests().size(), 1U);
    {
      TraceRecorder trace;
      Session careful(watched_by(trace));
      co_await error_of<http::ClientConnectorCertificateError>(careful.get(url).send());
      const Events events = trace.take();
      EXPECT_EQ(Events(events.begin() + 1, events.end() - 1), (Events{"create " + peer, "tls 127.0.0.1"}));
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
    co_await proxy.finish();
  });
}

TEST_F(TracingTest, Http2SharesAConnection) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server();
    auto server = co_await std::move(starting);
    const std::string url = server.url();
    const std::string peer = url.substr(8, url.size() - 9);
    {
      TraceRecorder trace;
      Session session(watched_by(trace, with(trusting())));
      auto both = gather(fetch(session, url + "a"), fetch(session, url + "b"));
      static_cast<void>(co_await std::move(both));
      Events events = trace.take();
      const auto at = [&](const std::string& event) { return std::find(events.begin(), events.end(), event); };
      EXPECT_LT(at("create " + peer), at("queued " + peer)) << "the second one waits for the first one to know";
      EXPECT_LT(at("tls 127.0.0.1"), at("secured 127.0.0.1"));
      EXPECT_LT(at("secured 127.0.0.1"), at("created " + peer));
      EXPECT_LT(at("created " + peer), at("granted " + peer));
      EXPECT_LT(at("granted " + peer), at("reuse " + peer));
      EXPECT_NE(at("reuse " + peer), events.end());
      EXPECT_EQ(std::count(events.begin(), events.end(), "create " + peer), 1);
      EXPECT_NE(at("headers GET /a corolla"), events.end());
      auto posting = session.post(url + "p").body("body").send();
      auto response = co_await std::move(posting);
      co_await response.read();
      events = trace.take();
      EXPECT_EQ(events, (Events{"start POST " + url + "p", "reuse " + peer, "headers POST /p corolla", "sent body",
                                "end POST " + url + "p 200", "received /p"}));
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(TracingTest, BodiesPieceByPiece) {
  run_test([]() -> Coro<void> {
    auto starting = secure_server();
    auto secure = co_await std::move(starting);
    auto starting_plain = http::serve(discard_and_answer, "127.0.0.1", 0);
    auto plain = co_await std::move(starting_plain);
    for (const std::string& url : {secure.url(), plain.url()}) {
      TraceRecorder trace;
      Session session(watched_by(trace, with(trusting())));
      auto pieces = []() -> AsyncGenerator<std::string> {
        for (const char* piece : {"one", "", "two", "three"}) co_yield std::string(piece);
      };
      auto streaming = session.put(url + "s").body(pieces()).send();
      auto streamed = co_await std::move(streaming);
      co_await streamed.read();
      Events events = trace.take();
      EXPECT_EQ(Events(events.end() - 6, events.end()),
                (Events{"headers PUT /s corolla", "sent one", "sent two", "sent three", "end PUT " + url + "s 200",
                        "received /s"}));
      auto sending = session.put(url + "l").body(std::string(200'000, 'x')).send();
      auto sent = co_await std::move(sending);
      co_await sent.read();
      events = trace.take();
      EXPECT_EQ(Events(events.end() - 4, events.end()),
                (Events{"headers PUT /l corolla", "sent bytes 200000", "end PUT " + url + "l 200", "received /l"}));
    }
    auto stopping = secure.shutdown();
    co_await std::move(stopping);
    auto stopping_plain = plain.shutdown();
    co_await std::move(stopping_plain);
  });
}

TEST_F(TracingTest, BodiesAreToldAsTheyAreOnTheWire) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) {
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: "
             "identity\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
             "0\r\n\r\n";
    });
    co_await server.start();
    TraceRecorder trace;
    Session session(watched_by(trace));
    co_await fetch(session, server.url());
    const Events events = trace.take();
    EXPECT_EQ(Events(events.end() - 2, events.end()), (Events{"received abc", "received de"}));
  });
}

TEST_F(TracingTest, TheCacheAnswersWithoutAConnection) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x", "Cache-Control: max-age=60\r\n"); });
    co_await server.start();
    const std::string url = server.url();
    TraceRecorder trace;
    SessionOptions options = watched_by(trace);
    options.cache = std::make_shared<http::HttpCache>();
    Session session(options);
    co_await fetch(session, url);
    EXPECT_EQ(trace.take().size(), 6U);
    co_await fetch(session, url);
    EXPECT_EQ(trace.take(), (Events{"start GET " + url, "end GET " + url + " 200"}));
  });
}

TEST_F(TracingTest, AttemptsAreSentAgain) {
  run_test([]() -> Coro<void> {
    int count = 0;
    ScriptedServer server([&](const std::string&) {
      return ++count == 1 ? "HTTP/1.1 503 Not now\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" : ok("");
    });
    co_await server.start();
    const std::string peer = "127.0.0.1:" + std::to_string(server.port());
    const std::string url = server.url();
    TraceRecorder trace;
    SessionOptions options = watched_by(trace);
    options.retry = http::RetryPolicy(2);
    options.retry->backoff = 1ms;
    Session session(options);
    co_await fetch(session, url);
    const Events events = trace.take();
    EXPECT_EQ(std::count(events.begin(), events.end(), "headers GET / corolla"), 2);
    EXPECT_EQ(events.front(), "start GET " + url);
    EXPECT_EQ(events.back(), "end GET " + url + " 200");
    EXPECT_EQ(events.size(), 7U);
    co_await server.finish();
  });
}

// The context is one request's and one config's; a hook may add to the request's fields, and may fail.
TEST_F(TracingTest, ContextsAndHooksThatThrow) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) { return ok("x"); });
    co_await server.start();
    Events told;
    auto counting = std::make_shared<TraceConfig>();
    counting->on_request_start = [](TraceContext& context, const http::TraceRequestStartParams& start) {
      context.state = 1;
      start.headers.set("traceparent", "00-abc");
    };
    counting->on_request_headers_sent = [](TraceContext& context, const http::TraceRequestHeadersSentParams& sent) {
      if (sent.headers.get("traceparent", "") == "00-abc") ++std::any_cast<int&>(context.state);
    };
    counting->on_request_end = [&](TraceContext& context, const http::TraceRequestEndParams&) {
      const auto* name = std::any_cast<std::string>(&context.request);
      told.push_back((name ? *name : "nobody") + " " + std::to_string(std::any_cast<int>(context.state)));
    };
    auto throwing = std::make_shared<TraceConfig>();
    throwing->on_request_end = [](TraceContext& context, const http::TraceRequestEndParams&) {
      throw ValueError(context.state.has_value() ? "another's state" : "thrown");
    };
    Events reported;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext& error) {
      reported.push_back(error.message + ": " + describe(error.exception));
    });
    SessionOptions options;
    options.trace_configs = {throwing, counting};
    Session session(options);
    auto named = session.get(server.url()).trace_context(std::string("me")).send();
    auto response = co_await std::move(named);
    const auto text = co_await response.text();
    EXPECT_EQ(text, "x");
    co_await fetch(session, server.url());
    EXPECT_EQ(told, (Events{"me 2", "nobody 2"}));
    EXPECT_EQ(reported.size(), 2U);
    EXPECT_EQ(reported.at(0), "Exception in a trace hook: thrown");
    EXPECT_NE(server.requests().at(0).find("traceparent: 00-abc\r\n"), std::string::npos);
  });
}

}  // namespace
}  // namespace corolla::test
