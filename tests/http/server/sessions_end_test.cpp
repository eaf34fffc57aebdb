// SPDX-License-Identifier: Apache-2.0
// How sessions end, and what does not bring them back: logins, logouts, time, forged cookies. Both backends.
#include "tests/http/server/sessions_test.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

// An attacker has a session, and has planted its cookie in the visitor's browser.
TEST_F(SessionsTest, ALoginChangesTheIdentityAndTheOldOneIsVoid) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<MemoryStorage>();
    auto client = co_await http::test_client(application_with_sessions(storage));
    const Reply planted = co_await visit(client.port(), "/set?name=attacker");
    const std::string old_cookie = cookie_of(planted);
    const Reply login = co_await visit(client.port(), "/login?user=Ann", old_cookie);
    EXPECT_NE(login.body, planted.body);
    EXPECT_EQ(cookie_of(login), "COROLLA_SESSION=" + login.body);
    const Reply attacker = co_await visit(client.port(), "/read", old_cookie);
    EXPECT_EQ(attacker.body, "new {}");
    const Reply visitor = co_await visit(client.port(), "/read", cookie_of(login));
    EXPECT_EQ(visitor.body, R"(kept {"user":"Ann"})") << "without what the attacker left there";
    EXPECT_EQ(storage->size(), 1U);

    // An identity that a client made up is nobody's: it is not taken.
    const std::string invented(32, 'A');
    const Reply given = co_await visit(client.port(), "/set?name=x", "COROLLA_SESSION=" + invented);
    EXPECT_NE(given.body, invented);
    const Reply taken = co_await visit(client.port(), "/read", "COROLLA_SESSION=" + invented);
    EXPECT_EQ(taken.body, "new {}");
    co_await client.close();
  });
}

TEST_F(SessionsTest, ALoginChangesTheIdentityInEncryptedCookiesToo) {
  run_test([]() -> Coro<void> {
    auto client = co_await http::test_client(application_with_sessions(encrypted()));
    const Reply begun = co_await visit(client.port(), "/set?name=x");
    const Reply again = co_await visit(client.port(), "/set?name=y", cookie_of(begun));
    EXPECT_EQ(again.body, begun.body) << "the same visit";
    EXPECT_NE(cookie_of(again), cookie_of(begun));
    const Reply login = co_await visit(client.port(), "/login?user=Ann", cookie_of(again));
    EXPECT_NE(login.body, begun.body);
    const Reply read = co_await visit(client.port(), "/read", cookie_of(login));
    EXPECT_EQ(read.body, R"(kept {"user":"Ann"})");
    co_await client.close();
  });
}

TEST_F(SessionsTest, InvalidOnesAreForgottenOnBothSides) {
  run_test([]() -> Coro<void> {
    for (const char* target : {"/logout", "/clear"}) {
      const auto storage = std::make_shared<MemoryStorage>();
      auto client = co_await http::test_client(application_with_sessions(storage));
      co_await client.get("/set?name=x");
      EXPECT_EQ(client.session().cookie_jar().size(), 1U);
      const std::string cookie = client.session().cookie_jar().header(http::Url::parse(client.runner().url()));
      EXPECT_EQ(storage->size(), 1U);
      const auto left = co_await text_of(client.session(), target);
      EXPECT_EQ(left, std::string(target) == "/logout" ? "new {}" : "kept {}");
      EXPECT_EQ(client.session().cookie_jar().size(), 0U);
      EXPECT_EQ(storage->size(), 0U);
      const Reply old = co_await visit(client.port(), "/read", cookie);
      EXPECT_EQ(old.body, "new {}") << "a copy of the cookie is void";
      // There is nothing to remove where there was no cookie.
      const Reply nobody = co_await visit(client.port(), target);
      EXPECT_EQ(nobody.field("Set-Cookie"), "");
      co_await client.close();
    }
  });
}

TEST_F(SessionsTest, WhatIsSetBehindInvalidateBelongsToANewOne) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<MemoryStorage>();
    Application app = application_with_sessions(storage);
    app.add_get("/again", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      session.set_max_age(1h);
      const ServerSession handle = session;
      session.invalidate();
      EXPECT_TRUE(handle.empty());
      EXPECT_EQ(handle.max_age(), std::nullopt);
      session.set("name", "second");
      EXPECT_EQ(handle.identity(), session.identity());
      co_return ServerResponse(200, describe_session(handle));
    });
    auto client = co_await http::test_client(app);
    const Reply first = co_await visit(client.port(), "/set?name=first");
    const Reply second = co_await visit(client.port(), "/again", cookie_of(first));
    EXPECT_EQ(second.body, R"(new {"name":"second"})");
    EXPECT_NE(cookie_of(second), cookie_of(first));
    const Reply read = co_await visit(client.port(), "/read", cookie_of(second));
    EXPECT_EQ(read.body, R"(kept {"name":"second"})");
    const Reply old = co_await visit(client.port(), "/read", cookie_of(first));
    EXPECT_EQ(old.body, "new {}");
    co_await client.close();
  });
}

