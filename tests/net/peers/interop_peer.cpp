// SPDX-License-Identifier: Apache-2.0
//
// corolla's side of interop_test.py: echoes to other programs, or is echoed by them. ADDRESS is a port or a path.
//   interop_peer listen ADDRESS [CHAIN KEY]          says where it listens; sends back what it receives, for ever
//   interop_peer connect ADDRESS BYTES [AUTHORITY]   sends so many bytes and the end, and expects both back
//   interop_peer talk ADDRESS BYTES [AUTHORITY]      sends so many bytes and expects them back
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace corolla;

namespace {

bool is_path(const std::string& address) { return address.starts_with('/'); }

Coro<void> echo(ByteStream stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
  stream.close();
  co_await stream.wait_closed();
}

Coro<void> listen_at(std::string address, std::string chain, std::string key) {
  ServerOptions options;
  if (!chain.empty()) options.ssl = TlsContext::server(chain, key);
  std::vector<SocketAddress> addresses;
  addresses.push_back(is_path(address)
                          ? SocketAddress::unix_path(address)
                          : SocketAddress::ip("127.0.0.1", static_cast<std::uint16_t>(std::atoi(address.c_str()))));
  auto starting = start_stream_server(echo, std::move(addresses), options);
  auto server = co_await std::move(starting);
  const std::string backend(get_running_loop().backend());
  std::printf("%s %u\n", backend.c_str(), is_path(address) ? 0U : server.port());
  std::fflush(stdout);
  co_await server.serve_forever();
}

std::string numbered(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  return bytes;
}

Coro<int> connect_to_echo(std::string address, std::size_t size, std::string authority, bool half_closes) {
  ConnectOptions options;
  if (!authority.empty()) {
    options.ssl = TlsContext::client();
    options.ssl.load_verify_locations(authority);
    options.server_hostname = "localhost";
  }
  auto connecting = connect_to(
      is_path(address) ? SocketAddress::unix_path(address)
                       : SocketAddress::ip("127.0.0.1", static_cast<std::uint16_t>(std::atoi(address.c_str()))),
      options);
  ByteStream stream = co_await std::move(connecting);
  const std::string sent = numbered(size);
  stream.send_nowait(sent);
  half_closes = half_closes && stream.can_send_eof();
  if (half_closes) stream.send_eof();
  std::string got;
  while (got.size() < size || half_closes) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    got += bytes;
    stream.consume(bytes.size());
  }
  stream.close();
  co_await stream.wait_closed();
  std::printf("%zu of %zu\n", got.size(), size);
  co_return got == sent ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i) { return std::string(i < argc ? argv[i] : ""); };
  if (argc >= 3 && argument(1) == "listen") return run_main(listen_at(argv[2], argument(3), argument(4)));
  if (argc >= 4 && (argument(1) == "connect" || argument(1) == "talk"))
    return run_main(
        connect_to_echo(argv[2], std::strtoul(argv[3], nullptr, 10), argument(4), argument(1) == "connect"));
  return 2;
}
