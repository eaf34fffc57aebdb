// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/thread_door.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

// The stack's links are Schedulable's own; only this class may touch them outside of a ReadyQueue.
class Inbox {
 public:
  static Schedulable*& next(Schedulable& entry) noexcept { return entry.ready_next_; }

  // The head of a closed door; never run, never linked.
  static Schedulable* closed() noexcept {
    static Mark mark;
    return &mark;
  }

 private:
  class Mark final : public Schedulable {
   public:
    void run() noexcept override {}
    void drop() noexcept override {}
  };
};

ThreadDoor::ThreadDoor() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw OSError(errno, "eventfd");
}

ThreadDoor::~ThreadDoor() { ::close(descriptor_); }

bool ThreadDoor::post(Schedulable& entry) noexcept {
  Schedulable* head = head_.load(std::memory_order_relaxed);
  do {
    if (head == Inbox::closed()) return false;
    Inbox::next(entry) = head;
  } while (!head_.compare_exchange_weak(head, &entry, std::memory_order_release, std::memory_order_relaxed));
  // The loop may have run and freed `entry` by now.
  if (head == nullptr) wake();
  return true;
}

void ThreadDoor::wake() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
  errno = saved;
}

void ThreadDoor::drain(ReadyQueue& ready) noexcept {
  Schedulable* newest = head_.exchange(nullptr, std::memory_order_acquire);
  Schedulable* oldest = nullptr;
  while (newest) {
    Schedulable* const older = Inbox::next(*newest);
    Inbox::next(*newest) = oldest;
    oldest = newest;
    newest = older;
  }
  while (oldest) {
    Schedulable* const newer = Inbox::next(*oldest);
    ready.push(*oldest);
    oldest = newer;
  }
}

void ThreadDoor::close() noexcept {
  Schedulable* entry = head_.exchange(Inbox::closed(), std::memory_order_acquire);
  while (entry && entry != Inbox::closed()) {
    Schedulable* const next = Inbox::next(*entry);
    entry->drop();
    entry = next;
  }
}

void ThreadDoor::throw_closed() { throw RuntimeError("Event loop is closed"); }

void ThreadDoor::CallBase::run() noexcept {
  try {
    invoke();
  } catch (...) {
    if (EventLoop* loop = running_loop_or_null()) report_current_exception(loop->core(), "Exception in callback");
  }
  delete this;
}

}  // namespace v0
}  // namespace corolla