TEST_F(SessionsTest, OfTwoRequestsAtATimeTheLastWinsButNobodyReturns) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<MemoryStorage>();
    Event arrived;
    Event go_on;
    Application app = application_with_sessions(storage);
    app.add_get("/slow", [&](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      arrived.set();
      co_await go_on.wait();
      session.set("slow", true);
      co_return ServerResponse(200, describe_session(session));
    });
    auto client = co_await http::test_client(app);
    const Reply begun = co_await visit(client.port(), "/set?name=x");
    const std::string cookie = cookie_of(begun);
    auto slow = create_task(visit(client.port(), "/slow", cookie));
    co_await arrived.wait();
    const Reply fast = co_await visit(client.port(), "/set?name=fast", cookie);
    EXPECT_EQ(fast.status, 200);
    go_on.set();
    const Reply last = co_await slow;
    EXPECT_EQ(cookie_of(last), cookie);
    const Reply read = co_await visit(client.port(), "/read", cookie);
    EXPECT_EQ(read.body, R"(kept {"name":"x","slow":true})") << "as a whole: what the fast one set is gone";

    for (const char* target : {"/logout", "/login?user=Ann"}) {
      const Reply visitor = co_await visit(client.port(), "/set?name=x");
      arrived.clear();
      go_on.clear();
      auto late = create_task(visit(client.port(), "/slow", cookie_of(visitor)));
      co_await arrived.wait();
      const Reply ended = co_await visit(client.port(), target, cookie_of(visitor));
      EXPECT_EQ(ended.status, 200);
      go_on.set();
      const Reply answered = co_await late;
      EXPECT_EQ(answered.status, 200);
      EXPECT_EQ(answered.field("Set-Cookie"), "") << "it would replace the one that the login set";
      const Reply old = co_await visit(client.port(), "/read", cookie_of(visitor));
      EXPECT_EQ(old.body, "new {}") << target;
    }
    co_await client.close();
  });
}

TEST_F(SessionsTest, TheirTimeIsOverWhateverTheClientSends) {
  run_test([]() -> Coro<void> {
    for (const auto& storage : both_storages()) {
      SessionCookie cookie;
      cookie.max_age = 1h;
      Application app = application_with_sessions(storage, cookie);
      app.add_get("/stay", [](ServerRequest& request) -> Coro<ServerResponse> {
        ServerSession session = co_await get_session(request);
        EXPECT_EQ(session.max_age(), 1h);
        for (const auto age : {0s, -1s}) EXPECT_THROW(session.set_max_age(age), ValueError);
        session.set_max_age(24h);
        EXPECT_EQ(session.max_age(), 24h);
        session.set("stays", true);
        co_return ServerResponse(200);
      });
      const auto begin = sessions_time;
      auto client = co_await http::test_client(app);
      const Reply set = co_await visit(client.port(), "/set?name=x");
      EXPECT_NE(set.field("Set-Cookie").find("; Max-Age=3600;"), std::string::npos);
      const Reply stay = co_await visit(client.port(), "/stay");
      EXPECT_NE(stay.field("Set-Cookie").find("; Max-Age=86400;"), std::string::npos);

      sessions_time = begin + 3599s;
      const Reply again = co_await visit(client.port(), "/set?name=y", cookie_of(set));
      EXPECT_EQ(again.body, set.body);
      EXPECT_NE(again.field("Set-Cookie").find("; Max-Age=1;"), std::string::npos) << "counted from its beginning";
      sessions_time = begin + 3600s;
      for (const Reply* reply : {&set, &again}) {
        const Reply over = co_await visit(client.port(), "/read", cookie_of(*reply));
        EXPECT_EQ(over.body, "new {}");
      }
      const Reply stays = co_await visit(client.port(), "/read", cookie_of(stay));
      EXPECT_EQ(stays.body, R"(kept {"stays":true})") << "it has a time of its own";
      sessions_time = begin + 24h;
      const Reply stayed = co_await visit(client.port(), "/read", cookie_of(stay));
      EXPECT_EQ(stayed.body, "new {}");
      const auto* memory = dynamic_cast<MemoryStorage*>(storage.get());
      EXPECT_TRUE(memory == nullptr || memory->size() == 0U);
      sessions_time = begin;
      co_await client.close();
    }
  });
}

