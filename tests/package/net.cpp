// SPDX-License-Identifier: Apache-2.0
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <string>

// A connection within one process: a line goes to the server and comes back.
corolla::Coro<int> echo() {
  auto handler = [](corolla::StreamReader reader, corolla::StreamWriter writer) -> corolla::Coro<void> {
    const std::string line = co_await reader.readline();
    co_await writer.write(line);
  };
  auto server = co_await corolla::start_server(handler, "127.0.0.1", 0);
  auto [reader, writer] = co_await corolla::open_connection("127.0.0.1", server.port());
  co_await writer.write("hello\n");
  const std::string line = co_await reader.readline();
  co_return line == "hello\n" ? 0 : 1;
}

int main() { return corolla::run_main(echo()); }
