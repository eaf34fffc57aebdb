// SPDX-License-Identifier: Apache-2.0
// A JSON API that wants a login: a form, the cookie that comes of it, queries, documents. usage: http_json_api URL
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

using namespace corolla;

Coro<void> use_api(std::string base) {
  http::SessionOptions options;
  options.base_url = http::Url::parse(base + "/api/");
  options.raise_for_status = true;
  http::Session session(options);

  co_await session.post("login").form("user", "ada").form("password", "l&velace");  // the answer's cookie is kept
  for (const auto& cookie : session.cookie_jar().cookies()) std::cout << "cookie " << cookie.name << '\n';

  const nlohmann::json draft = {{"title", "Café"}, {"pages", 3}};
  auto created = co_await session.post("notes").json(draft);
  const nlohmann::json note = co_await created.json();
  std::cout << "created " << note.at("id") << ": " << note.at("title") << '\n';

  auto found = co_await session.get("notes").query("title", "Café").query("limit", 10);
  const nlohmann::json notes = co_await found.json();
  std::cout << "found " << notes.size() << ": " << notes.dump() << '\n';
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: http_json_api URL\n";
    return 2;
  }
  return run_main(use_api(argv[1]));
}
