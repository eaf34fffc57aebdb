// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a request, and how a program tells. usage: http_timeouts URL...
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::string> fetch(http::Session& session, std::string url) {
  http::ClientTimeout limits;
  limits.total = 10s;        // the whole request, its body included
  limits.connect = 2s;       // until there is a connection
  limits.sock_read = 500ms;  // between two pieces of the answer
  auto response = co_await session.get(url).timeout(limits).max_body_bytes(1'000'000).raise_for_status();
  co_return co_await response.text();
}

Coro<void> fetch_each(std::vector<std::string> urls) {
  http::Session session;
  for (auto& url : urls) {
    try {
      const std::string text = co_await fetch(session, url);
      std::cout << "got " << text << '\n';
    } catch (const TimeoutError& error) {
      std::cout << "too slow: " << error.what() << '\n';
    } catch (const http::ClientResponseError& error) {
      std::cout << "refused: " << error.status() << '\n';
    } catch (const http::ClientConnectorError&) {
      std::cout << "nobody there\n";
    } catch (const http::ContentTooLarge&) {
      std::cout << "too large\n";
    } catch (const Error& error) {  // everything corolla throws, but for CancelledError
      std::cout << "failed: " << error.what() << '\n';
    }
  }
}

int main(int argc, char** argv) { return run_main(fetch_each({argv + 1, argv + argc})); }
