// SPDX-License-Identifier: Apache-2.0
// Header fields of one's own: for a whole session, and for one request. usage: http_headers URL
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>

using namespace corolla;

Coro<void> show(std::string url) {
  http::SessionOptions options;
  options.user_agent = "Mozilla/5.0 (X11; Linux x86_64)";
  options.headers.set("Accept-Language", "zh-CN");
  http::Session session(options);

  auto first = co_await session.get(url);
  std::cout << co_await first.text() << '\n';
  auto second = co_await session.get(url).header("User-Agent", "my-crawler/1.0").header("Accept", "text/html");
  std::cout << co_await second.text() << '\n';
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: http_headers URL\n";
    return 2;
  }
  return run_main(show(argv[1]));
}
