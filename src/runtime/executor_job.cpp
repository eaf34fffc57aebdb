// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/executor_job.hpp>

#include <corolla/runtime/executor.hpp>

namespace corolla {
inline namespace v0 {

void LoopJobBase::send(EventLoop& loop, ThreadPoolExecutor& executor, const FutureRef<FutureBase>& future) {
  ticket_ = loop.hold(future);
  references_.store(2, std::memory_order_relaxed);
  try {
    executor.enqueue(*this);
  } catch (...) {
    static_cast<void>(loop.take_held(ticket_));
    release();
    throw;
  }
}

void LoopJobBase::run_job() noexcept {
  if (claim()) {
    if (environment_.context) {
      const ContextScope context(*environment_.context);
      work();
    } else {
      work();
    }
  }
  // The loop may have run and deleted the job, and itself be gone, before post() returns.
  const std::shared_ptr<ThreadDoor> door = std::move(door_);
  if (!door->post(*this)) release();
}

void LoopJobBase::withdraw() noexcept {
  if (!claim()) environment_.stop.request_stop();
}

void ExecutorWatch::future_done() noexcept {
  future_.retain();  // for its turn in the ready queue
  if (future_.cancelled()) job_->withdraw();
  job_ = {};
}

}  // namespace v0
}  // namespace corolla
