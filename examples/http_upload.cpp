// SPDX-License-Identifier: Apache-2.0
// A streaming upload and a form with a file: neither end ever holds the whole upload.
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>

#include <cstdint>
#include <iostream>
#include <string>

using namespace corolla;

Coro<http::ServerResponse> upload(http::ServerRequest& request) {
  request.set_max_body_bytes(std::uint64_t{1} << 30U);
  std::uint64_t bytes = 0;
  for (;;) {
    auto piece = co_await request.chunk();
    if (piece.empty()) break;
    bytes += piece.size();
  }
  co_return http::ServerResponse(200, std::to_string(bytes) + " bytes");
}

Coro<http::ServerResponse> form(http::ServerRequest& request) {
  auto data = co_await request.post();
  std::string told(data.value("title", "untitled"));
  if (const auto* file = data.find("file"))
    told += ": " + *file->filename() + ", " + std::to_string(file->size()) + " bytes";
  co_return http::ServerResponse(200, told);
}

AsyncGenerator<std::string> pieces() {
  for (int i = 0; i < 100; ++i) {
    co_await sleep(std::chrono::nanoseconds(0));  // where they would be read or computed
    co_yield std::string(100'000, 'x');
  }
}

Coro<void> amain() {
  http::Application app;
  app.add_post("/upload", upload).add_post("/form", form);
  auto client = co_await http::test_client(app);

  auto uploaded = co_await client.post("/upload").body(pieces());
  std::cout << co_await uploaded.text() << '\n';

  http::Multipart fields;
  fields.field("title", "Holidays").bytes("file", "beach.txt", "sand and sea");
  auto posted = co_await client.post("/form").multipart(std::move(fields));
  std::cout << co_await posted.text() << '\n';
  co_await client.close();
}

int main() { return run_main(amain()); }
