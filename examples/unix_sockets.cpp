// SPDX-License-Identifier: Apache-2.0
// A server on a Unix socket: a path in the file system, or a name that is in none.
//   server = await asyncio.start_unix_server(handle, path)
#include <corolla/corolla.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

using namespace corolla;

Coro<void> greet(StreamReader reader, StreamWriter writer) {
  std::string name = co_await reader.readline();
  co_await writer.write("hello, " + name);
}

Coro<void> on_a_path(std::string path) {
  auto server = co_await start_unix_server(greet, path);
  auto [reader, writer] = co_await open_unix_connection(path);
  co_await writer.write("path\n");
  std::string answer = co_await reader.readline();
  std::printf("%s", answer.c_str());
  server.close();
  co_await server.wait_closed();
  std::printf("%s\n", std::filesystem::exists(path) ? "the file is there" : "the file is gone");
}

Coro<void> echo(ByteStream stream) {
  std::string_view bytes = co_await stream.receive();
  co_await stream.send_all(bytes);
}

Coro<void> on_an_abstract_name(std::string name) {
  SocketAddress address = SocketAddress::unix_path('\0' + name);
  std::vector<SocketAddress> addresses(1, address);
  auto server = co_await start_stream_server(echo, addresses, ServerOptions());
  ByteStream stream = co_await connect_to(address);
  co_await stream.send_all("no file at all");
  std::string answer(co_await stream.receive());
  std::printf("%s\n", answer.c_str());
}

Coro<void> amain() {
  std::string name = "greeter-" + std::to_string(::getpid());
  co_await on_a_path(std::filesystem::temp_directory_path() / name);
  co_await on_an_abstract_name(name);
}

int main() { return run_main(amain()); }
