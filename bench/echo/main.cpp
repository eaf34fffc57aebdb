// SPDX-License-Identifier: Apache-2.0
// The echo cases' servers: bench_echo bytes|streams  (the backend by COROLLA_BACKEND). Announces its port as its first line.
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

using namespace corolla;

namespace {

Coro<void> echo_bytes(ByteStream stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) co_return;
    co_await stream.send_all(bytes);
    stream.consume(bytes.size());
  }
}

Coro<void> echo_streams(StreamReader reader, StreamWriter writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(65536);
    if (bytes.empty()) co_return;
    co_await writer.write(bytes);
  }
}

void announce(const Server& server) {
  std::printf("PORT %u\n", unsigned{server.port()});
  std::fflush(stdout);
}

Coro<void> serve(std::string api) {
  StreamServerOptions options;
  options.backlog = 4096;
  if (api == "streams") {
    Server server = co_await start_server(echo_streams, "127.0.0.1", 0, options);
    announce(server);
    co_await server.serve_forever();
  } else {
    Server server = co_await start_server(echo_bytes, "127.0.0.1", 0, options);
    announce(server);
    co_await server.serve_forever();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string api = argc > 1 ? argv[1] : "bytes";
  if (api != "bytes" && api != "streams") {
    std::fprintf(stderr, "usage: bench_echo bytes|streams\n");
    return 2;
  }
  return run_main(serve(api));
}
