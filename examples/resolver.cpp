// SPDX-License-Identifier: Apache-2.0
//
// Looks a name up without threads, and connects to whichever of its addresses answers first.
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <iostream>
#include <memory>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> greet(StreamReader reader, StreamWriter writer) {
  const std::string name = co_await reader.readline();
  co_await writer.write("hello, " + name);
}

Coro<void> amain() {
  auto server = co_await start_server(greet, "127.0.0.1", 0);

  ResolverOptions settings;
  settings.timeout = 1s;
  settings.negative_ttl = 30s;
  auto resolver = std::make_shared<Resolver>(settings);

  StreamOptions options;
  options.resolver = resolver;
  auto [reader, writer] = co_await open_connection("localhost", server.port(), options);
  co_await writer.write("resolver\n");
  const std::string answer = co_await reader.readline();
  std::cout << answer;

  auto look_up = resolver->resolve("name.onion", 80);
  const auto nothing = co_await outcome(std::move(look_up));
  std::cout << nothing.error_message() << '\n';
}

int main() { return run_main(amain()); }