TEST_F(SessionsTest, ForgedCookiesAreNewSessionsAndNoErrors) {
  run_test([this]() -> Coro<void> {
    for (const auto& storage : both_storages()) {
      auto client = co_await http::test_client(application_with_sessions(storage));
      const Reply set = co_await visit(client.port(), "/set?name=x");
      const std::string good = cookie_of(set);
      const std::string name = "COROLLA_SESSION=";
      std::string flipped = good;
      flipped[flipped.size() / 2] = flipped[flipped.size() / 2] == 'A' ? 'B' : 'A';
      const std::vector<std::string> forged = {flipped,
                                               good.substr(0, good.size() - 1),
                                               good + "A",
                                               good + "=",
                                               name,
                                               "COROLLA_SESSION",
                                               name + "\"" + good.substr(name.size()) + "\"",
                                               name + "%00\xff\x01",
                                               name + std::string(6000, 'A'),
                                               "corolla_session=" + good.substr(name.size()),
                                               "X" + good,
                                               ";;=;" + name + " ; ,"};
      for (const std::string& cookie : forged) {
        const Reply reply = co_await visit(client.port(), "/read", cookie);
        // A control character is no field at all.
        if (cookie.find('\x01') != std::string::npos && reply.status == 400) continue;
        EXPECT_EQ(reply.status, 200) << cookie;
        EXPECT_EQ(reply.body, "new {}") << cookie;
        EXPECT_EQ(reply.field("Set-Cookie"), "");
      }
      // Behind others of the name, as one for a longer path is, the good one is found; behind many it is not looked for.
      for (const auto& [count, found] : {std::pair(1, true), std::pair(3, true), std::pair(4, false)}) {
        std::string cookies = "a=1;";
        for (int i = 0; i < count; ++i) cookies += flipped + "; ";
        const Reply reply = co_await visit(client.port(), "/read", cookies + good + ";b=2");
        EXPECT_EQ(reply.body, found ? R"(kept {"name":"x"})" : "new {}") << count;
      }
      const Reply fields = co_await ask_once(client.port(), get("/read", "Cookie: a=1\r\nCookie: " + good + "\r\n"));
      EXPECT_EQ(fields.body, R"(kept {"name":"x"})");
      EXPECT_TRUE(reports.empty());
      co_await client.close();
    }
  });
}

TEST_F(SessionsTest, AnotherAttemptHasASessionOfItsOwn) {
  run_test([]() -> Coro<void> {
    int attempts = 0;
    Application app;
    app.add_middleware([](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
      ServerResponse response = co_await next(request);
      if (response.status() == 503) response = co_await next(request);
      co_return response;
    });
    app.add_middleware(http::sessions(encrypted()));
    app.add_get("/", [&attempts](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      EXPECT_TRUE(session.empty()) << "the cookie of the attempt before went with its response";
      session.set("attempt", ++attempts);
      if (attempts == 1) throw http::HttpError(503);
      co_return ServerResponse(200);
    });
    app.on_response_prepare([](ServerRequest& request, ServerResponse& response) -> Coro<void> {
      const ServerSession session = co_await get_session(request);
      response.headers().set("X-Values", session.values().dump());
    });
    auto client = co_await http::test_client(app);
    const Reply reply = co_await visit(client.port(), "/");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("X-Values"), R"({"attempt":2})");
    co_await client.close();
  });
}

// The head is sent by then: what is there can be read, and changed where the server keeps it.
TEST_F(SessionsTest, WebSocketsKnowTheirVisitor) {
  run_test([]() -> Coro<void> {
    Application app = application_with_sessions(std::make_shared<MemoryStorage>());
    app.add_get("/chat", [](ServerRequest& request) -> Coro<ServerResponse> {
      ServerSession session = co_await get_session(request);
      auto accepting = http::accept_websocket(request);
      http::WebSocket ws = co_await std::move(accepting);
      const std::string told = describe_session(session);
      co_await ws.send_text(told);
      session.set("talked", true);
      co_await ws.close();
      co_return request.respond();
    });
    auto client = co_await http::test_client(app);
    co_await client.get("/set?name=Ann");
    {
      auto connecting = client.session().ws_connect("/chat");
      http::WebSocket ws = co_await std::move(connecting);
      const auto message = co_await ws.receive();
      EXPECT_EQ(message.data, R"(kept {"name":"Ann"})");
      const auto end = co_await ws.receive();
      EXPECT_TRUE(end.ends());
    }
    const auto read = co_await text_of(client.session(), "/read");
    EXPECT_EQ(read, R"(kept {"name":"Ann","talked":true})");
    co_await client.close();
  });
}

TEST_F(SessionsTest, WhatAStorageGivesBackIsLookedAt) {
  run_test([this]() -> Coro<void> {
    // A storage whose values are nonsense, and one whose cookie would be several attributes.
    class Odd final : public SlowStorage {
     public:
      Coro<std::optional<std::string>> save(const SessionCookie&, SessionRecord) override {
        co_return "x; Domain=evil";
      }
    };
    const auto storage = std::make_shared<Odd>();
    auto client = co_await http::test_client(application_with_sessions(storage));
    for (const char* values : {"", "[]", "{", "3", "null"}) {
      SessionRecord record;
      record.identity = "a";
      record.values = values;
      storage->records["a"] = record;
      const Reply read = co_await visit(client.port(), "/read", "COROLLA_SESSION=a");
      EXPECT_EQ(read.body, "new {}") << values;
    }
    const Reply set = co_await visit(client.port(), "/set?name=x");
    EXPECT_EQ(set.status, 500);
    EXPECT_EQ(set.field("Set-Cookie"), "");
    EXPECT_EQ(reports.size(), 1U);
    co_await client.close();
  });
}

}  // namespace
}  // namespace corolla_tests
