// SPDX-License-Identifier: Apache-2.0
// Server-sent events from an EventStream to an EventSource. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/event_source.hpp>
#include <corolla/http/event_stream.hpp>
#include <corolla/sync/event.hpp>

#include <utility>
#include <vector>

namespace corolla_tests {
namespace {

using http::EventSource;
using http::EventSourceOptions;
using http::EventStream;
using http::ServerSentEvent;

class EventStreamTest : public ServerTest {
 protected:
  static EventSourceOptions at_once() {
    EventSourceOptions options;
    options.reconnect_time = 1ms;
    options.longest_reconnect_time = 4ms;
    return options;
  }
};

http::RequestHandler stream_of(http::EventProducer producer) {
  return [producer = std::move(producer)](ServerRequest&) -> Coro<ServerResponse> {
    co_return http::event_stream(producer);
  };
}

TEST_F(EventStreamTest, EventsAsTheyStandOnTheWire) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_get("/", stream_of([](EventStream& events) -> Coro<void> {
                  co_await events.send("one\ntwo\r\nthree\rfour");
                  ServerSentEvent event("", "tick", "7");
                  event.retry = std::chrono::milliseconds(1500);
                  co_await events.send(event);
                  co_await events.comment("still\nhere");
                  const ServerSentEvent wrong_type("x", "a\nb");
                  EXPECT_THROW(static_cast<void>(events.send(wrong_type)), ValueError);
                  const ServerSentEvent wrong_id("x", "", std::string("a\0b", 3));
                  EXPECT_THROW(static_cast<void>(events.send(wrong_id)), ValueError);
                  EXPECT_EQ(events.sent(), 3U);
                }));
    auto client = co_await http::test_client(app);
    auto response = co_await client.get("/");
    EXPECT_EQ(response.headers().get("Content-Type", ""), "text/event-stream");
    EXPECT_EQ(response.headers().get("Cache-Control", ""), "no-store");
    const std::string text = co_await response.text();
    EXPECT_EQ(text,
              "data: one\ndata: two\ndata: three\ndata: four\n\n"
              "id: 7\nevent: tick\nretry: 1500\ndata: \n\n: still\n: here\n\n");
    EXPECT_TRUE(reports.empty());
    co_await client.close();
  });
}

TEST_F(EventStreamTest, AClientThatIsGoneEndsItsProducer) {
  run_test([this]() -> Coro<void> {
    Event begun;
    Event ended;
    Application app;
    app.add_get("/", [&](ServerRequest&) -> Coro<ServerResponse> {
      co_return http::event_stream(
          [&](EventStream&) -> Coro<void> {
            struct Guard {
              explicit Guard(Event& e) : event(e) {}
              ~Guard() { event.set(); }
              Event& event;
            } guard(ended);
            begun.set();
            co_await Event().wait();  // for ever
          },
          1ms);
    });
    auto client = co_await http::test_client(app);
    {
      auto response = co_await client.get("/");
      co_await begun.wait();
      const std::string ping(co_await response.chunk());
      EXPECT_TRUE(ping.starts_with(": \n\n")) << ping;
    }
    co_await ended.wait();
    EXPECT_TRUE(reports.empty());
    co_await client.close();
  });
}

TEST_F(EventStreamTest, AProducersErrorIsReportedAsItIs) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_get("/", stream_of([](EventStream& events) -> Coro<void> {
                  co_await events.send("before");
                  throw RuntimeError("the source dried up");
                }));
    auto client = co_await http::test_client(app);
    auto response = co_await client.get("/");
    const auto read = co_await outcome(response.read());
    EXPECT_FALSE(read);
    EXPECT_EQ(reports.size(), 1U);
    const std::string report = reports.empty() ? std::string() : reports.front();
    EXPECT_NE(report.find("the source dried up"), std::string::npos) << report;
    co_await client.close();
  });
}

