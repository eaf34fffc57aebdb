// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/stream_writer.hpp>

#include <corolla/net/streams.hpp>
#include <corolla/runtime/error.hpp>

#include <chrono>
#include <string>

namespace corolla {
inline namespace v0 {

void StreamWriter::write_nowait(std::string_view data) {
  const std::size_t unsent = stream_.unsent();
  if (unsent > 0 && unsent + data.size() > kHardLimit)
    throw RuntimeError("the write buffer holds " + std::to_string(unsent) + " bytes: await drain()");
  stream_.send_nowait(data);
}

StreamDrain StreamWriter::drain() {
  const StreamState& state = *stream_.state();
  if (!state.send_error() && state.receive_error()) std::rethrow_exception(state.receive_error());
  return stream_.drain();
}

// A writer that is dropped with bytes in its buffer must not lose them, nor keep a dead connection for ever.
void StreamWriter::finish() noexcept {
  constexpr auto kPatience = std::chrono::seconds(30);
  if (!stream_ || stream_.is_closing()) return;
  stream_.close();
  if (stream_.unsent() == 0) return;
  try {
    stream_.expires_after(kPatience);
  } catch (...) {
    stream_.abort();
  }
}

Coro<StreamConnection> open_connection(std::string host, std::uint16_t port, StreamOptions options) {
  auto connecting = connect_tcp(std::move(host), port, options);
  co_return StreamConnection(co_await std::move(connecting), options.limit);
}

Coro<StreamConnection> open_unix_connection(std::string path, StreamOptions options) {
  auto connecting = connect_to(SocketAddress::unix_path(path), options);
  co_return StreamConnection(co_await std::move(connecting), options.limit);
}

}  // namespace v0
}  // namespace corolla
