// SPDX-License-Identifier: Apache-2.0
// A server of lines over TLS, the counterpart of asyncio.start_server(handle, host, port, ssl=context).
//   tls_server PORT CHAIN KEY [CLIENT-AUTHORITIES]
// says where it listens, answers each line in capitals and ends with the first client that says "bye".
#include <corolla/corolla.hpp>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace corolla;

struct Talk {
  explicit Talk(Event& over) : bye(over) {}
  Event& bye;

  Coro<void> operator()(StreamReader reader, StreamWriter writer) const {
    for (;;) {
      std::string line = co_await reader.readline();
      if (line.empty()) co_return;
      for (char& c : line) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      co_await writer.write(line);
      if (line == "BYE\n") bye.set();
    }
  }
};

Coro<void> amain(std::uint16_t port, std::string chain, std::string key, std::string client_authorities) {
  StreamServerOptions options;
  options.ssl = TlsContext::server(chain, key);
  options.ssl.set_alpn_protocols({"lines/1"});
  if (!client_authorities.empty()) {  // clients must show a certificate that these have signed
    options.ssl.load_verify_locations(client_authorities);
    options.ssl.set_verify_mode(TlsVerifyMode::kRequired);
  }
  Event bye;
  const Talk talk(bye);
  auto server = co_await start_server(talk, "127.0.0.1", port, options);
  std::printf("listening on port %u\n", server.port());
  std::fflush(stdout);
  co_await bye.wait();
  server.close();
  co_await server.wait_closed();
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  return run_main(amain(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3], argc > 4 ? argv[4] : ""));
}
