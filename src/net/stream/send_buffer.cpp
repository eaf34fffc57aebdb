// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/send_buffer.hpp>

namespace corolla {
inline namespace v0 {

void SendBuffer::append(std::string_view bytes) {
  if (!filled_) filled_ = std::make_unique<Filled>();
  filled_->text.append(bytes);
}

void SendBuffer::drop(std::size_t count) noexcept {
  drop_in_place(count);
  if (!filled_ || filled_->begin <= filled_->text.size() / 2) return;
  filled_->text.erase(0, filled_->begin);
  filled_->begin = 0;
}

void SendBuffer::drop_in_place(std::size_t count) noexcept {
  if (filled_) filled_->begin += count;
}

void SendBuffer::clear(std::size_t kept) noexcept {
  if (!filled_) return;
  if (filled_->text.capacity() > kept) {
    filled_.reset();
  } else {
    filled_->text.clear();
    filled_->begin = 0;
  }
}

}  // namespace v0
}  // namespace corolla
