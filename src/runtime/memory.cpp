// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/memory.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
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

// What a thread keeps of one size class beside the chain at hand, and what all threads share: full chains, one linked
// to the next through the second word of its first block. A miss takes a chain or gives one away, so its cost is
// spread over the blocks of a chain, and no chain is ever walked.
class BlockCacheReaper {
 public:
  BlockCacheReaper() {
    const std::lock_guard lock(threads().mutex);
    threads().counters.push_back(&live_counters);
  }

  // Gives a thread's cached blocks back when the thread ends, and keeps its counts.
  ~BlockCacheReaper() {
    for (std::size_t i = 0; i < kClasses; ++i) {
      BlockCache::Bin& bin = block_cache.bins_[i];
      destroy(bin.first);
      bin.first = nullptr;
      bin.room = 0;  // what is freed from here on, by later destructors of this thread, is freed at once
      while (Chain* chain = stocks_[i].pop()) destroy(chain);
    }
    ended_ = true;
    const std::lock_guard lock(threads().mutex);
    std::erase(threads().counters, &live_counters);
    threads().finished.frames += live_counters.frames;
    threads().finished.futures += live_counters.futures;
  }

  // On the first miss of each thread.
  static void register_thread() { thread_local const BlockCacheReaper reaper; }

  static void* allocate(std::size_t size) {
    register_thread();
    const std::size_t index = BlockCache::size_class(size);
    BlockCache::Bin& bin = block_cache.bins_[index];
    if (bin.room == 0 && !ended_) bin.room = blocks_per_chain(index);
    if (COROLLA_BLOCK_CACHE && !ended_) {
      Chain* chain = stocks_[index].pop();
      if (!chain) chain = depot().take(index);
      if (chain) {
        bin.first = chain->next;
        bin.room = 1;
        return chain;
      }
    }
#if COROLLA_BLOCK_CACHE
    size = std::max(BlockCache::class_size(index),
                    sizeof(Chain));  // so that any size of the class fits when the block is reused
#endif
    return ::operator new(size);
  }

  static void free(void* block, std::size_t size) noexcept {
    register_thread();
    const std::size_t index = BlockCache::size_class(size);
    BlockCache::Bin& bin = block_cache.bins_[index];
    if (COROLLA_BLOCK_CACHE == 0 || ended_) {
      ::operator delete(block);
      return;
    }
    if (bin.first) put_away(index, bin.first);
    bin.first = ::new (block) BlockCache::Block{nullptr};
    bin.room = blocks_per_chain(index) - 1;
  }

 private:
  static constexpr std::size_t kClasses = BlockCache::kClasses;
  // A thread whose use swings around the end of a chain need not go to the depot each time.
  static constexpr std::size_t kSpareChains = 1;

  struct Chain : BlockCache::Block {
    Chain* next_chain;
  };

  struct Stock {
    Chain* first = nullptr;
    std::size_t count = 0;
    void push(BlockCache::Block* head) noexcept {
      first = ::new (head) Chain{{head->next}, first};
      ++count;
    }
    Chain* pop() noexcept {
      Chain* const chain = first;
      if (chain) {
        first = chain->next_chain;
        --count;
      }
      return chain;
    }
  };

  class Depot {
   public:
    // Takes a chain. A full depot gives up one of which it has most, so that no class is starved by what another one
    // left behind; returns that one, or null.
    Chain* give(std::size_t index, BlockCache::Block* head) noexcept {
      const std::lock_guard lock(mutex_);
      put(index, head);
      if (++chains_ <= BlockCache::kBytesInDepot / BlockCache::kBytesPerChain) return nullptr;
      std::size_t most = 0;
      for (std::size_t i = 1; i < kClasses; ++i)
        if (stocks_[i].count > stocks_[most].count) most = i;
      return pop(most);
    }
    Chain* take(std::size_t index) noexcept {
      if (!filled_[index].load(std::memory_order_relaxed)) return nullptr;
      const std::lock_guard lock(mutex_);
      return pop(index);
    }

   private:
    void put(std::size_t index, BlockCache::Block* head) noexcept {
      stocks_[index].push(head);
      filled_[index].store(true, std::memory_order_relaxed);
    }
    Chain* pop(std::size_t index) noexcept {
      Chain* const chain = stocks_[index].pop();
      if (chain) --chains_;
      filled_[index].store(stocks_[index].count != 0, std::memory_order_relaxed);
      return chain;
    }

    std::mutex mutex_;
    std::atomic<bool> filled_[kClasses] = {};  // so that a miss of an empty depot takes no lock
    std::size_t chains_ = 0;
    Stock stocks_[kClasses];
  };
  static Depot& depot() {
    static Depot* const all = new Depot;  // as threads()
    return *all;
  }

  static constexpr std::size_t blocks_per_chain(std::size_t index) noexcept {
    return BlockCache::kBytesPerChain / BlockCache::class_size(index);
  }
  static void put_away(std::size_t index, BlockCache::Block* head) noexcept {
    if (stocks_[index].count < kSpareChains) stocks_[index].push(head);
    else destroy(depot().give(index, head));
  }
  static void destroy(BlockCache::Block* block) noexcept {
    while (block) ::operator delete(std::exchange(block, block->next));
  }

  static constinit thread_local bool ended_;
  static constinit thread_local Stock stocks_[kClasses];
};

constinit thread_local bool BlockCacheReaper::ended_ = false;
constinit thread_local BlockCacheReaper::Stock BlockCacheReaper::stocks_[BlockCacheReaper::kClasses] = {};

void* allocate_block_slowly(std::size_t size) {
  return size - 1 < BlockCache::kLargest ? BlockCacheReaper::allocate(size) : ::operator new(size);
}

void free_block_slowly(void* block, std::size_t size) noexcept {
  if (size - 1 < BlockCache::kLargest) BlockCacheReaper::free(block, size);
  else ::operator delete(block);
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
