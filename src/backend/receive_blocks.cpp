// SPDX-License-Identifier: Apache-2.0
#include "backend/receive_blocks.hpp"

#include <corolla/runtime/memory.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#if !COROLLA_BLOCK_CACHE
#include <sanitizer/asan_interface.h>
#endif

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMostKept = 64;

#if COROLLA_BLOCK_CACHE

class BlockStack {
 public:
  BlockStack() = default;
  BlockStack(const BlockStack&) = delete;
  BlockStack& operator=(const BlockStack&) = delete;
  ~BlockStack() {
    while (count_ > 0) ::operator delete(blocks_[--count_]);
    gone_ = true;
  }
  char* take() { return static_cast<char*>(count_ > 0 ? blocks_[--count_] : ::operator new(kReceiveBlock)); }
  void give(char* block) noexcept {
    if (gone_ || count_ == kMostKept) ::operator delete(block);
    else blocks_[count_++] = block;
  }

 private:
  void* blocks_[kMostKept] = {};
  std::size_t count_ = 0;
  bool gone_ = false;  // buffers in other thread-local objects may die later
};

#else

// First in, first out, so that a freed block stays under watch as long as possible; none is used again.
class BlockStack {
 public:
  BlockStack() = default;
  BlockStack(const BlockStack&) = delete;
  BlockStack& operator=(const BlockStack&) = delete;
  ~BlockStack() {
    for (char* block : watched_) release(block);
    gone_ = true;
  }
  static char* take() { return static_cast<char*>(::operator new(kReceiveBlock)); }
  void give(char* block) noexcept {
    if (gone_) {
      ::operator delete(block);
      return;
    }
    std::fill_n(block, kReceiveBlock, kCanary);
    ASAN_POISON_MEMORY_REGION(block, kReceiveBlock);
    release(watched_[next_]);
    watched_[next_] = block;
    next_ = (next_ + 1) % kMostKept;
  }

 private:
  static constexpr char kCanary = '\x5a';
  static void release(char* block) noexcept {
    if (!block) return;
    ASAN_UNPOISON_MEMORY_REGION(block, kReceiveBlock);
    // One call, since a loop takes most of the time of a build that counts its branches.
    if (*block != kCanary || std::memcmp(block, block + 1, kReceiveBlock - 1) != 0) {
      std::fputs("corolla: somebody wrote to a receive block that was given back\n", stderr);
      std::abort();
    }
    ::operator delete(block);
  }
  char* watched_[kMostKept] = {};
  std::size_t next_ = 0;
  bool gone_ = false;
};

#endif

thread_local BlockStack blocks;

}  // namespace

char* take_receive_block() { return blocks.take(); }
void give_receive_block(char* block) noexcept { blocks.give(block); }

}  // namespace v0
}  // namespace corolla
