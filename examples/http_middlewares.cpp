// SPDX-License-Identifier: Apache-2.0
// A session that names itself to a server, renews its token when that is refused, repeats what fails for the moment, and keeps
// to ten requests a second. So that the example ends by itself the server is its own, and as unreliable as it takes.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<http::ServerResponse> serve_report(http::ServerRequest& request) {
  static int asked = 0;
  if (++asked == 1) throw http::HttpError(503);
  if (request.headers().get("Authorization", "") != "Bearer token-2") throw http::HttpError(401);
  co_return http::ServerResponse(200, "all is well\n");
}

struct Token {
  int number = 1;
  [[nodiscard]] std::string field() const { return "Bearer token-" + std::to_string(number); }
};

http::ClientMiddleware with_token(Token& token) {
  return [&token](http::RequestData& request, http::ClientHandler next) -> Coro<http::Response> {
    request.headers.set("Authorization", token.field());
    auto response = co_await next(request);
    std::cout << request.headers.get("Authorization", "") << ": " << response.status() << '\n';
    if (response.status() != 401) co_return response;
    ++token.number;  // a real one asks for it
    request.headers.set("Authorization", token.field());
    co_return co_await next(request);
  };
}

Coro<void> amain() {
  http::Application app;
  app.add_get("/report", serve_report);

  Token token;
  http::SessionOptions options;
  options.middlewares = {with_token(token)};
  options.retry = http::RetryPolicy(4);  // attempts; GET and its like only
  options.retry->backoff = 10ms;         // doubled each time, a random part of it
  options.rate_limit = http::RateLimit(http::Rate(10, 1s));

  auto client = co_await http::test_client(app, options);  // a server, and a session for it
  auto response = co_await client.get("/report");
  std::cout << response.status() << ": " << co_await response.text();
  co_await client.close();
}

int main() { return run_main(amain()); }
