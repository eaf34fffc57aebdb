// SPDX-License-Identifier: Apache-2.0
#include "http/server/linger.hpp"

#include <cstdint>

namespace corolla::inline v0::http {

namespace {

constexpr std::uint64_t kLingerBytes = std::uint64_t{4} << 20U;

}  // namespace

Coro<void> linger(ByteStream& stream) {
  stream.expires_after(kLingerTime);
  // TLS knows no half close; it waits for the client by itself when it is closed.
  if (!stream.can_send_eof()) {
    stream.close();
    co_return;
  }
  stream.send_eof();
  std::uint64_t dropped = 0;
  for (;;) {
    dropped += stream.buffered().size();
    stream.consume(stream.buffered().size());
    if (dropped > kLingerBytes) co_return;
    const std::string_view arrived = co_await stream.receive();
    if (arrived.empty()) break;
  }
  stream.close();
}

}  // namespace corolla::inline v0::http
