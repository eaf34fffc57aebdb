// SPDX-License-Identifier: Apache-2.0
//
// Sessions whose storage is interrupted: by whoever cancels the one that asks, or by a client that goes away. Both backends.
#include "tests/http/server/sessions_test.hpp"

#include <corolla/sync/event.hpp>

namespace corolla_tests {
namespace {

/// A storage in which one step never ends but by being cancelled.
class HeldStorage final : public SlowStorage {
 public:
  struct Step {
    explicit Step(std::string which) : name(std::move(which)) {}
    std::string name;
    Event begun;
    Event cut;
  };
  Coro<std::optional<SessionRecord>> load(const SessionCookie& cookie, std::string value) override {
    auto waiting = pass("load");
    co_await std::move(waiting);
    auto loading = SlowStorage::load(cookie, std::move(value));
    co_return co_await std::move(loading);
  }
  Coro<std::optional<std::string>> save(const SessionCookie& cookie, SessionRecord record) override {
    auto waiting = pass("save");
    co_await std::move(waiting);
    auto saving = SlowStorage::save(cookie, std::move(record));
    co_return co_await std::move(saving);
  }
  Coro<void> remove(std::string identity) override {
    auto waiting = pass("remove");
    co_await std::move(waiting);
    auto removing = SlowStorage::remove(std::move(identity));
    co_await std::move(removing);
  }
  Step* held = nullptr;

 private:
  Coro<void> pass(std::string name) {
    if (held == nullptr || held->name != name) co_return;
    struct Cut {
      explicit Cut(Event& e) : event(e) {}
      ~Cut() { event.set(); }
      Event& event;
    } const cut(held->cut);
    held->begun.set();
    Event never;
    co_await never.wait();
  }
};

class SessionsCancelTest : public SessionsTest {
 protected:
  /// Someone with a session, whose cookie is returned.
  static Coro<std::string> someone(std::uint16_t port) {
    const Reply reply = co_await visit(port, "/set?name=Ann");
    EXPECT_EQ(reply.status, 200);
    co_return cookie_of(reply);
  }
};

TEST_F(SessionsCancelTest, GetSessionMayBeCalledAgain) {
  run_test([]() -> Coro<void> {
    const auto storage = std::make_shared<HeldStorage>();
    Application app = application_with_sessions(storage);
    HeldStorage::Step load("load");
    bool cancelled = false;
    app.add_get("/twice", [&](ServerRequest& request) -> Coro<ServerResponse> {
      storage->held = &load;
      auto asking = create_task(get_session(request));
      co_await load.begun.wait();
      asking.cancel();
      try {
        static_cast<void>(co_await asking);
      } catch (const CancelledError&) {
        cancelled = true;
      }
      storage->held = nullptr;
      const ServerSession session = co_await get_session(request);
      co_return ServerResponse(200, describe_session(session));
    });
    auto client = co_await http::test_client(std::move(app));
    const std::string cookie = co_await someone(client.port());
    const Reply reply = co_await visit(client.port(), "/twice", cookie);
    EXPECT_EQ(reply.body, R"(kept {"name":"Ann"})");
    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(load.cut.is_set());
    co_await client.close();
  });
}

TEST_F(SessionsCancelTest, AClientThatLeavesLeavesTheStorageAsItWas) {
  run_test([this]() -> Coro<void> {
    // What is asked for, the step that it is cut in, and what the session is afterwards.
    struct Cut {
      const char* target;
      const char* step;
      const char* left;
    };
    for (const Cut cut :
         {Cut{"/set?name=Bob", "load", R"(kept {"name":"Ann"})"},
          Cut{"/set?name=Bob", "save", R"(kept {"name":"Ann"})"}, Cut{"/logout", "remove", R"(kept {"name":"Ann"})"},
          // The old session is forgotten first, so nobody is in by its cookie.
          Cut{"/login?user=Bob", "save", "new {}"}}) {
      const auto storage = std::make_shared<HeldStorage>();
      WebServerOptions options;
      options.handler_cancellation = true;
      auto client = co_await http::test_client(application_with_sessions(storage), {}, options);
      const std::string cookie = co_await someone(client.port());
      HeldStorage::Step step(cut.step);
      storage->held = &step;
      {
        ByteStream gone = co_await connect_tcp("127.0.0.1", client.port());
        co_await gone.send_all(get(cut.target, "Cookie: " + cookie + "\r\n"));
        co_await step.begun.wait();
        gone.close();
      }
      co_await step.cut.wait();
      storage->held = nullptr;
      const Reply read = co_await visit(client.port(), "/read", cookie);
      EXPECT_EQ(read.body, cut.left) << cut.target << ' ' << cut.step;
      co_await client.close();
    }
    EXPECT_EQ(reports, std::vector<std::string>());
  });
}

}  // namespace
}  // namespace corolla_tests
