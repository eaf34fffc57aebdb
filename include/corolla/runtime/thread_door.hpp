// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadDoor: the one way into a loop from other threads.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A lock-free list of entries that other threads posted, and the wake-up of the loop. It may outlive its loop.
///
/// The list is a stack whose head is swapped out whole by the loop, which then restores the order of posting. Only the
/// post that finds it empty wakes the loop. A closed door's head is a mark that nothing can be pushed on.
class COROLLA_API ThreadDoor {
 public:
  ThreadDoor();
  ~ThreadDoor();
  ThreadDoor(const ThreadDoor&) = delete;
  ThreadDoor& operator=(const ThreadDoor&) = delete;

  /// Queues `entry` in the loop's next iteration; false when the loop is closed (the entry stays the caller's).
  /// Thread safe.
  [[nodiscard]] bool post(Schedulable& entry) noexcept;
  /// Runs function() in the loop; RuntimeError when it is closed. Thread safe.
  template <class F>
  void call(F function) {
    auto call = std::make_unique<Call<F>>(std::move(function));
    if (!post(*call)) throw_closed();
    static_cast<void>(call.release());
  }
  /// Wakes the loop. Safe in a signal handler.
  void wake() noexcept;

 private:
  friend class EventLoop;
  friend class Inbox;

  class COROLLA_API CallBase : public Schedulable, public FromBlockCache {
   public:
    void run() noexcept final;
    void drop() noexcept final { delete this; }
    virtual ~CallBase() = default;
    virtual void invoke() = 0;
  };
  template <class F>
  class Call final : public CallBase {
   public:
    explicit Call(F&& function) : function_(std::move(function)) {}

   private:
    void invoke() override { function_(); }
    F function_;
  };
  [[noreturn]] static void throw_closed();

  /// Everything posted since the last call, oldest first, appended to `ready`.
  void drain(ReadyQueue& ready) noexcept;
  [[nodiscard]] bool has_posts() const noexcept { return head_.load(std::memory_order_relaxed) != nullptr; }
  void close() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  std::atomic<Schedulable*> head_{nullptr};
  int descriptor_;  // an eventfd
};

}  // namespace v0
}  // namespace corolla
