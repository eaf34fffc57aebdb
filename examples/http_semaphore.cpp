// SPDX-License-Identifier: Apache-2.0
// Fetches pages, at most two at a time; a callback prints the bodies when all are there.
// usage: http_semaphore URL...
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace corolla;

Coro<std::string> fetch(http::Session& session, Semaphore& limit, std::string url) {
  auto permit = co_await limit.acquire();  // given back when `permit` dies
  auto response = co_await session.get(url);
  std::cout << response.url().href() << ": " << response.status() << '\n';
  co_return co_await response.text();
}

Coro<void> fetch_all(std::vector<std::string> urls) {
  http::Session session;
  Semaphore limit{2};
  std::vector<Coro<std::string>> pages;
  for (auto& url : urls) pages.push_back(fetch(session, limit, url));

  auto all = gather(return_exceptions, pages);  // waits for all, also when one fails: they use session and limit
  all.add_done_callback([](const auto& done) {  // called before the task that awaits below goes on
    if (done.cancelled()) return;
    for (const auto& body : done.result()) std::cout << (body ? *body : body.error_message()) << '\n';
  });
  co_await all;
}

int main(int argc, char** argv) { return run_main(fetch_all({argv + 1, argv + argc})); }