TEST_F(EventStreamTest, ASourceGoesOnWhereItStopped) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> asked;
    Application app;
    app.add_get("/", [&asked](ServerRequest& request) -> Coro<ServerResponse> {
      asked.emplace_back(request.headers().get("Last-Event-ID", "-"));
      EXPECT_EQ(request.headers().get("Accept", ""), "text/event-stream");
      if (asked.size() == 4) co_return ServerResponse(204);
      const int from = static_cast<int>(asked.size()) * 10;
      auto response = http::event_stream([from](EventStream& events) -> Coro<void> {
        const ServerSentEvent first("a", "tick", std::to_string(from));
        co_await events.send(first);
        co_await events.send("b");
        if (from == 20) throw RuntimeError("cut");  // the connection breaks
      });
      response.enable_compression();  // which a source does not ask for
      co_return response;
    });
    auto client = co_await http::test_client(app);
    EventSource source(client.session(), "/", at_once());
    std::string events;
    for (;;) {
      const auto event = co_await source.next();
      if (!event) break;
      events += event->type + ":" + event->data + ":" + event->id + "|";
    }
    EXPECT_EQ(events, "tick:a:10|message:b:10|tick:a:20|message:b:20|tick:a:30|message:b:30|");
    EXPECT_EQ(asked, (std::vector<std::string>{"-", "10", "20", "30"}));
    EXPECT_EQ(source.last_event_id(), "30");
    const auto after = co_await source.next();
    EXPECT_FALSE(after);
    EXPECT_EQ(asked.size(), 4U) << "ended for good";
    co_await client.close();
  });
}

Coro<std::string> all_events(EventSource& source) {
  std::string events;
  for (;;) {
    const auto event = co_await source.next();
    if (!event) co_return events;
    events += event->data + "|";
  }
}

TEST_F(EventStreamTest, ClosedWhileATaskWaitsForTheNextEvent) {
  run_test([]() -> Coro<void> {
    Event over;
    Application app;
    app.add_get("/", stream_of([&over](EventStream& events) -> Coro<void> {
                  co_await events.send("one");
                  co_await over.wait();
                }));
    auto client = co_await http::test_client(app);
    for (int steps = 0; steps < 40; ++steps) {
      EventSource source(client.session(), "/", at_once());
      auto waiting = create_task(all_events(source));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      source.close();
      const std::string events = co_await waiting;
      EXPECT_TRUE(events.empty() || events == "one|") << events;
    }
    {
      EventSource source(client.session(), "/", at_once());
      const auto first = co_await source.next();
      EXPECT_EQ(first->data, "one");
      auto waiting = create_task(all_events(source));
      co_await sleep(0s);
      co_await sleep(0s);
      EXPECT_FALSE(waiting.done());
      source.close();
      const std::string events = co_await waiting;
      EXPECT_EQ(events, "");
    }
    over.set();
    co_await client.close();
  });
}

TEST_F(EventStreamTest, RefusalsAndLimitsAreNotTriedAgain) {
  run_test([]() -> Coro<void> {
    int requests = 0;
    Application app;
    app.add_middleware([&requests](ServerRequest& request, NextHandler next) {
      ++requests;
      return next(request);
    });
    app.add_get("/html", say("no events"));
    app.add_get("/long",
                stream_of([](EventStream& events) -> Coro<void> { co_await events.send(std::string(200, 'x')); }));
    app.add_get("/empty", stream_of([](EventStream&) -> Coro<void> { co_return; }));
    http::SessionOptions raising;
    raising.raise_for_status = true;
    http::Session raising_session(raising);
    auto client = co_await http::test_client(app);
    const std::string missing_url = "http://127.0.0.1:" + std::to_string(client.port()) + "/none";
    const auto error_of = [&](std::string url, EventSourceOptions options) -> Coro<std::string> {
      requests = 0;
      EventSource source(url == missing_url ? raising_session : client.session(), url, options);
      const auto event = co_await outcome(source.next());
      if (event) co_return "an event";
      try {
        std::rethrow_exception(event.error());
      } catch (const http::ContentTypeError&) {
        co_return "type";
      } catch (const http::ClientResponseError& error) {
        co_return std::to_string(error.status());
      } catch (const http::ContentTooLarge&) {
        co_return "large";
      } catch (const http::ServerDisconnectedError&) {
        co_return "disconnected";
      }
    };
    const auto missing = co_await error_of("/none", at_once());
    EXPECT_EQ(missing, "404");
    EXPECT_EQ(requests, 1);
    const auto raised = co_await error_of(missing_url, at_once());
    EXPECT_EQ(raised, "404");
    EXPECT_EQ(requests, 1);
    const auto html = co_await error_of("/html", at_once());
    EXPECT_EQ(html, "type");
    EventSourceOptions options = at_once();
    options.line_bytes = 100;
    const auto too_long = co_await error_of("/long", options);
    EXPECT_EQ(too_long, "large");
    EXPECT_EQ(requests, 1);
    options.attempts = 3;
    const auto empty = co_await error_of("/empty", options);
    EXPECT_EQ(empty, "disconnected");
    EXPECT_EQ(requests, 3);
    EventSource closed(client.session(), "/none", at_once());
    closed.close();
    const auto none = co_await closed.next();
    EXPECT_FALSE(none);
    co_await client.close();
  });
}

}  // namespace
}  // namespace corolla_tests
