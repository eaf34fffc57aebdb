// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/app_runner.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/task_options.hpp>

#include "http/server/stop_signals.hpp"

#include <csignal>
#include <exception>
#include <utility>

namespace corolla::inline v0::http {

AppRunner::AppRunner(Application app, WebServerOptions options) : app_(std::move(app)), options_(std::move(options)) {}

AppRunner::~AppRunner() {
  sites_.clear();
  if (set_up_) app_.abandon();
}

RequestHandler AppRunner::handler() const {
  return [app = app_](ServerRequest& request) { return app.handle(request); };
}

Coro<void> AppRunner::setup() {
  if (set_up_) co_return;
  auto starting = app_.startup();
  co_await std::move(starting);
  set_up_ = true;
}

Coro<void> AppRunner::start(std::string host, std::uint16_t port, std::optional<WebServerOptions> options) {
  auto preparing = setup();
  co_await std::move(preparing);
  auto starting = start_web_server(handler(), std::move(host), port, options ? *std::move(options) : options_);
  WebServer site = co_await std::move(starting);
  sites_.push_back(std::move(site));
}

Coro<void> AppRunner::start(std::vector<SocketAddress> addresses, std::optional<WebServerOptions> options) {
  auto preparing = setup();
  co_await std::move(preparing);
  auto starting = start_web_server(handler(), std::move(addresses), options ? *std::move(options) : options_);
  WebServer site = co_await std::move(starting);
  sites_.push_back(std::move(site));
}

Coro<void> AppRunner::start(Socket listening, std::optional<WebServerOptions> options) {
  auto preparing = setup();
  co_await std::move(preparing);
  auto starting = start_web_server(handler(), std::move(listening), options ? *std::move(options) : options_);
  WebServer site = co_await std::move(starting);
  sites_.push_back(std::move(site));
}

Coro<void> AppRunner::cleanup() {
  if (ended_.valid() && !ended_.done()) ended_.set_result();
  if (!std::exchange(set_up_, false)) co_return;
  std::vector<WebServer> sites = std::exchange(sites_, {});
  for (WebServer& site : sites) site.close();
  std::vector<std::exception_ptr> errors;
  const auto note = [&](const std::exception_ptr& error) {
    if (error) errors.push_back(error);
  };

  auto shutting = app_.shutdown();
  const auto shut = co_await outcome(std::move(shutting));
  note(shut.error());
  std::exception_ptr cancelled;
  try {
    // Eager: a task that is cancelled before its first step would cut nothing.
    std::vector<Task<>> draining;
    for (WebServer& site : sites) draining.push_back(create_task(site.shutdown(), TaskOptions().eager_start()));
    auto all = gather(return_exceptions, draining);
    const auto drained = co_await all;
    for (const auto& each : drained) note(each.error());
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  auto cleaning = app_.cleanup();
  const auto cleaned = co_await outcome(std::move(cleaning));
  note(cleaned.error());

  if (cancelled) std::rethrow_exception(cancelled);
  if (errors.size() == 1) std::rethrow_exception(errors.front());
  if (!errors.empty()) throw ExceptionGroup("errors while an application ended", std::move(errors));
}

Coro<void> AppRunner::serve_forever() {
  std::exception_ptr cancelled;
  try {
    // A task that is cancelled cancels the future it waits for, so a later one needs a new future.
    if (!ended_.valid() || ended_.done()) ended_ = get_running_loop().create_future();
    const Future<void> ended = ended_;
    co_await ended;
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  auto ending = cleanup();
  co_await std::move(ending);
  if (cancelled) std::rethrow_exception(cancelled);
}

Coro<void> AppRunner::serve_until_signal(std::vector<int> signals) {
  return until_signal(std::move(signals), serve_forever());
}

const WebServer& AppRunner::first_site() const {
  if (sites_.empty()) throw RuntimeError("the application is not served");
  return sites_.front();
}

std::uint16_t AppRunner::port() const { return first_site().port(); }
std::string AppRunner::url() const { return first_site().url(); }

namespace {

Coro<void> serve_app(Application app, std::string host, std::uint16_t port, WebServerOptions options) {
  AppRunner runner(std::move(app), std::move(options));
  std::exception_ptr error;
  try {
    auto starting = runner.start(std::move(host), port);
    co_await std::move(starting);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {  // no place to listen: what the application began has to end
    auto ending = runner.cleanup();
    co_await std::move(ending);
    std::rethrow_exception(error);
  }
  auto serving = runner.serve_forever();
  co_await std::move(serving);
}

}  // namespace

Coro<void> run_app(Application app, std::string host, std::uint16_t port, WebServerOptions options) {
  return until_signal({SIGINT, SIGTERM}, serve_app(std::move(app), std::move(host), port, std::move(options)));
}

}  // namespace corolla::inline v0::http
