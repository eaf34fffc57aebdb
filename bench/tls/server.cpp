// SPDX-License-Identifier: Apache-2.0
// The server of the TLS cases; what it does for a client is said in bench/peers/raw/tls_work.h.
//   bench_tls CERTIFICATE KEY   (announces its port)
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

using namespace corolla;

namespace {

enum class Work : std::uint64_t { kEcho, kSend, kReceive };
constexpr std::size_t kPeriod = 8191;
constexpr std::size_t kPiece = 64 * 1024;

std::string make_bulk() {
  std::string bytes(kPeriod + kPiece, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint32_t>(i % kPeriod) * 2654435761U >> 13);
  return bytes;
}
const std::string bulk = make_bulk();

std::string_view bulk_at(std::uint64_t offset, std::size_t size) {
  return std::string_view(bulk).substr(offset % kPeriod, size);
}

Coro<void> echo(ByteStream& stream) {
  for (;;) {
    std::string_view bytes = stream.buffered();  // at first what came with the request
    if (bytes.empty()) bytes = co_await stream.receive();
    if (bytes.empty()) co_return;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
}

Coro<void> send_bulk(ByteStream& stream, std::uint64_t bytes) {
  for (std::uint64_t sent = 0; sent < bytes;) {
    const std::size_t piece = std::min<std::uint64_t>(bytes - sent, kPiece);
    co_await stream.send_all(bulk_at(sent, piece));
    sent += piece;
  }
}

Coro<void> receive_bulk(ByteStream& stream, std::uint64_t bytes) {
  std::uint64_t got = 0;
  bool right = true;
  while (got < bytes && right) {
    std::string_view rest = stream.buffered();
    if (rest.empty()) rest = co_await stream.receive();
    if (rest.empty()) break;
    stream.consume(rest.size());
    while (!rest.empty() && right) {
      const std::size_t size = std::min(rest.size(), kPiece);
      right = rest.substr(0, size) == bulk_at(got, size);
      if (right) got += size;
      rest.remove_prefix(size);
    }
  }
  char answer[sizeof got];
  std::memcpy(answer, &got, sizeof got);
  co_await stream.send_all(std::string_view(answer, sizeof answer));
}

Coro<void> serve(ByteStream stream) {
  std::uint64_t request[2];
  while (stream.buffered().size() < sizeof request) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) co_return;
  }
  std::memcpy(request, stream.buffered().data(), sizeof request);
  stream.consume(sizeof request);
  switch (static_cast<Work>(request[0])) {
    case Work::kEcho: co_await echo(stream); break;
    case Work::kSend: co_await send_bulk(stream, request[1]); break;
    case Work::kReceive: co_await receive_bulk(stream, request[1]); break;
  }
  static_cast<void>(co_await stream.receive());  // the client closes
}

Coro<void> amain(std::string certificate, std::string key) {
  ServerOptions options;
  options.backlog = 4096;
  options.ssl = TlsContext::server(certificate, key);
  auto server = co_await start_server(serve, "127.0.0.1", 0, options);
  std::printf("PORT %u\n", server.port());
  std::fflush(stdout);
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return run_main(amain(argv[1], argv[2]));
}
