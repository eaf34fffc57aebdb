// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/byte_stream.hpp>

#include <corolla/runtime/event_loop.hpp>

namespace corolla {
inline namespace v0 {

void ByteStream::expires_after(std::chrono::nanoseconds delay) {
  if (const EventLoop* loop = state_->core().loop()) state_->set_deadline(loop->time() + delay);
}

}  // namespace v0
}  // namespace corolla
