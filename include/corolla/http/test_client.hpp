// SPDX-License-Identifier: Apache-2.0
/// \file
/// TestClient: an Application on a free port of this machine, and a Session that asks it.
///
///     auto client = co_await http::test_client(app);
///     auto response = co_await client.get("/users/5");
///     EXPECT_EQ(response.status(), 200);
///     co_await client.close();
///
/// Source: aiohttp's test_utils.TestClient. For the tests of programs. Destroyed without close() it aborts both sides. Not thread
/// safe.
#pragma once

#include <corolla/http/app_runner.hpp>
#include <corolla/http/application.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/session.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// See the file's comment.
class COROLLA_API TestClient {
 public:
  TestClient(std::unique_ptr<AppRunner> runner, std::unique_ptr<Session> session) noexcept
      : runner_(std::move(runner)), session_(std::move(session)) {}

  /// URLs are relative to the application's: "/users/5".
  [[nodiscard]] Session& session() noexcept { return *session_; }
  Request request(std::string_view method, std::string_view url) { return session_->request(method, url); }
  Request get(std::string_view url) { return session_->get(url); }
  Request head(std::string_view url) { return session_->head(url); }
  Request post(std::string_view url) { return session_->post(url); }
  Request put(std::string_view url) { return session_->put(url); }
  Request patch(std::string_view url) { return session_->patch(url); }
  Request delete_(std::string_view url) { return session_->delete_(url); }
  Request options(std::string_view url) { return session_->options(url); }

  [[nodiscard]] AppRunner& runner() noexcept { return *runner_; }
  /// Of the server, for connections of the test's own.
  [[nodiscard]] std::uint16_t port() const { return runner_->port(); }

  /// Closes the session and ends the application, whose errors it throws.
  [[nodiscard]] Coro<void> close();

 private:
  std::unique_ptr<AppRunner> runner_;
  std::unique_ptr<Session> session_;
};

/// Starts the application on 127.0.0.1; SessionOptions::base_url is set to it. Errors as AppRunner::start.
[[nodiscard]] COROLLA_API Coro<TestClient> test_client(Application app,
                                                       SessionOptions session_options = SessionOptions(),
                                                       WebServerOptions server_options = WebServerOptions());

}  // namespace corolla::inline v0::http
