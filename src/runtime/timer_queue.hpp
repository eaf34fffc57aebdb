// SPDX-License-Identifier: Apache-2.0
/// \file
/// TimerQueue: the loop's timers, ordered by (deadline, order of arming).
///
/// Two orders of arming are common and both are cheap here. Time-outs of one length are armed in the order of their
/// deadlines: such a timer is appended to the *run*, a sorted FIFO. Any other goes to the *heap*, behind its ordered
/// part; it is sifted in when somebody asks for the first timer, so that one which is disarmed before that costs next
/// to nothing, and a multitude is ordered at once.
///
/// Disarming only empties the timer's entry, which the timer knows the place of; the callback may die at once. An empty entry
/// goes when it comes to the front, and when more than half of the entries are empty they are all squeezed out: memory
/// stays within twice what the armed timers need, and a disarming costs O(1) on average.
///
/// Equal deadlines. A timer goes to the run when its deadline is not below run_end_, the greatest that the run ever held
/// (forgotten only when nothing at all is armed). So what stands in the heap was below run_end_ when it was armed, and
/// nothing that joined the run later is equal to it: of two equal deadlines the run's was armed first.
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

  [[nodiscard]] bool empty() const noexcept { return armed_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return armed_; }

  /// Places taken, those of disarmed timers included; for tests.
  [[nodiscard]] std::size_t entries() const noexcept { return run_.size() - run_head_ + heap_.size(); }

  /// Precondition: not armed.
  void arm(Schedulable& timer, time_point when) {
    if (when >= run_end_) {
      run_.push_back({when, &timer});
      run_end_ = when;
      set_place(timer, run_index(run_.size() - 1));
    } else {
      heap_.push_back({when, next_order_++, &timer});
      set_place(timer, kInHeap | static_cast<unsigned>(heap_.size() - 1));
    }
    ++armed_;
  }

  /// Precondition: armed, in this queue.
  void disarm(Schedulable& timer) noexcept {
    const unsigned index = place_of(timer);
    timer.ready_next_ = nullptr;
    if (index & kInHeap) forget_in_heap(index & ~kInHeap);
    else forget_in_run((index - run_base_) & ~kInHeap);
    if (--armed_ == 0) clear();
  }

  /// The first deadline. Precondition: not empty.
  [[nodiscard]] time_point first() noexcept {
    uncover_first();
    return run_is_first() ? run_[run_head_].when : heap_.front().when;
  }

  /// Takes out the first timer if its deadline is not after `now`, else gives null.
  Schedulable* pop_due(time_point now) noexcept {
    if (empty()) return nullptr;
    uncover_first();
    Schedulable* timer = nullptr;
    if (run_is_first()) {
      if (run_[run_head_].when > now) return nullptr;
      timer = run_[run_head_++].timer;
      if (run_.size() - run_head_ > kAhead) __builtin_prefetch(run_[run_head_ + kAhead].timer, 1);
    } else {
      if (heap_.front().when > now) return nullptr;
      timer = heap_.front().timer;
      remove_top();
    }
    timer->ready_next_ = nullptr;
    if (--armed_ == 0) clear();
    return timer;
  }

 private:
  struct RunEntry {
    time_point when;
    Schedulable* timer;  // null once disarmed; so below
  };
  struct HeapEntry {
    time_point when;
    std::uint64_t order;
    Schedulable* timer;
  };
  static constexpr std::size_t kArity = 4;
  static constexpr unsigned kInHeap = 1U << 31;   // in an entry's place; the other bits count
  static constexpr std::size_t kAhead = 8;        // entries between the one that expires and the one that is fetched
  static constexpr std::size_t kTolerated = 100;  // empty entries that are not worth the squeezing

  // The place is kept in the link of the ready queue, see Schedulable.
  static void set_place(Schedulable& timer, unsigned place) noexcept {
    timer.ready_next_ = reinterpret_cast<Schedulable*>((static_cast<std::uintptr_t>(place) << 1) | 1);
  }
  static unsigned place_of(const Schedulable& timer) noexcept {
    return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(timer.ready_next_) >> 1);
  }

  static bool before(const HeapEntry& a, const HeapEntry& b) noexcept {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  }

  void clear() noexcept {
    run_.clear();
    heap_.clear();
    run_head_ = run_empty_ = heap_ordered_ = heap_empty_ = 0;
    run_end_ = time_point::min();
  }

  // -- the run --------------------------------------------------------------------------------------------------
  // A timer's place is counted from run_base_, so that what ran can be cut off in front without touching the rest.
  [[nodiscard]] unsigned run_index(std::size_t position) const noexcept {
    return (run_base_ + static_cast<unsigned>(position)) & ~kInHeap;
  }

  void forget_in_run(std::size_t position) noexcept {
    if (position + 1 == run_.size()) {
      run_.pop_back();
      return;
    }
    run_[position].timer = nullptr;
    ++run_empty_;
    if (run_empty_ > kTolerated && run_empty_ > (run_.size() - run_head_) / 2) squeeze_run();
  }

  void squeeze_run() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = run_head_; i < run_.size(); ++i) {
      if (!run_[i].timer) continue;
      run_[kept] = run_[i];
      set_place(*run_[kept].timer, run_index(kept));
      ++kept;
    }
    run_.erase(run_.begin() + static_cast<std::ptrdiff_t>(kept), run_.end());
    run_head_ = run_empty_ = 0;
  }

  void cut_off_what_ran() noexcept {
    run_base_ += static_cast<unsigned>(run_head_);
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(run_head_));
    run_head_ = 0;
  }

  // -- the heap -------------------------------------------------------------------------------------------------
  void forget_in_heap(std::size_t position) noexcept {
    if (position + 1 == heap_.size()) {  // a leaf, whether it is in order or not
      heap_.pop_back();
      if (heap_ordered_ > heap_.size()) heap_ordered_ = heap_.size();
      return;
    }
    heap_[position].timer = nullptr;
    ++heap_empty_;
    if (heap_empty_ > kTolerated && heap_empty_ > heap_.size() / 2) squeeze_heap(0);
  }

  /// Squeezes out the empty entries from `first` on; from there the heap is out of order.
  void squeeze_heap(std::size_t first) noexcept {
    std::size_t kept = first;
    for (std::size_t i = first; i < heap_.size(); ++i) {
      if (heap_[i].timer) place(kept++, heap_[i]);
    }
    heap_empty_ -= heap_.size() - kept;
    heap_.erase(heap_.begin() + static_cast<std::ptrdiff_t>(kept), heap_.end());
    heap_ordered_ = first;
  }

  void order_heap() noexcept {
    if (heap_empty_ > 0) squeeze_heap(heap_ordered_);
    if (heap_.size() / 2 < heap_ordered_) {  // few newcomers
      for (; heap_ordered_ < heap_.size(); ++heap_ordered_) sift_up(heap_ordered_);
      return;
    }
    for (std::size_t i = (heap_.size() + kArity - 2) / kArity; i-- > 0;) sift_down(i);
    heap_ordered_ = heap_.size();
  }

  void remove_top() noexcept {
    heap_.front() = heap_.back();
    heap_.pop_back();
    heap_ordered_ = heap_.size();
    if (!heap_.empty()) sift_down(0);
  }

  void place(std::size_t index, const HeapEntry& entry) noexcept {
    heap_[index] = entry;
    if (entry.timer) set_place(*entry.timer, kInHeap | static_cast<unsigned>(index));
  }
  void sift_up(std::size_t index) noexcept {
    const HeapEntry entry = heap_[index];
    while (index > 0) {
      const std::size_t parent = (index - 1) / kArity;
      if (!before(entry, heap_[parent])) break;
      place(index, heap_[parent]);
      index = parent;
    }
    place(index, entry);
  }
  void sift_down(std::size_t index) noexcept {
    const HeapEntry entry = heap_[index];
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

  // -- both -----------------------------------------------------------------------------------------------------
  /// Afterwards neither front is an empty entry and the heap is in order.
  void uncover_first() noexcept {
    while (run_head_ < run_.size() && !run_[run_head_].timer) {
      ++run_head_;
      --run_empty_;
    }
    if (run_head_ > kTolerated && run_head_ > run_.size() / 2) cut_off_what_ran();
    if (heap_ordered_ < heap_.size()) order_heap();
    while (!heap_.empty() && !heap_.front().timer) {
      --heap_empty_;
      remove_top();
    }
  }
  [[nodiscard]] bool run_is_first() const noexcept {
    return run_head_ < run_.size() && (heap_.empty() || run_[run_head_].when <= heap_.front().when);
  }

  std::vector<RunEntry> run_;    // sorted from run_head_ on; what stands before has run
  std::vector<HeapEntry> heap_;  // a four-ary heap up to heap_ordered_, newcomers behind
  time_point run_end_ = time_point::min();
  std::size_t armed_ = 0;
  std::size_t run_head_ = 0;
  std::size_t run_empty_ = 0;  // entries from run_head_ on without a timer
  std::size_t heap_ordered_ = 0;
  std::size_t heap_empty_ = 0;
  std::uint64_t next_order_ = 0;
  unsigned run_base_ = 0;
};

}  // namespace v0
}  // namespace corolla
