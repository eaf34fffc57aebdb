// SPDX-License-Identifier: Apache-2.0
// A JSON API: routes, a middleware, a state that begins and ends with the application.
// So that the example ends by itself it asks itself a few things; a real one says co_await http::run_app(app, "127.0.0.1", 8080).
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

using namespace corolla;

using Notes = std::map<int, nlohmann::json>;
const http::AppKey<Notes> kNotes("notes");

Coro<http::ServerResponse> create(http::ServerRequest& request) {
  nlohmann::json note = co_await request.json();  // 415 or 400 for what is no JSON
  if (!note.contains("title")) throw http::HttpError(422, "a note needs a title");
  Notes& notes = request.app().get(kNotes);
  const int id = static_cast<int>(notes.size()) + 1;
  note["id"] = id;
  notes[id] = note;
  auto response = http::ServerResponse::json(note, 201);
  response.headers().set("Location", request.app().url_for("note", {{"id", std::to_string(id)}}));
  co_return response;
}

Coro<http::ServerResponse> show(http::ServerRequest& request) {
  const Notes& notes = request.app().get(kNotes);
  const auto note = notes.find(request.match<int>("id"));
  if (note == notes.end()) throw http::HttpError(404, "no such note");
  co_return http::ServerResponse::json(note->second);
}

Coro<http::ServerResponse> log_request(http::ServerRequest& request, http::NextHandler next) {
  auto response = co_await next(request);
  std::cout << request.method() << ' ' << request.path() << ' ' << response.status() << '\n';
  co_return response;
}

http::CleanupContext open_notes(http::Application app) {
  app.set(kNotes, Notes());
  std::cout << "opened\n";
  co_yield std::monostate();  // the application serves
  std::cout << "closed with " << app.get(kNotes).size() << " notes\n";
}

http::Application make_app() {
  http::Application app;
  app.cleanup_ctx(open_notes);
  app.add_middleware(log_request);
  app.add_post("/notes", create);
  app.add_get("/notes/{id:int}", show, "note");
  return app;
}

Coro<void> amain() {
  auto client = co_await http::test_client(make_app());
  const nlohmann::json draft = {{"title", "Café"}};
  auto created = co_await client.post("/notes").json(draft);
  const std::string location(created.headers().get("Location", ""));
  auto shown = co_await client.get(location);
  std::cout << co_await shown.text() << '\n';
  for (const char* path : {"/notes/7", "/notes/one", "/notes"}) co_await client.get(path);
  co_await client.close();
}

int main() { return run_main(amain()); }
