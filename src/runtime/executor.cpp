// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/executor.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <semaphore.h>

namespace corolla {
inline namespace v0 {

namespace {

// Held for some tens of nanoseconds. Sleeping in the kernel for it would cost a hundred times more than it lasts; only
// who meets a holder that lost its core gives way.
class BriefLock {
 public:
  void lock() noexcept {
    for (int spins = 0; taken_.exchange(true, std::memory_order_acquire);) {
      while (taken_.load(std::memory_order_relaxed)) {
        if (++spins > 50) std::this_thread::yield();
      }
    }
  }
  void unlock() noexcept { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

class Semaphore {
 public:
  Semaphore() noexcept { ::sem_init(&semaphore_, 0, 0); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { ::sem_destroy(&semaphore_); }
  void post() noexcept { ::sem_post(&semaphore_); }
  void wait() noexcept {
    while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace

// Who is woken when. A thread that finds no job lies down on top of the idle ones and sleeps on its own semaphore. A new
// job gets one of them up, the last to lie down, or starts a thread while there are none idle, unless one is rising
// already: that one will see the job. A thread that took a job and sees more gets the next one up under the same
// condition. So at most one thread rises at a time, and one after the other does as long as there is work for more; a
// burst of small jobs, done before a second thread is up, costs two wake-ups, not one each. No job is forgotten: a job
// is queued and `rising` is read under one lock, and who rises clears it under that lock before it looks for jobs.
struct ThreadPoolExecutor::Private : std::enable_shared_from_this<Private> {
  struct Sleeper {
    Sleeper* below = nullptr;
    Semaphore semaphore;
  };

  explicit Private(std::size_t most) : max_workers(most) {}
  Private(const Private&) = delete;
  Private& operator=(const Private&) = delete;
  ~Private() {
    for (std::thread& thread : threads) thread.detach();  // nobody waits for them
  }

  const std::size_t max_workers;
  BriefLock lock;
  ReadyQueue jobs;
  Sleeper* idle = nullptr;
  std::size_t started = 0;
  bool rising = false;
  bool stopped = false;
  std::mutex threads_mutex;
  std::vector<std::thread> threads;  // those nobody joined yet

  void enqueue(ExecutorJob& job);
  void work() noexcept;
  void stop() noexcept;
  void join() noexcept;

  // Under the lock: the idle thread to get up for the jobs there are, if any.
  Sleeper* pick_sleeper() noexcept {
    if (!idle || rising || jobs.empty()) return nullptr;
    rising = true;
    return std::exchange(idle, idle->below);
  }
  // Under the lock: whether the caller is to start a thread, which counts as rising.
  bool may_start() noexcept {
    if (idle || rising || started == max_workers) return false;
    ++started;
    return rising = true;
  }
  void start_thread() {
    try {
      const std::lock_guard guard(threads_mutex);
      threads.emplace_back([self = shared_from_this()] { self->work(); });
    } catch (...) {
      const std::lock_guard guard(lock);
      --started;
      rising = false;
      throw;
    }
  }
};

void ThreadPoolExecutor::Private::enqueue(ExecutorJob& job) {
  std::unique_lock guard(lock);
  if (stopped) throw RuntimeError("cannot schedule new futures after shutdown");
  if (may_start()) {
    guard.unlock();
    try {
      start_thread();
    } catch (...) {
      guard.lock();
      if (started == 0) throw RuntimeError("cannot start a thread");
      guard.unlock();
    }
    guard.lock();
    if (stopped) throw RuntimeError("cannot schedule new futures after shutdown");
  }
  jobs.push(job);
  Sleeper* const sleeper = pick_sleeper();
  guard.unlock();
  if (sleeper) sleeper->semaphore.post();
}

void ThreadPoolExecutor::Private::work() noexcept {
  Sleeper self;
  std::unique_lock guard(lock);
  rising = false;
  for (;;) {
    if (jobs.empty()) {
      if (stopped) return;
      self.below = std::exchange(idle, &self);
      guard.unlock();
      self.semaphore.wait();
      guard.lock();
      rising = false;
      continue;
    }
    auto& job = static_cast<ExecutorJob&>(jobs.pop());
    Sleeper* const sleeper = pick_sleeper();
    const bool start = !sleeper && !jobs.empty() && may_start();
    guard.unlock();
    if (sleeper) sleeper->semaphore.post();
    if (start) {
      try {
        start_thread();
      } catch (...) {  // then those that run do the work
      }
    }
    job.run_job();
    guard.lock();
  }
}

void ThreadPoolExecutor::Private::stop() noexcept {
  std::unique_lock guard(lock);
  stopped = true;
  Sleeper* sleeper = std::exchange(idle, nullptr);
  guard.unlock();
  while (sleeper) std::exchange(sleeper, sleeper->below)->semaphore.post();
}

void ThreadPoolExecutor::Private::join() noexcept {
  for (;;) {
    std::vector<std::thread> some;
    {
      const std::lock_guard guard(threads_mutex);
      some.swap(threads);
    }
    if (some.empty()) return;
    // While there are jobs a thread may start another one, but not after it ended.
    for (std::thread& thread : some) {
      if (thread.get_id() == std::this_thread::get_id()) thread.detach();
      else thread.join();
    }
  }
}

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers)
    : private_(std::make_shared<Private>(
          max_workers != 0 ? max_workers : std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4))) {}

// A pool that was shut down without waiting leaves its threads alone; a job may hold the last share of its own pool.
ThreadPoolExecutor::~ThreadPoolExecutor() {
  std::unique_lock guard(private_->lock);
  const bool stopped = private_->stopped;
  guard.unlock();
  if (!stopped) shutdown();
}

std::size_t ThreadPoolExecutor::max_workers() const noexcept { return private_->max_workers; }

void ThreadPoolExecutor::enqueue(ExecutorJob& job) { private_->enqueue(job); }

void ThreadPoolExecutor::shutdown(bool wait) noexcept {
  private_->stop();
  if (wait) private_->join();
}

}  // namespace v0
}  // namespace corolla
