// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/semaphore.hpp>

#include <corolla/runtime/error.hpp>

namespace corolla {
inline namespace v0 {

Semaphore::Semaphore(std::ptrdiff_t value, std::size_t bound) : value_(static_cast<std::size_t>(value)), bound_(bound) {
  if (value < 0) throw ValueError("the initial value of a semaphore must not be negative");
}

void Semaphore::release() {
  if (value_ >= bound_) throw ValueError("a BoundedSemaphore was released more often than acquired");
  ++value_;
  wake_next();
}

void Semaphore::release_quietly() noexcept {
  if (value_ >= bound_) return;
  ++value_;
  wake_next();
}

// A task that was woken owns a permit; one that will not use it gives it back here. Either way others may have come
// meanwhile that had to line up although permits were free.
void Semaphore::leave(TaskBase& task) noexcept {
  const bool was_handed_one = waiters_.leave(task);
  const bool destroyed = task.core().loop() == nullptr;
  if (was_handed_one && (task.resumes_cancelled() || destroyed)) ++value_;
  while (value_ > 0 && waiters_.wake_next()) --value_;
}

}  // namespace v0
}  // namespace corolla
