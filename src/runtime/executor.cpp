// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/executor.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace corolla {
inline namespace v0 {

struct ThreadPoolExecutor::Private {
  std::size_t max_workers;
  std::mutex mutex;
  std::condition_variable more;
  std::deque<FutureRef<ExecutorJob>> jobs;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  bool stopped = false;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      if (jobs.empty()) {
        if (stopped) return;
        ++idle;
        more.wait(lock);
        --idle;
        continue;
      }
      FutureRef<ExecutorJob> job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      if (job->claim()) job->work();
      post_back(*job);
      job = {};
      lock.lock();
    }
  }

  static void post_back(ExecutorJob& job) noexcept {
    job.retain();  // the loop's
    if (!job.door()->post(job)) job.drop();
  }
};

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers) : private_(std::make_unique<Private>()) {
  if (max_workers == 0) max_workers = std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4);
  private_->max_workers = max_workers;
}

ThreadPoolExecutor::~ThreadPoolExecutor() { shutdown(); }

std::size_t ThreadPoolExecutor::max_workers() const noexcept { return private_->max_workers; }

void ThreadPoolExecutor::submit(FutureRef<ExecutorJob> job) {
  {
    const std::lock_guard lock(private_->mutex);
    if (private_->stopped) throw RuntimeError("cannot schedule new futures after shutdown");
    if (private_->idle <= private_->jobs.size() && private_->threads.size() < private_->max_workers)
      private_->threads.emplace_back([this] { private_->work(); });
    private_->jobs.push_back(std::move(job));
  }
  private_->more.notify_one();
}

void ThreadPoolExecutor::shutdown() noexcept {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(private_->mutex);
    private_->stopped = true;
    threads.swap(private_->threads);
  }
  private_->more.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace v0
}  // namespace corolla
