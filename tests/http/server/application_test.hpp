// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of Application share.
#pragma once

#include "tests/http/server/server_test.hpp"

#include <corolla/http/application.hpp>
#include <corolla/http/test_client.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace corolla_tests {

using http::Application;
using http::NextHandler;

/// A handler that answers with a text.
inline http::RequestHandler say(std::string text) {
  return [text = std::move(text)](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, text); };
}

/// A handler that answers with its route's pattern and a parameter.
inline http::RequestHandler tell(std::string parameter) {
  return [parameter = std::move(parameter)](ServerRequest& request) -> Coro<ServerResponse> {
    co_return ServerResponse(200,
                             std::string(request.route_pattern()) + " " + std::string(request.match_info(parameter)));
  };
}

/// What the application answers to one request as it is on the wire: "200 body", or the status alone for an error.
inline Coro<std::string> ask_for(http::TestClient& client, std::string method, std::string target,
                                 std::string host = "a") {
  const bool to_head = method == "HEAD";
  const Reply reply = co_await ask_once(
      client.port(), method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", to_head);
  std::string answer = std::to_string(reply.status);
  if (reply.status < 300 && !to_head) answer += " " + reply.body;
  if (const std::string allow = reply.field("Allow"); !allow.empty()) answer += " " + allow;
  if (const std::string location = reply.field("Location"); !location.empty()) answer += " " + location;
  co_return answer;
}

struct Exchange {
  const char* method;
  const char* target;
  const char* answer;
};

/// Asks for each in turn.
template <std::size_t count>
Coro<void> expect_answers(Application app, const Exchange (&exchanges)[count]) {
  auto client = co_await http::test_client(std::move(app));
  for (const Exchange& exchange : exchanges) {
    const auto answer = co_await ask_for(client, exchange.method, exchange.target);
    EXPECT_EQ(answer, exchange.answer) << exchange.method << ' ' << exchange.target;
  }
  co_await client.close();
}

class ApplicationTest : public ServerTest {};

}  // namespace corolla_tests
