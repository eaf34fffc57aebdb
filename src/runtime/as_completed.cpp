// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/as_completed.hpp>

namespace corolla {
inline namespace v0 {

CompletionFifo::CompletionFifo(EventLoop& loop, Children children, std::optional<EventLoop::duration> timeout)
    : CompletionWatch(std::move(children)) {
  fifo_.reserve(size());
  subscribe();
  if (timeout && size() > 0) arm(loop, *timeout);
}

CompletionFifo::~CompletionFifo() = default;

void CompletionFifo::push(FutureBase* child) noexcept {
  fifo_.push_back(child);
  getters_.wake_next();
}

void CompletionFifo::child_done(FutureBase& child) noexcept {
  push(&child);
  if (fifo_.size() == size()) disarm();
}

void CompletionFifo::timed_out() noexcept {
  stop();
  while (fifo_.size() < size()) push(nullptr);
}

// As a queue's get(): one that was woken looks again, and one that was woken and cancelled wakes the next.
Coro<FutureBase*> CompletionFifo::next() {
  while (taken_ == fifo_.size()) {
    bool woken = false;
    try {
      co_await WaitLine::Turn(getters_, woken);
    } catch (...) {
      if (woken && taken_ < fifo_.size()) getters_.wake_next();
      throw;
    }
  }
  FutureBase* const child = fifo_[taken_++];
  if (!child) throw TimeoutError();
  co_return child;
}

}  // namespace v0
}  // namespace corolla
