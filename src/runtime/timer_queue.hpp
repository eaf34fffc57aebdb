// SPDX-License-Identifier: Apache-2.0
/// \file
/// TimerQueue: the loop's timers, ordered by (deadline, order of arming).
///
/// A four-ary heap of entries that point at intrusive nodes; a node knows its index, so disarming takes it out at once
/// and a loop full of cancelled time-outs holds no memory for them.
#pragma once

#include <corolla/runtime/schedulable.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace corolla {
inline namespace v0 {

class TimerQueue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// Precondition: not empty.
  [[nodiscard]] time_point first() const noexcept { return heap_.front().when; }

  void arm(Timer& timer, time_point when) {
    heap_.push_back({when, next_order_++, &timer});
    sift_up(heap_.size() - 1);
  }

  void disarm(Timer& timer) noexcept {
    const std::size_t index = timer.index_;
    timer.index_ = Timer::kIdle;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (index == heap_.size()) return;
    place(index, last);
    sift_up(index);
    sift_down(last.timer->index_);
  }

  /// Takes the first out. Precondition: not empty.
  Timer& pop() noexcept {
    Timer& timer = *heap_.front().timer;
    disarm(timer);
    return timer;
  }

 private:
  struct Entry {
    time_point when;
    std::uint64_t order;
    Timer* timer;
  };
  static constexpr std::size_t kArity = 4;

  static bool before(const Entry& a, const Entry& b) noexcept {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  }
  void place(std::size_t index, const Entry& entry) noexcept {
    heap_[index] = entry;
    entry.timer->index_ = static_cast<unsigned>(index);
  }
  void sift_up(std::size_t index) noexcept {
    const Entry entry = heap_[index];
    while (index > 0) {
      const std::size_t parent = (index - 1) / kArity;
      if (!before(entry, heap_[parent])) break;
      place(index, heap_[parent]);
      index = parent;
    }
    place(index, entry);
  }
  void sift_down(std::size_t index) noexcept {
    const Entry entry = heap_[index];
    for (;;) {
      const std::size_t first_child = index * kArity + 1;
      if (first_child >= heap_.size()) break;
      std::size_t least = first_child;
      for (std::size_t child = first_child + 1; child < first_child + kArity && child < heap_.size(); ++child) {
        if (before(heap_[child], heap_[least])) least = child;
      }
      if (!before(heap_[least], entry)) break;
      place(index, heap_[least]);
      index = least;
    }
    place(index, entry);
  }

  std::vector<Entry> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace v0
}  // namespace corolla
