// SPDX-License-Identifier: Apache-2.0
/// \file
/// AppRunner and run_app: serving an Application, from its start to its cleanup.
///
///     co_await http::run_app(app, "127.0.0.1", 8080);                // until Ctrl-C or SIGTERM; then drains and cleans up
///
///     http::AppRunner runner(app);                                   // the same, a step at a time
///     co_await runner.start("127.0.0.1", 8080);                      // any number of sites
///     …
///     co_await runner.cleanup();
///
/// Source: aiohttp's web.AppRunner, web.TCPSite, UnixSite and SockSite, and web.run_app. Its end is in this order: nothing is listened
/// for, on_shutdown, the requests under way are waited for (WebServerOptions::shutdown_timeout), cleanup contexts, on_cleanup. A second
/// signal, or a second cancellation, does not wait for the requests: they are cancelled. Not thread safe.
#pragma once

#include <corolla/http/application.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/net/address.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future.hpp>

#include <cstdint>
#include <optional>
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
  /// Adds a site: listens on one more address, after setup(). `options`: the site's own, with a TlsContext, say; else the runner's.
  /// gaierror, OSError; those of startup, nothing is left begun then.
  [[nodiscard]] Coro<void> start(std::string host, std::uint16_t port,
                                 std::optional<WebServerOptions> options = std::nullopt);
  /// As above; Unix paths, too.
  [[nodiscard]] Coro<void> start(std::vector<SocketAddress> addresses,
                                 std::optional<WebServerOptions> options = std::nullopt);
  /// As above on a bound stream socket; see listen_fds().
  [[nodiscard]] Coro<void> start(Socket listening, std::optional<WebServerOptions> options = std::nullopt);
  /// Until the task is cancelled, or cleanup() is called; ends with cleanup().
  [[nodiscard]] Coro<void> serve_forever();
  /// As serve_forever, until one of `signals` comes, too; then it ends with cleanup() and returns. A second one cuts the requests that
  /// are waited for. Further ones, and those that are ignored when this is called, do what they did before.
  [[nodiscard]] Coro<void> serve_until_signal(std::vector<int> signals);
  /// Ends as the file's comment says, all sites at a time. Every step is taken whatever the others throw; the errors come at last,
  /// several as ExceptionGroup. Cancelled while it waits for requests it cuts them and goes on; cancelled elsewhere it ends at once.
  [[nodiscard]] Coro<void> cleanup();

  /// Where it listens.
  [[nodiscard]] const std::vector<WebServer>& sites() const noexcept { return sites_; }
  /// The first site's port and URL; RuntimeError before start().
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] const Application& app() const noexcept { return app_; }
  /// Those it was made with: what a site's own begin with.
  [[nodiscard]] const WebServerOptions& options() const noexcept { return options_; }

 private:
  [[nodiscard]] RequestHandler handler() const;
  [[nodiscard]] const WebServer& first_site() const;

  Application app_;
  WebServerOptions options_;
  std::vector<WebServer> sites_;
  Future<void> ended_;
  bool set_up_ = false;
};

/// Serves `app` until SIGINT or SIGTERM comes, which is how it returns, or the task is cancelled; a second one is as for
/// serve_until_signal. The loop's exception handler hears of what handlers throw.
[[nodiscard]] COROLLA_API Coro<void> run_app(Application app, std::string host, std::uint16_t port,
                                             WebServerOptions options = WebServerOptions());

}  // namespace corolla::inline v0::http
