// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/receive_buffer.hpp>

#include <corolla/runtime/memory.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint32_t kBlock = 32 * 1024;
constexpr std::uint32_t kLeastRoom = 4 * 1024;

// Blocks of the common size, last in first out. Sanitizers see each use of a block apart.
#if COROLLA_BLOCK_CACHE
constexpr std::size_t kMostCached = 64;

class BlockStack {
 public:
  BlockStack() = default;
  BlockStack(const BlockStack&) = delete;
  BlockStack& operator=(const BlockStack&) = delete;
  ~BlockStack() {
    while (count_ > 0) ::operator delete(blocks_[--count_]);
    gone_ = true;
  }
  char* take() { return static_cast<char*>(count_ > 0 ? blocks_[--count_] : ::operator new(kBlock)); }
  void give(char* block) noexcept {
    if (gone_ || count_ == kMostCached) ::operator delete(block);
    else blocks_[count_++] = block;
  }

 private:
  void* blocks_[kMostCached] = {};
  std::size_t count_ = 0;
  bool gone_ = false;  // buffers in other thread-local objects may die later
};

thread_local BlockStack blocks;

char* take_block() { return blocks.take(); }
void give_block(char* block) noexcept { blocks.give(block); }
#else
char* take_block() { return static_cast<char*>(::operator new(kBlock)); }
void give_block(char* block) noexcept { ::operator delete(block); }
#endif

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

// Moves the bytes to the front when at least half of the memory was consumed, so that each is moved at most once for
// each that arrives; else into twice the memory.
void ReceiveBuffer::make_room(std::size_t size) {
  const std::size_t kept = end_ - begin_;
  const std::size_t needed = kept + size;
  if (data_ == nullptr || needed > capacity_ || begin_ < capacity_ / 2) {
    std::size_t grown = std::max<std::size_t>(kBlock, capacity_);
    while (grown < needed || (data_ != nullptr && grown == capacity_)) grown *= 2;
    if (grown > std::numeric_limits<std::uint32_t>::max()) throw std::bad_alloc();
    char* const fresh = grown == kBlock ? take_block() : static_cast<char*>(::operator new(grown));
    if (kept > 0) std::memcpy(fresh, data_ + begin_, kept);
    if (capacity_ == kBlock) give_block(data_);
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
  if (capacity_ == kBlock) give_block(data_);
  else ::operator delete(data_);
  data_ = nullptr;
  capacity_ = begin_ = reported_ = end_ = 0;
}

}  // namespace v0
}  // namespace corolla
