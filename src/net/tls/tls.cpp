// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/tls.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>

#include "net/tls/tls_state.hpp"

#include <cerrno>
#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

std::string in_seconds(std::chrono::nanoseconds time) {
  std::string text = std::to_string(std::chrono::duration<double>(time).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

}  // namespace

Coro<ByteStream> start_tls(ByteStream stream, TlsContext context, TlsOptions options) {
  if (!context) throw ValueError("start_tls needs a TlsContext");
  if (stream.is_closing()) throw RuntimeError("start_tls: the stream is closed");
  if (!stream.buffered().empty())
    throw RuntimeError("start_tls: " + std::to_string(stream.buffered().size()) +
                       " bytes that came before are buffered");
  auto* const state = new TlsState(std::move(stream), context.state(), options);
  ByteStream secured(FutureRef<StreamState>::adopt(state));
  secured.expires_after(options.handshake_timeout);
  state->start();
  // The handshake counts as a byte that is not sent yet.
  auto shaking = StreamDrain(secured.state(), StreamState::Level::kEmpty);
  try {
    co_await std::move(shaking);
  } catch (const TimeoutError&) {
    throw OSError(ECONNABORTED,
                  "TLS handshake with " + state->peer() + " took longer than " + in_seconds(options.handshake_timeout));
  }
  secured.never_expires();
  co_return secured;
}

Coro<StreamConnection> start_tls(StreamReader reader, StreamWriter writer, TlsContext context, TlsOptions options) {
  const std::size_t limit = reader.limit();
  auto securing = start_tls(std::move(writer.stream()), std::move(context), std::move(options));
  co_return StreamConnection(co_await std::move(securing), limit);
}

Coro<ByteStream> connect_tls(std::string host, std::uint16_t port, TlsContext context, ConnectOptions options) {
  if (!context) throw ValueError("connect_tls needs a TlsContext");
  options.ssl = std::move(context);
  auto connecting = connect_tcp(std::move(host), port, std::move(options));
  co_return co_await std::move(connecting);
}

}  // namespace v0
}  // namespace corolla
