// SPDX-License-Identifier: Apache-2.0
// HTTP by hand, to see what is below an HTTP library: open_connection, a request, the answer's lines.
// usage: http_over_streams URL...
#include <corolla/corolla.hpp>
#include <corolla/http/url.hpp>
#include <corolla/net.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace corolla;

Coro<std::string> get_html(std::string address) {
  const auto url = http::Url::parse(address);
  auto [reader, writer] = co_await open_connection(std::string(url.hostname()), url.effective_port());

  std::string request = "GET " + std::string(url.request_target()) + " HTTP/1.1\r\n";
  request += "Host: " + std::string(url.host_and_port()) + "\r\nConnection: close\r\n\r\n";
  co_await writer.write(request);

  std::string html;
  bool in_body = false;
  while (true) {
    const std::string line = co_await reader.readline();
    if (line.empty()) break;  // the end of the stream
    if (in_body) html += line;
    in_body = in_body || line == "\r\n";  // an empty line ends the head
  }
  co_return html;
}

Coro<void> get_all(std::vector<std::string> urls) {
  std::vector<Task<std::string>> tasks;
  for (auto& url : urls) tasks.push_back(create_task(get_html, url));
  for (auto& next : as_completed(tasks)) std::cout << co_await next << '\n';  // each one as soon as it is there
}

int main(int argc, char** argv) { return run_main(get_all({argv + 1, argv + argc})); }
