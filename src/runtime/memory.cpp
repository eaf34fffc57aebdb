// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/memory.hpp>

#include <mutex>
#include <vector>

namespace corolla {
inline namespace v0 {

constinit thread_local BlockCache block_cache{};
constinit thread_local LiveCounters live_counters{};

namespace {

// Every thread that ever touched the runtime, so that live_objects() can add up their counts.
struct Threads {
  std::mutex mutex;
  std::vector<const LiveCounters*> counters;
  LiveCounters finished{};
};

Threads& threads() {
  static Threads* const all = new Threads;  // never destroyed: threads may end after static destruction began
  return *all;
}

}  // namespace

// Gives a thread's cached blocks back when the thread ends, and keeps its counts.
class BlockCacheReaper {
 public:
  BlockCacheReaper() {
    const std::lock_guard lock(threads().mutex);
    threads().counters.push_back(&live_counters);
  }

  ~BlockCacheReaper() {
    for (BlockCache::Bin& bin : block_cache.bins_) {
      while (BlockCache::Block* block = bin.first) {
        bin.first = block->next;
        ::operator delete(block);
      }
      bin.room = 0;  // what is freed from here on, by later destructors of this thread, is freed at once
    }
    ended_ = true;
    const std::lock_guard lock(threads().mutex);
    std::erase(threads().counters, &live_counters);
    threads().finished.frames += live_counters.frames;
    threads().finished.futures += live_counters.futures;
  }

  /// True where blocks of this class are kept from now on, which they were not before.
  static bool open_bin(std::size_t size_class) {
    if (opened_[size_class]) [[likely]]
      return false;
    thread_local BlockCacheReaper reaper;  // registered on the first miss of this thread
    if (ended_) return false;
    opened_[size_class] = true;
    block_cache.bins_[size_class].room = BlockCache::kBytesPerClass / BlockCache::class_size(size_class);
    return true;
  }

 private:
  static constinit thread_local bool ended_;
  static constinit thread_local bool opened_[BlockCache::kClasses];
};

constinit thread_local bool BlockCacheReaper::ended_ = false;
constinit thread_local bool BlockCacheReaper::opened_[BlockCache::kClasses] = {};

void* allocate_block_slowly(std::size_t size) {
  if (size - 1 < BlockCache::kLargest) {
    const std::size_t size_class = BlockCache::size_class(size);
    BlockCacheReaper::open_bin(size_class);
#if COROLLA_BLOCK_CACHE
    size = BlockCache::class_size(size_class);  // so that any size of the class fits when the block is reused
#endif
  }
  return ::operator new(size);
}

void free_block_slowly(void* block, std::size_t size) noexcept {
  if (size - 1 < BlockCache::kLargest && BlockCacheReaper::open_bin(BlockCache::size_class(size))) {
#if COROLLA_BLOCK_CACHE
    free_block(block, size);
    return;
#endif
  }
  ::operator delete(block);
}

LiveObjects live_objects() noexcept {
  const std::lock_guard lock(threads().mutex);
  LiveObjects sum{threads().finished.frames, threads().finished.futures};
  for (const LiveCounters* thread : threads().counters) {
    sum.frames += thread->frames;
    sum.futures += thread->futures;
  }
  return sum;
}

}  // namespace v0
}  // namespace corolla
