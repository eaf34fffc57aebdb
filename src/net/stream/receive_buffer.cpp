// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/receive_buffer.hpp>

#include "backend/receive_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint32_t kBlock = kReceiveBlock;
constexpr std::uint32_t kLeastRoom = 4 * 1024;

}  // namespace

ReceiveBuffer::Room ReceiveBuffer::prepare() {
  if (begin_ == end_) begin_ = reported_ = end_ = 0;
  if (capacity_ - end_ < kLeastRoom) make_room(kLeastRoom);
  return {data_ + end_, std::size_t{capacity_} - end_};
}

void ReceiveBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (begin_ == end_) begin_ = reported_ = end_ = 0;
  if (capacity_ - end_ < bytes.size()) make_room(bytes.size());
  std::memcpy(data_ + end_, bytes.data(), bytes.size());
  commit(bytes.size());
}

void ReceiveBuffer::adopt(char* block, std::size_t size) {
  if (begin_ == end_) {
    release();
    data_ = block;
    capacity_ = kBlock;
    commit(size);
    return;
  }
  struct Guard {
    char* block;
    explicit Guard(char* owned) noexcept : block(owned) {}
    ~Guard() { give_receive_block(block); }
  } const guard(block);
  append({block, size});
}

// Moves the bytes to the front when at least half of the memory was consumed, so that each is moved at most once for
// each that arrives; else into twice the memory.
void ReceiveBuffer::make_room(std::size_t size) {
  const std::size_t kept = end_ - begin_;
  const std::size_t needed = kept + size;
  if (data_ == nullptr || needed > capacity_ || begin_ < capacity_ / 2) {
    std::size_t grown = std::max<std::size_t>(kBlock, capacity_);
    while (grown < needed || (data_ != nullptr && grown == capacity_)) grown *= 2;
    if (grown > std::numeric_limits<std::uint32_t>::max()) throw std::bad_alloc();
    char* const fresh = grown == kBlock ? take_receive_block() : static_cast<char*>(::operator new(grown));
    if (kept > 0) std::memcpy(fresh, data_ + begin_, kept);
    if (capacity_ == kBlock) give_receive_block(data_);
    else ::operator delete(data_);
    data_ = fresh;
    capacity_ = static_cast<std::uint32_t>(grown);
  } else {
    std::memmove(data_, data_ + begin_, kept);
  }
  reported_ -= begin_;
  begin_ = 0;
  end_ = static_cast<std::uint32_t>(kept);
}

void ReceiveBuffer::release() noexcept {
  if (capacity_ == kBlock) give_receive_block(data_);
  else ::operator delete(data_);
  data_ = nullptr;
  capacity_ = begin_ = reported_ = end_ = 0;
}

}  // namespace v0
}  // namespace corolla
