// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of middlewares share: servers that live in a middleware, on the virtual clock.
#pragma once

#include "tests/support/runtime_test.hpp"

#include <corolla/http/session.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corolla_tests {

using http::ClientHandler;
using http::ClientMiddleware;
using http::RequestData;
using http::Response;
using http::Session;
using http::SessionOptions;

/// The fields of a response, as {"Name", "value"} pairs.
using Fields = http::Headers;

/// The time since the virtual clock's start.
inline std::chrono::nanoseconds now() { return get_running_loop().time().time_since_epoch(); }

/// Stands where the network would: each request is answered by the script, which may throw, and noted with its time.
class FakeServer {
 public:
  using Script = std::function<Response(const RequestData& request)>;

  explicit FakeServer(Script script) : state_(std::make_shared<State>()) { state_->script = std::move(script); }

  [[nodiscard]] ClientMiddleware middleware() const {
    return [state = state_](RequestData& request, ClientHandler) -> Coro<Response> {
      state->times.push_back(now());
      state->requests.push_back(request);
      co_return state->script(request);
    };
  }
  [[nodiscard]] const std::vector<RequestData>& requests() const { return state_->requests; }
  /// When they came, since the clock's start.
  [[nodiscard]] const std::vector<std::chrono::nanoseconds>& times() const { return state_->times; }

 private:
  struct State {
    Script script;
    std::vector<RequestData> requests;
    std::vector<std::chrono::nanoseconds> times;
  };
  std::shared_ptr<State> state_;
};

inline Response answer(const RequestData& request, int status, std::string body = {}, Fields fields = Fields()) {
  return Response(status, std::move(fields), std::move(body), request.url);
}

inline SessionOptions through(std::vector<ClientMiddleware> middlewares) {
  SessionOptions options;
  options.middlewares = std::move(middlewares);
  return options;
}

/// The status and the body, "200 hello"; or the error's description.
inline Coro<std::string> answer_to(http::Request request) {
  auto sending = std::move(request).send();
  auto response = co_await outcome(std::move(sending));
  if (!response) co_return describe(response.error());
  const std::string body = co_await response->read();
  co_return std::to_string(response->status()) + " " + body;
}

}  // namespace corolla_tests
