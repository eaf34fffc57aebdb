// SPDX-License-Identifier: Apache-2.0
// A caching reverse proxy: it asks the origin for what it does not have, or has no longer, and answers the rest itself.
// So that the example ends by itself the origin and a client are its own; a real one says co_await http::run_app(app, "", 8080).
#include <array>
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>

using namespace corolla;

// What is for one connection only, or made anew by the proxy.
constexpr std::array<std::string_view, 8> kOwnFields{"Connection", "Content-Encoding", "Content-Length",    "Date",
                                                     "Keep-Alive", "Server",           "Transfer-Encoding", "Upgrade"};

bool is_own(std::string_view name) {
  for (const auto own : kOwnFields)
    if (http::iequals(name, own)) return true;
  return false;
}

struct Upstream {
  std::string origin;
  http::Session* session;
};
const http::AppKey<Upstream> kUpstream("upstream");

Coro<http::ServerResponse> forward(http::ServerRequest& request) {
  const Upstream& upstream = request.app().get(kUpstream);
  const std::string& target = request.target();  // "/path?query"; anything else is for no origin of ours
  if (!target.starts_with('/')) throw http::HttpError(400);
  auto asked = upstream.session->request(request.method(), upstream.origin + target).allow_redirects(false);
  for (const char* name : {"Accept", "Accept-Language", "Authorization", "Cache-Control", "Cookie"})
    if (const auto value = request.headers().get(name)) asked = std::move(asked).header(name, *value);
  auto answer = co_await std::move(asked);
  http::ServerResponse response(answer.status(), co_await answer.read());
  for (const auto& [name, value] : answer.headers())
    if (!is_own(name)) response.headers().add(name, value);
  response.headers().set("X-Cache", answer.from_cache() ? "hit" : "miss");
  co_return response;
}

Coro<http::ServerResponse> origin(http::ServerRequest& request) {
  static int asked = 0;
  std::cout << "  origin: " << request.path() << '\n';
  http::ServerResponse response(200, "answer " + std::to_string(++asked));
  response.headers().set("Cache-Control", request.path() == "/news" ? "no-store" : "max-age=60");
  co_return response;
}

Coro<void> amain() {
  http::Application behind;
  behind.add_get("/{path*}", origin);
  auto server = co_await http::test_client(behind);

  http::SessionOptions options;
  options.cache = std::make_shared<http::HttpCache>();
  options.use_cookies = false;  // they are the clients'
  http::Session upstream(options);
  http::Application proxy;
  proxy.set(kUpstream, Upstream{"http://127.0.0.1:" + std::to_string(server.port()), &upstream});
  proxy.add_get("/{path*}", forward);

  auto client = co_await http::test_client(proxy);
  for (const char* path : {"/page", "/page", "/news", "/news", "/page"}) {
    auto response = co_await client.get(path);
    std::cout << path << ' ' << response.headers().get("X-Cache", "") << ": " << co_await response.text() << '\n';
  }
  co_await client.close();
  co_await server.close();
}

int main() { return run_main(amain()); }
