// SPDX-License-Identifier: Apache-2.0
#include <corolla/http.hpp>
#include <corolla/runtime.hpp>

#include <string>

using namespace corolla;

// A server and a client in one process.
Coro<int> fetch() {
  auto handler = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    co_return http::ServerResponse(200, std::string(request.path()));
  };
  auto server = co_await http::serve(handler, "127.0.0.1", 0);
  http::Session session;
  auto response = co_await session.get(server.url() + "a/../b").header("Accept", "*/*");
  const std::string text = co_await response.text();
  co_return text == "/b" ? 0 : 1;
}

int main() {
  const auto base = http::Url::parse("http://a.example/b/c");
  if (http::Url::parse("../d?q", base).href() != "http://a.example/d?q") return 1;
  return run_main(fetch());
}
