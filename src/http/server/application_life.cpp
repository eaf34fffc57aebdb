// SPDX-License-Identifier: Apache-2.0
// How an application begins and ends. An application begins before those in it, and ends after them. What has begun ends,
// whatever else fails; only a cancellation cuts that short.
#include <corolla/http/application.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/exception_group.hpp>

#include "http/server/application_state.hpp"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

namespace {

using StatePointer = std::shared_ptr<ApplicationState>;
using Errors = std::vector<std::exception_ptr>;

void rethrow_all(Errors& errors, const char* when) {
  if (errors.empty()) return;
  if (errors.size() == 1) std::rethrow_exception(errors.front());
  throw ExceptionGroup(when, std::move(errors));
}

Coro<void> call_all(const std::vector<ApplicationCallback>& callbacks, StatePointer state, Errors& errors) {
  for (const ApplicationCallback& callback : callbacks) {
    try {
      auto calling = callback(Application(state));
      co_await std::move(calling);
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      errors.push_back(std::current_exception());
    }
  }
}

Coro<void> begin_all(StatePointer state) {
  for (const CleanupContextFactory& factory : state->contexts) {
    CleanupContext context = factory(Application(state));
    auto beginning = context.next();
    const auto begun = co_await std::move(beginning);
    if (!begun) throw RuntimeError("a cleanup context ended without a co_yield");
    state->begun_contexts.push_back(std::move(context));
  }
  for (const ApplicationCallback& callback : state->startup_callbacks) {
    auto calling = callback(Application(state));
    co_await std::move(calling);
  }
  for (const StatePointer& child : state->children) {
    auto beginning = begin_all(child);
    co_await std::move(beginning);
  }
}

Coro<void> shut_down_all(StatePointer state, Errors& errors) {
  auto calling = call_all(state->shutdown_callbacks, state, errors);
  co_await std::move(calling);
  for (const StatePointer& child : state->children) {
    auto shutting = shut_down_all(child, errors);
    co_await std::move(shutting);
  }
}

Coro<void> end_all(StatePointer state, Errors& errors) {
  for (std::size_t i = state->children.size(); i-- > 0;) {
    auto ending = end_all(state->children[i], errors);
    co_await std::move(ending);
  }
  while (!state->begun_contexts.empty()) {
    CleanupContext context = std::move(state->begun_contexts.back());
    state->begun_contexts.pop_back();
    try {
      auto ending = context.next();
      const auto more = co_await std::move(ending);
      if (more) throw RuntimeError("a cleanup context has more than one co_yield");
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      errors.push_back(std::current_exception());
    }
  }
  auto calling = call_all(state->cleanup_callbacks, state, errors);
  co_await std::move(calling);
}

Coro<void> shut_down(StatePointer state) {
  Errors errors;
  auto shutting = shut_down_all(std::move(state), errors);
  co_await std::move(shutting);
  rethrow_all(errors, "errors while an application shut down");
}

Coro<void> clean_up(StatePointer state) {
  if (!std::exchange(state->started, false)) co_return;
  Errors errors;
  auto ending = end_all(std::move(state), errors);
  co_await std::move(ending);
  rethrow_all(errors, "errors while an application was cleaned up");
}

Coro<void> start_up(StatePointer state) {
  if (state->parent != nullptr) throw RuntimeError("the application is part of another one");
  if (std::exchange(state->started, true)) throw RuntimeError("the application is served already");
  state->freeze();
  std::exception_ptr error;
  try {
    auto beginning = begin_all(state);
    co_await std::move(beginning);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  state->started = false;
  Errors errors{error};
  auto ending = end_all(std::move(state), errors);
  co_await std::move(ending);
  if (is_cancelled_error(error)) std::rethrow_exception(error);
  rethrow_all(errors, "errors while an application started");
}

}  // namespace

Coro<void> Application::startup() { return start_up(state_); }
Coro<void> Application::shutdown() { return shut_down(state_); }
Coro<void> Application::cleanup() { return clean_up(state_); }

void Application::abandon() noexcept { state_->abandon(); }

void ApplicationState::abandon() noexcept {
  started = false;
  for (const StatePointer& child : children) child->abandon();
  while (!begun_contexts.empty()) begun_contexts.pop_back();
}

}  // namespace corolla::inline v0::http
