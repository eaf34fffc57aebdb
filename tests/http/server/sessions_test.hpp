// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of sessions share: an application that tells what it knows of its visitor, and storages to look at.
#pragma once

#include "tests/http/server/application_test.hpp"

#include <corolla/http/encrypted_cookie_storage.hpp>
#include <corolla/http/memory_storage.hpp>
#include <corolla/http/server_session.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace corolla_tests {

using http::EncryptedCookieStorage;
using http::get_session;
using http::MemoryStorage;
using http::new_session;
using http::ServerSession;
using http::SessionCookie;
using http::SessionRecord;
using http::SessionStorage;

/// The clock of the tests.
inline std::chrono::sys_seconds sessions_time{std::chrono::seconds(1'800'000'000)};
inline std::chrono::sys_seconds sessions_now() { return sessions_time; }

inline std::shared_ptr<EncryptedCookieStorage> encrypted() {
  return std::make_shared<EncryptedCookieStorage>(std::vector{EncryptedCookieStorage::generate_key()});
}

/// A storage that takes its time, as a database does, and tells what it was asked.
class SlowStorage : public SessionStorage {
 public:
  Coro<std::optional<SessionRecord>> load(const SessionCookie&, std::string value) override {
    log += "load ";
    co_await sleep(0s);
    if (fails) throw RuntimeError("no database");
    const auto found = records.find(value);
    if (found == records.end()) co_return std::nullopt;
    co_return found->second;
  }
  Coro<std::optional<std::string>> save(const SessionCookie&, SessionRecord record) override {
    log += "save ";
    co_await sleep(0s);
    if (fails) throw RuntimeError("no database");
    std::string identity = record.identity;
    records[identity] = std::move(record);
    co_return identity;
  }
  Coro<void> remove(std::string identity) override {
    log += "remove ";
    co_await sleep(0s);
    records.erase(identity);
  }
  std::map<std::string, SessionRecord> records;
  std::string log;
  bool fails = false;
};

inline std::string describe_session(const ServerSession& session) {
  return (session.is_new() ? "new " : "kept ") + session.values().dump();
}

/// /read; /set?name=value; /login?user=name; /logout; /clear; /none asks for no session.
inline Application application_with_sessions(std::shared_ptr<SessionStorage> storage,
                                             SessionCookie cookie = SessionCookie()) {
  Application app;
  app.add_middleware(http::sessions(std::move(storage), std::move(cookie), sessions_now));
  app.add_get("/none", say("none"));
  app.add_get("/read", [](ServerRequest& request) -> Coro<ServerResponse> {
    const ServerSession session = co_await get_session(request);
    co_return ServerResponse(200, describe_session(session));
  });
  app.add_get("/set", [](ServerRequest& request) -> Coro<ServerResponse> {
    ServerSession session = co_await get_session(request);
    session.set("name", request.query("name").value_or(""));
    co_return ServerResponse(200, session.identity());
  });
  app.add_get("/login", [](ServerRequest& request) -> Coro<ServerResponse> {
    ServerSession session = co_await new_session(request);
    session.set("user", request.query("user").value_or(""));
    co_return ServerResponse(200, session.identity());
  });
  app.add_get("/logout", [](ServerRequest& request) -> Coro<ServerResponse> {
    ServerSession session = co_await get_session(request);
    session.invalidate();
    co_return ServerResponse(200, describe_session(session));
  });
  app.add_get("/clear", [](ServerRequest& request) -> Coro<ServerResponse> {
    ServerSession session = co_await get_session(request);
    session.clear();
    co_return ServerResponse(200, describe_session(session));
  });
  return app;
}

/// What a response's Set-Cookie lets a client send: "name=value"; "" without one.
inline std::string cookie_of(const Reply& reply) {
  const std::string field = reply.field("Set-Cookie");
  return field.substr(0, field.find(';'));
}

/// Asks on a connection of its own, with such a cookie.
inline Coro<Reply> visit(std::uint16_t port, std::string target, std::string cookie = {}) {
  const std::string fields = cookie.empty() ? "" : "Cookie: " + cookie + "\r\n";
  auto asking = ask_once(port, get(target, fields + "Connection: close\r\n"));
  co_return co_await std::move(asking);
}

/// The body that a client with a jar gets.
inline Coro<std::string> text_of(http::Session& session, std::string path) {
  auto response = co_await session.get(path);
  co_return co_await response.text();
}

class SessionsTest : public ServerTest {
 protected:
  static std::vector<std::shared_ptr<SessionStorage>> both_storages() {
    return {std::make_shared<MemoryStorage>(), encrypted()};
  }
};

}  // namespace corolla_tests
