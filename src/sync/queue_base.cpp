// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/queue_base.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/task.hpp>

#include <algorithm>

namespace corolla {
inline namespace v0 {

void QueueBase::refuse_put() const {
  if (shut_down_) throw QueueShutDown();
  throw QueueFull();
}

void QueueBase::refuse_get() const {
  if (shut_down_) throw QueueShutDown();
  throw QueueEmpty();
}

void QueueBase::task_done() {
  if (unfinished_ == 0) throw ValueError("task_done() was called more often than items were put");
  if (--unfinished_ == 0) finished_.set();
}

void QueueBase::shut_down(bool drained) noexcept {
  shut_down_ = true;
  if (drained) {
    unfinished_ -= std::min(unfinished_, size_);
    size_ = 0;
    if (unfinished_ == 0) finished_.set();
  }
  getters_.wake_all();
  putters_.wake_all();
}

Coro<void> QueueBase::wait_for_item() {
  while (empty()) {
    if (shut_down_) throw QueueShutDown();
    bound_.require_loop_of(current_task().base());
    bool woken = false;
    try {
      co_await WaitLine::Turn(getters_, woken);
    } catch (...) {
      if (woken && !empty()) getters_.wake_next();
      throw;
    }
  }
}

Coro<void> QueueBase::wait_for_room() {
  while (full()) {
    if (shut_down_) throw QueueShutDown();
    bound_.require_loop_of(current_task().base());
    bool woken = false;
    try {
      co_await WaitLine::Turn(putters_, woken);
    } catch (...) {
      if (woken && !full()) putters_.wake_next();
      throw;
    }
  }
}

}  // namespace v0
}  // namespace corolla
