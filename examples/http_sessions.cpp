// SPDX-License-Identifier: Apache-2.0
// A login form, a session for who passes it (a real one compares hashes of passwords), a logout. So that the example ends by itself
// its visitor is its own, with a cookie jar as browsers have one.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

using namespace corolla;

Coro<http::ServerResponse> home(http::ServerRequest& request) {
  auto session = co_await http::get_session(request);
  const auto* user = session.find("user");
  if (user == nullptr) co_return http::ServerResponse::redirect("/login");
  const int visits = session.get("visits").get<int>() + 1;
  session.set("visits", visits);
  co_return http::ServerResponse(200, user->get<std::string>() + ", visit " + std::to_string(visits) + "\n");
}

Coro<http::ServerResponse> show_form(http::ServerRequest&) {
  co_return http::ServerResponse(200, "<form method=post><input name=user><input name=password>\n", "text/html");
}

Coro<http::ServerResponse> login(http::ServerRequest& request) {
  const http::FormData form = co_await request.post();
  const std::string user(form.value("user", ""));
  if (user != "ann" || form.value("password") != "open sesame") throw http::HttpError(403);
  auto session = co_await http::new_session(request);  // the one from before the login is void
  session.set("user", user);
  session.set("visits", 0);
  co_return http::ServerResponse::redirect("/", 303);
}

Coro<http::ServerResponse> logout(http::ServerRequest& request) {
  auto session = co_await http::get_session(request);
  session.invalidate();
  co_return http::ServerResponse::redirect("/", 303);
}

Coro<void> amain() {
  http::Application app;
  app.add_middleware(http::sessions(std::make_shared<http::MemoryStorage>()));
  app.add_routes(
      {{"GET", "/", home}, {"GET", "/login", show_form}, {"POST", "/login", login}, {"POST", "/logout", logout}});
  auto client = co_await http::test_client(app);
  auto refused = co_await client.post("/login").form("user", "ann").form("password", "guessed");
  auto welcome = co_await client.post("/login").form("user", "ann").form("password", "open sesame");
  auto again = co_await client.get("/");
  auto left = co_await client.post("/logout");
  for (http::Response* answer : {&refused, &welcome, &again, &left}) {
    const std::string text = co_await answer->text();
    std::cout << answer->status() << ' ' << answer->url().path() << ": " << (answer->ok() ? text : "refused\n");
  }
  co_await client.close();
}

int main() { return run_main(amain()); }
