// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio's TCP echo server and client with streams: lines come back in capitals.
//   server = await asyncio.start_server(handle, "127.0.0.1", 8888)
#include <corolla/corolla.hpp>

#include <cctype>
#include <cstdio>
#include <string>

using namespace corolla;

Coro<void> handle(StreamReader reader, StreamWriter writer) {
  for (;;) {
    std::string line = co_await reader.readline();
    if (line.empty()) co_return;  // the client left; the connection closes with its writer
    for (char& c : line) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    co_await writer.write(line);
  }
}

Coro<void> talk(std::uint16_t port, std::string text) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  co_await writer.write(text + "\n");
  std::string answer = co_await reader.readline();
  std::printf("%s", answer.c_str());
}

Coro<void> amain() {
  auto server = co_await start_server(handle, "127.0.0.1", 0);  // port 0: any that is free
  co_await talk(server.port(), "hello");
  co_await talk(server.port(), "world");
  server.close();
  co_await server.wait_closed();  // a server that is to stay says: co_await server.serve_forever();
}

int main() { return run_main(amain()); }
