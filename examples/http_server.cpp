// SPDX-License-Identifier: Apache-2.0
// A web server: the files of a directory, and an answer that a coroutine makes. usage: http_server DIRECTORY
// So that the example ends by itself it asks itself a few things; a real one says co_await server.serve_forever().
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>

using namespace corolla;

Coro<void> ask(std::string url, std::string range) {
  http::Session session;
  auto request = session.get(url);
  if (!range.empty()) request = std::move(request).header("Range", range);
  auto response = co_await std::move(request);
  const std::string text = co_await response.text();
  std::cout << response.url().path() << ' ' << response.status();
  if (response.ok()) std::cout << ' ' << text.substr(0, text.find('\n'));
  std::cout << '\n';
}

Coro<void> amain(std::string directory) {
  const http::StaticFiles files(directory);
  auto handler = [&files](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    if (request.path() == "/slow") {
      co_await sleep(std::chrono::milliseconds(1));  // others are served meanwhile
      co_return http::ServerResponse(200, "slow, but there\n");
    }
    if (request.path() == "/secret") throw http::HttpError(403, "not for you");
    co_return co_await files(request);
  };
  auto server = co_await http::serve(handler, "127.0.0.1", 0);

  const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
  co_await ask(url + "/slow", "");
  co_await ask(url + "/hello.txt", "");
  co_await ask(url + "/hello.txt", "bytes=6-");
  co_await ask(url + "/secret", "");
  co_await ask(url + "/none.txt", "");
  co_await server.shutdown();
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: http_server DIRECTORY\n";
    return 2;
  }
  return run_main(amain(argv[1]));
}
