// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of TLS share: contexts, and pairs of streams.
#pragma once

#include "tests/net/net_test.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/sync/event.hpp>
#include <corolla/testkit/memory_stream.hpp>

#include <optional>
#include <string>
#include <utility>

namespace corolla_tests {

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Believes the tests' authority alone.
inline TlsContext client_context() {
  TlsContext context = TlsContext::client();
  context.forget_verify_locations();
  context.load_verify_locations("", "", authorities().root.pem());
  return context;
}

inline TlsContext server_context(const Certificate& host, const std::string& more = {}) {
  TlsContext context = TlsContext::server();
  context.use_cert_chain(host.pem() + more, host.key_pem());
  return context;
}

inline TlsContext server_context() { return server_context(authorities().host, authorities().intermediate.pem()); }

inline TlsOptions to_host(std::string name) {
  TlsOptions options;
  options.server_hostname = std::move(name);
  return options;
}

/// Both ends of a TLS connection, or why there is none.
struct TlsPair {
  TlsPair() {}
  std::optional<ByteStream> client;
  std::optional<ByteStream> server;
  std::exception_ptr client_error;
  std::exception_ptr server_error;
};

/// A handshake on a pair of streams.
inline Coro<TlsPair> shake_hands(ByteStream client, ByteStream server, TlsContext client_rules, TlsContext server_rules,
                                 TlsOptions options = to_host("localhost")) {
  TlsPair pair;
  auto serving = start_tls(std::move(server), std::move(server_rules));
  auto task = create_task(std::move(serving));
  auto connecting = start_tls(std::move(client), std::move(client_rules), std::move(options));
  auto connected = co_await outcome(std::move(connecting));
  if (connected) pair.client = std::move(*connected);
  else pair.client_error = connected.error();
  auto served = co_await outcome(std::move(task));
  if (served) pair.server = std::move(*served);
  else pair.server_error = served.error();
  co_return pair;
}

/// As above, in memory.
inline Coro<TlsPair> shake_hands(TlsContext client_rules, TlsContext server_rules,
                                 TlsOptions options = to_host("localhost"),
                                 testkit::MemoryStreamOptions memory = testkit::MemoryStreamOptions()) {
  auto ends = testkit::memory_stream_pair(memory);
  auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), std::move(client_rules),
                             std::move(server_rules), std::move(options));
  co_return co_await std::move(shaking);
}

/// Both ends of a TLS connection over TCP.
struct TlsOverTcp {
  TlsOverTcp() {}
  ByteStream client;
  ByteStream served;
};

inline Coro<TlsOverTcp> tls_over_tcp() {
  TlsOverTcp ends;
  Event there;
  ServerOptions options;
  options.ssl = server_context();
  auto server = co_await start_server(
      [&](ByteStream stream) -> Coro<void> {
        ends.served = std::move(stream);
        there.set();
        co_return;
      },
      "127.0.0.1", 0, options);
  auto connecting = connect_tls("127.0.0.1", server.port(), client_context());
  ends.client = co_await std::move(connecting);
  co_await there.wait();
  server.close();
  co_await server.wait_closed();
  co_return ends;
}

/// Closes so that the other side gets ECONNRESET.
inline void reset(ByteStream& stream) {
  const linger now{1, 0};
  ::setsockopt(stream.descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  stream.abort();
}

}  // namespace corolla_tests
