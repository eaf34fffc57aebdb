// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver_threads.hpp"

#include <atomic>
#include <memory>

#include <pthread.h>

namespace corolla {
inline namespace v0 {

namespace {

// No lock, which a fork might find taken.
std::atomic<ThreadPoolExecutor*> pool{nullptr};

void forget_pool() noexcept { pool.store(nullptr, std::memory_order_relaxed); }

}  // namespace

ThreadPoolExecutor& resolver_threads() {
  [[maybe_unused]] static const int at_fork = ::pthread_atfork(nullptr, nullptr, forget_pool);
  if (ThreadPoolExecutor* made = pool.load(std::memory_order_acquire)) return *made;
  auto mine = std::make_unique<ThreadPoolExecutor>(kResolverThreads);
  ThreadPoolExecutor* first = nullptr;
  if (pool.compare_exchange_strong(first, mine.get(), std::memory_order_acq_rel)) return *mine.release();
  return *first;
}

}  // namespace v0
}  // namespace corolla
