// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where coroutine frames, tasks and callbacks come from: bounded per-thread caches over operator new.
///
/// Each block comes from operator new one by one, so it may be freed on any thread and goes to that thread's cache. What
/// is more than two chains of blocks goes to a depot that all threads share: so the blocks of a thread that only frees,
/// as a loop does that runs what others send it, come back to a thread that only allocates.
/// Under AddressSanitizer and ThreadSanitizer the caches are compiled out, since a recycled block blinds both.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COROLLA_BLOCK_CACHE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COROLLA_BLOCK_CACHE 0
#endif
#endif
#ifndef COROLLA_BLOCK_CACHE
#define COROLLA_BLOCK_CACHE 1
#endif

namespace corolla {
inline namespace v0 {

/// One thread's free blocks, a chain a size class. The classes are 8, 24, 40 … bytes: what fits without waste into the
/// blocks of a malloc that aligns by 16 and keeps a word for itself, as glibc's does.
class BlockCache {
 public:
  static constexpr std::size_t kClasses = 64;
  /// The class of a size from 1 on.
  static constexpr std::size_t size_class(std::size_t size) noexcept { return (size + 7) / 16; }
  /// The size of a class's blocks.
  static constexpr std::size_t class_size(std::size_t size_class) noexcept { return size_class * 16 + 8; }
  /// Larger blocks are not kept.
  static constexpr std::size_t kLargest = kClasses * 16 - 8;
  /// Bytes of one chain of free blocks; chains are what threads exchange.
  static constexpr std::size_t kBytesPerChain = std::size_t{1} << 14;
  /// Bytes that the depot keeps at most, in all; what is freed beyond goes back to operator delete.
  static constexpr std::size_t kBytesInDepot = std::size_t{1} << 24;

 private:
  friend void* allocate_block(std::size_t size);
  friend void free_block(void* block, std::size_t size) noexcept;
  friend class BlockCacheReaper;
  struct Block {
    Block* next;
  };
  struct Bin {
    Block* first;
    std::size_t room;  // blocks that still fit in the chain; 0 before the first miss, which sets it
  };
  Bin bins_[kClasses];
};

COROLLA_API extern constinit thread_local BlockCache block_cache __attribute__((tls_model("initial-exec")));

/// The misses of allocate_block and free_block.
COROLLA_API void* allocate_block_slowly(std::size_t size);
COROLLA_API void free_block_slowly(void* block, std::size_t size) noexcept;

/// A block of at least `size` bytes, aligned as operator new aligns; throws std::bad_alloc.
inline void* allocate_block(std::size_t size) {
#if COROLLA_BLOCK_CACHE
  if (size - 1 < BlockCache::kLargest) {
    BlockCache::Bin& bin = block_cache.bins_[BlockCache::size_class(size)];
    if (BlockCache::Block* block = bin.first) {
      bin.first = block->next;
      ++bin.room;
      return block;
    }
  }
#endif
  return allocate_block_slowly(size);
}

/// Gives back what allocate_block(size) returned, on any thread.
inline void free_block(void* block, std::size_t size) noexcept {
#if COROLLA_BLOCK_CACHE
  if (size - 1 < BlockCache::kLargest) {
    BlockCache::Bin& bin = block_cache.bins_[BlockCache::size_class(size)];
    if (bin.room != 0) {
      --bin.room;
      bin.first = ::new (block) BlockCache::Block{bin.first};
      return;
    }
  }
#endif
  free_block_slowly(block, size);
}

/// Base that gives a class the block cache as its operator new.
struct FromBlockCache {
  static void* operator new(std::size_t size) { return allocate_block(size); }
  static void operator delete(void* block, std::size_t size) noexcept { free_block(block, size); }
};

/// Objects of the runtime alive in the whole process, for tests that look for leaks.
struct LiveObjects {
  std::int64_t frames;   ///< coroutine frames
  std::int64_t futures;  ///< futures and tasks
};

/// Counts since the program began, summed over all threads; meant for when the other threads are quiet.
[[nodiscard]] COROLLA_API LiveObjects live_objects() noexcept;

/// One thread's share of the counts; plain integers, so that counting costs an increment.
struct LiveCounters {
  std::int64_t frames;
  std::int64_t futures;
};
COROLLA_API extern constinit thread_local LiveCounters live_counters __attribute__((tls_model("initial-exec")));

}  // namespace v0
}  // namespace corolla
