// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <corolla/net/tls.hpp>
#include <corolla/runtime.hpp>
#include <corolla/testkit/memory_stream.hpp>

#include "fuzz/require.hpp"
#include "fuzz/virtual_loop.hpp"
#include "tests/support/certificates.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::string_view kWords = "words that must arrive as they were sent, or not at all";

using corolla_fuzz::require;

/// What happens to the bytes of the real peer.
struct Disturbance {
  explicit Disturbance(std::string_view bytes) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
    mode = byte(0) % 4;
    place = byte(1) << 8U | byte(2);
    text = bytes.substr(std::min<std::size_t>(3, bytes.size()));
  }
  unsigned mode = 0;
  std::size_t place = 0;
  std::string_view text;

  std::size_t seen = 0;
  std::size_t used = 0;
  bool inserted = false;

  [[nodiscard]] std::string apply(std::string_view bytes) {
    std::string result;
    for (const char c : bytes) {
      if (mode == 1 && seen == place && !std::exchange(inserted, true)) result += text;
      const bool in_reach = mode >= 2 && seen >= place && used < text.size();
      result += !in_reach ? c : mode == 2 ? text[used] : static_cast<char>(c ^ text[used]);
      used += in_reach ? 1 : 0;
      ++seen;
    }
    return result;
  }
};

/// Ends when one of both is closed.
Coro<void> pass_on(ByteStream& from, ByteStream& to, Disturbance* disturbance) {
  for (;;) {
    const std::string_view bytes = co_await from.receive();
    if (bytes.empty()) break;
    const std::string changed = disturbance ? disturbance->apply(bytes) : std::string(bytes);
    from.consume(bytes.size());
    co_await to.send_all(changed);
  }
  to.close();
}

const TlsContext& client_rules() {
  static const TlsContext rules = [] {
    TlsContext context = TlsContext::client();
    context.forget_verify_locations();
    context.load_verify_locations("", "", corolla_tests::authorities().root.pem());
    context.set_session_resumption(false);
    context.set_alpn_protocols({"a", "b"});
    return context;
  }();
  return rules;
}

const TlsContext& server_rules() {
  static const TlsContext rules = [] {
    const auto& known = corolla_tests::authorities();
    TlsContext context = TlsContext::server();
    context.use_cert_chain(known.chain(), known.host.key_pem());
    context.load_verify_locations("", "", known.root.pem());
    context.set_verify_mode(TlsVerifyMode::kOptional);
    context.set_alpn_protocols({"b"});
    return context;
  }();
  return rules;
}

Coro<void> talk(ByteStream stream, const TlsContext& rules, bool check) {
  TlsOptions options;
  options.server_hostname = "localhost";
  auto securing = start_tls(std::move(stream), rules, options);
  ByteStream secure = co_await std::move(securing);
  secure.expires_after(std::chrono::minutes(1));
  secure.send_nowait(kWords);
  std::string received;
  while (received.size() < kWords.size()) {
    const std::string_view bytes = co_await secure.receive();
    if (bytes.empty()) break;
    received += bytes;
    secure.consume(bytes.size());
    if (check) require(kWords.starts_with(received), "what arrives is what was sent");
  }
  secure.close();
  co_await secure.wait_closed();
}

// Two relays stand between the stream that is tested and its peer, so that one of them can touch the peer's bytes.
Coro<void> converse(bool serving, Disturbance& disturbance) {
  auto ours = testkit::memory_stream_pair();
  auto theirs = testkit::memory_stream_pair();
  auto talking = talk(std::move(ours.first), serving ? server_rules() : client_rules(), true);
  auto tested = create_task(std::move(talking));
  std::vector<Task<void>> others;
  if (disturbance.mode == 0) {
    ours.second.send_nowait(disturbance.text);
    ours.second.close();
  } else {
    auto answering = talk(std::move(theirs.first), serving ? client_rules() : server_rules(), false);
    others.push_back(create_task(std::move(answering)));
    auto outwards = pass_on(ours.second, theirs.second, nullptr);
    others.push_back(create_task(std::move(outwards)));
    auto inwards = pass_on(theirs.second, ours.second, &disturbance);
    others.push_back(create_task(std::move(inwards)));
  }
  static_cast<void>(co_await outcome(tested));
  for (auto& other : others) {
    other.cancel();
    static_cast<void>(co_await outcome(other));
  }
}

void fuzz_tls(std::string_view bytes, bool serving) {
  Disturbance disturbance(bytes);
  corolla_fuzz::run_on_virtual_clock(converse(serving, disturbance));
}

}  // namespace

void fuzz_tls_client(std::string_view bytes) { fuzz_tls(bytes, false); }
void fuzz_tls_server(std::string_view bytes) { fuzz_tls(bytes, true); }

}  // namespace v0
}  // namespace corolla
