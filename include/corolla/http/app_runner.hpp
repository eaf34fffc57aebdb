// SPDX-License-Identifier: Apache-2.0
/// \file
/// AppRunner and run_app: serving an Application, from its start to its cleanup.
///
///     co_await http::run_app(app, "127.0.0.1", 8080);                // until cancelled (Ctrl-C); then drains and cleans up
///
///     http::AppRunner runner(app);                                   // the same, a step at a time
///     co_await runner.start("127.0.0.1", 8080);
///     …
///     co_await runner.cleanup();
///
/// Source: aiohttp's web.AppRunner, web.TCPSite and web.run_app. Its end is in this order: nothing is listened for, on_shutdown,
/// the requests under way are waited for (WebServerOptions::shutdown_timeout), cleanup contexts, on_cleanup. Not thread safe.
#pragma once

#include <corolla/http/application.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net/address.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment. Destroyed without cleanup() it aborts: requests are cancelled, on_cleanup does not run.
class COROLLA_API AppRunner {
 public:
  explicit AppRunner(Application app, WebServerOptions options = WebServerOptions());
  AppRunner(const AppRunner&) = delete;
  AppRunner& operator=(const AppRunner&) = delete;
  ~AppRunner();

  /// Application::startup, unless it was called.
  [[nodiscard]] Coro<void> setup();
  /// Listens on one more address, after setup(). gaierror, OSError; those of startup, nothing is left begun then.
  [[nodiscard]] Coro<void> start(std::string host, std::uint16_t port);
  /// As above; Unix paths, too.
  [[nodiscard]] Coro<void> start(std::vector<SocketAddress> addresses);
  /// Until the task is cancelled, or cleanup() is called; ends with cleanup().
  [[nodiscard]] Coro<void> serve_forever();
  /// Ends as the file's comment says. Every step is taken whatever the others throw; the errors come at last, several as
  /// ExceptionGroup. Cancelled while it waits for requests it cuts them and goes on; cancelled elsewhere it ends at once.
  [[nodiscard]] Coro<void> cleanup();

  /// Where it listens.
  [[nodiscard]] const std::vector<WebServer>& sites() const noexcept { return sites_; }
  /// The first site's port and URL; RuntimeError before start().
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] const Application& app() const noexcept { return app_; }

 private:
  [[nodiscard]] RequestHandler handler() const;
  [[nodiscard]] const WebServer& first_site() const;

  Application app_;
  WebServerOptions options_;
  std::vector<WebServer> sites_;
  Future<void> ended_;
  bool set_up_ = false;
};

/// Serves `app` until the task is cancelled. The loop's exception handler hears of what handlers throw.
[[nodiscard]] COROLLA_API Coro<void> run_app(Application app, std::string host, std::uint16_t port,
                                             WebServerOptions options = WebServerOptions());

}  // namespace corolla::inline v0::http
