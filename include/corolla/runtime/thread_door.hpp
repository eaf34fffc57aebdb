// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadDoor: the one way into a loop from other threads.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/thread_call.hpp>

#include <atomic>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A FIFO of entries that other threads posted, and the wake-up of the loop. It may outlive its loop.
///
/// A post becomes the last entry in one atomic step, then links the entry that was last to its own. The loop takes a
/// batch, all there is, by making a sentinel the last entry, and follows the links from the sentinel with which the batch
/// began; where a link is still missing, its poster is between its two steps, and the loop waits for it. The next batch is
/// taken when this one was followed to its end, so nobody can still be writing the link of a sentinel that is used again:
/// two sentinels in turn are enough.
///
/// A third sentinel says that the loop sleeps. It becomes the last entry before the loop waits for the kernel, which fails
/// when there is a post; the post that comes behind it, and only that one, writes to the eventfd. While the loop is awake
/// nobody wakes it: it looks before it sleeps. The last entry of a closed door is a mark that nothing comes behind.
class COROLLA_API ThreadDoor {
 public:
  ThreadDoor();
  ~ThreadDoor();
  ThreadDoor(const ThreadDoor&) = delete;
  ThreadDoor& operator=(const ThreadDoor&) = delete;

  /// Queues `entry` in the loop's next iteration; false when the loop is closed (the entry stays the caller's).
  /// Thread safe.
  [[nodiscard]] bool post(Schedulable& entry) noexcept;
  /// Runs function(args...) in the loop; RuntimeError when it is closed. Thread safe.
  template <class F, class... Args>
  void call(F&& function, Args&&... args) {
    ThreadCall& call = make_thread_call(std::forward<F>(function), std::forward<Args>(args)...);
    if (!post(call)) refuse(call);
  }
  /// Wakes the loop. Thread safe.
  void wake() noexcept;
  /// Wakes the loop and has it call its interrupt handler. Thread safe, and safe in a signal handler.
  void interrupt() noexcept;

 private:
  friend class EventLoop;
  friend class Inbox;

  /// Drops it and throws.
  [[noreturn]] static void refuse(ThreadCall& call);

  // A place in the list that is no entry; never run.
  class Sentinel final : public Schedulable {
   public:
    void run() noexcept override {}
    void drop() noexcept override {}
  };
  static Sentinel closed_;

  /// What was posted, oldest first, appended to `ready`; not all at once when it is much. The loop is awake now.
  void drain(ReadyQueue& ready) noexcept;
  [[nodiscard]] bool has_posts() const noexcept {
    return batch_ != nullptr || last_.load(std::memory_order_relaxed) != current_;
  }
  /// interrupt() was called; forgets it.
  [[nodiscard]] bool take_interrupt() noexcept {
    return interrupted_.load(std::memory_order_relaxed) && interrupted_.exchange(false, std::memory_order_acquire);
  }
  /// There is something for the loop to take.
  [[nodiscard]] bool has_news() const noexcept { return has_posts() || interrupted_.load(std::memory_order_relaxed); }
  /// Before the loop waits for the kernel; false when there are posts.
  [[nodiscard]] bool fall_asleep() noexcept;
  void close() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  /// Starts on what was posted since the last batch, which is used up. Entries posted from now on begin at `next_sentinel`.
  void take_batch(Schedulable& next_sentinel) noexcept;
  /// The next entry of the batch, of which there is one.
  Schedulable& pop() noexcept;

  std::atomic<Schedulable*> last_{&awake_[0]};
  int descriptor_;  // an eventfd
  std::atomic<bool> interrupted_{false};
  // What follows is the loop's alone, away from the line that posters write.
  char padding_[64 - sizeof(std::atomic<Schedulable*>) - sizeof(int) - sizeof(std::atomic<bool>)];
  Schedulable* current_ = &awake_[0];    // the sentinel with which the next batch begins
  Schedulable* batch_ = nullptr;         // the next entry of this batch; null when it is used up
  Schedulable* end_of_batch_ = nullptr;  // its last entry
  Sentinel awake_[2];
  Sentinel asleep_;
};

}  // namespace v0
}  // namespace corolla
