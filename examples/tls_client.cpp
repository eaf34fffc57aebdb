// SPDX-License-Identifier: Apache-2.0
// A client over TLS, the counterpart of asyncio.open_connection(host, port, ssl=context).
//   tls_client HOST PORT AUTHORITIES LINE...
// sends the lines, prints the answers, and says on standard error what was agreed on.
#include <corolla/corolla.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace corolla;

Coro<void> talk(std::string host, std::uint16_t port, std::string authorities, std::vector<std::string> lines) {
  StreamOptions options;
  options.ssl = TlsContext::client();  // verifies, and checks the host's name
  options.ssl.load_verify_locations(authorities);
  options.ssl.set_alpn_protocols({"lines/1"});
  auto [reader, writer] = co_await open_connection(host, port, options);
  for (const std::string& line : lines) {
    co_await writer.write(line + "\n");
    const std::string answer = co_await reader.readline();
    std::printf("%s", answer.c_str());
  }
  const TlsConnection& tls = *writer.tls();
  std::fprintf(stderr, "%s %s\n", std::string(tls.version()).c_str(), tls.peer_certificate()->subject.c_str());
  writer.close();
  co_await writer.wait_closed();
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  return run_main(talk(argv[1], static_cast<std::uint16_t>(std::atoi(argv[2])), argv[3], {argv + 4, argv + argc}));
}
