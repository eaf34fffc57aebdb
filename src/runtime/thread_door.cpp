// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/thread_door.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <cstdint>
#include <thread>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// A loop with much else to do is not held up by threads that post faster than it runs.
constexpr int kEntriesAtOnce = 256;

}  // namespace

ThreadDoor::Sentinel ThreadDoor::closed_;

// The links are Schedulable's own; only this class may touch them outside of a ReadyQueue.
class Inbox {
 public:
  static std::atomic_ref<Schedulable*> next(Schedulable& entry) noexcept {
    return std::atomic_ref<Schedulable*>(entry.ready_next_);
  }
};

ThreadDoor::ThreadDoor() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw OSError(errno, "eventfd");
}

ThreadDoor::~ThreadDoor() { ::close(descriptor_); }

bool ThreadDoor::post(Schedulable& entry) noexcept {
  Inbox::next(entry).store(nullptr, std::memory_order_relaxed);
  Schedulable* last = last_.load(std::memory_order_relaxed);
  do {
    if (last == &closed_) return false;
  } while (!last_.compare_exchange_weak(last, &entry, std::memory_order_acq_rel, std::memory_order_relaxed));
  Inbox::next(*last).store(&entry, std::memory_order_release);
  // The loop may have run and freed `entry` by now.
  if (last == &asleep_) wake();
  return true;
}

bool ThreadDoor::fall_asleep() noexcept {
  if (batch_) return false;
  // Woken by the kernel and not by a post, it sleeps on the same sentinel; a poster may be writing its link just now.
  if (current_ == &asleep_) return last_.load(std::memory_order_acquire) == &asleep_;
  Inbox::next(asleep_).store(nullptr, std::memory_order_relaxed);
  Schedulable* expected = current_;
  if (!last_.compare_exchange_strong(expected, &asleep_, std::memory_order_acq_rel)) return false;
  current_ = &asleep_;
  return true;
}

void ThreadDoor::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_release);
  wake();
}

void ThreadDoor::wake() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
  errno = saved;
}

namespace {

// What was posted after `entry`; precondition: something was.
Schedulable* successor(Schedulable& entry) noexcept {
  Schedulable* next = Inbox::next(entry).load(std::memory_order_acquire);
  for (int spins = 0; !next; ++spins) {
    if (spins > 100) std::this_thread::yield();  // the poster was interrupted between its two steps
    next = Inbox::next(entry).load(std::memory_order_acquire);
  }
  return next;
}

}  // namespace

void ThreadDoor::take_batch(Schedulable& next_sentinel) noexcept {
  Inbox::next(next_sentinel).store(nullptr, std::memory_order_relaxed);
  Schedulable* const sentinel = std::exchange(current_, &next_sentinel);
  end_of_batch_ = last_.exchange(&next_sentinel, std::memory_order_acq_rel);
  batch_ = end_of_batch_ == sentinel ? nullptr : successor(*sentinel);
}

Schedulable& ThreadDoor::pop() noexcept {
  Schedulable& entry = *batch_;
  batch_ = &entry == end_of_batch_ ? nullptr : successor(entry);
  return entry;
}

void ThreadDoor::drain(ReadyQueue& ready) noexcept {
  if (!batch_) take_batch(current_ == &awake_[0] ? awake_[1] : awake_[0]);
  for (int left = kEntriesAtOnce; batch_ && left > 0; --left) ready.push(pop());
}

void ThreadDoor::close() noexcept {
  if (current_ == &closed_) return;
  while (batch_) pop().drop();
  take_batch(closed_);
  while (batch_) pop().drop();
}

void ThreadDoor::refuse(ThreadCall& call) {
  call.drop();
  throw RuntimeError("Event loop is closed");
}

}  // namespace v0
}  // namespace corolla
