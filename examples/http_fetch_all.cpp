// SPDX-License-Identifier: Apache-2.0
// Fetches many pages at once: http_fetch_all URL...
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::size_t> size_of(http::Session& session, std::string url) {
  auto response = co_await session.get(url).timeout(5s);
  co_return (co_await response.read()).size();
}

Coro<void> fetch_all(std::vector<std::string> urls) {
  http::Session session;
  std::vector<Coro<std::size_t>> pages;
  for (auto& url : urls) pages.push_back(size_of(session, url));
  auto sizes = co_await gather(return_exceptions, pages);  // all at once; a value or an error for each
  for (std::size_t i = 0; i < urls.size(); ++i)
    std::cout << urls[i] << ": " << (sizes[i] ? std::to_string(*sizes[i]) : sizes[i].error_message()) << '\n';
}

int main(int argc, char** argv) { return run_main(fetch_all({argv + 1, argv + argc})); }
