// SPDX-License-Identifier: Apache-2.0
/// \file
/// as_completed: the results of several awaitables in the order in which they are done.
///
/// Source: asyncio's as_completed, iterated with a plain for:
///
///     for (auto& next : as_completed(tasks, 30s)) {
///       auto result = co_await outcome(next);   // or: auto value = co_await next;
///
/// Coros become tasks at the call. Those done at the call come first, in the order given; one given twice comes once.
/// The time limit is for the whole iteration: after it each step that is left throws TimeoutError. Nothing is cancelled,
/// neither then nor when the iteration is left early or the awaiting task is cancelled, which loses no result. The values
/// of Tasks are copied; those of Coros, and of a range given as an rvalue, are moved out.
#pragma once

#include <corolla/runtime/completion_watch.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/wait_line.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The FIFO of completed futures behind as_completed().
class COROLLA_API CompletionFifo final : public CompletionWatch {
 public:
  CompletionFifo(EventLoop& loop, Children children, std::optional<EventLoop::duration> timeout);
  ~CompletionFifo() override;
  /// The next to be done, which failed or not; TimeoutError after the time limit. Its caller keeps this alive.
  Coro<FutureBase*> next();

 private:
  void child_done(FutureBase& child) noexcept override;
  void timed_out() noexcept override;
  void push(FutureBase* child) noexcept;

  std::vector<FutureBase*> fifo_;  // null: the time limit came first; room for all children from the start
  std::size_t taken_ = 0;
  WaitLine getters_;
};

/// One step of the iteration: await it, or outcome(next), once. It may be moved to another task.
template <class T, bool kMove>
class NextCompleted {
 public:
  using value_type = T;
  explicit NextCompleted(FutureRef<CompletionFifo> fifo) noexcept : fifo_(std::move(fifo)) {}

  /// The step as a Coro, for create_task or wait_for. RuntimeError when it was awaited already.
  [[nodiscard]] Coro<T> coro() {
    if (!fifo_) throw RuntimeError("this step of as_completed() was awaited already");
    return run(std::move(fifo_));
  }
  CoroAwaiter<T> operator co_await() { return coro().operator co_await(); }
  /// `co_await next.future()`: which one it is, a Future that is done; equal to the Task or Future that was given. What
  /// asyncio's `async for` iterates over.
  [[nodiscard]] Coro<Future<T>> future() {
    if (!fifo_) throw RuntimeError("this step of as_completed() was awaited already");
    return run_future(std::move(fifo_));
  }

 private:
  static Coro<T> run(FutureRef<CompletionFifo> fifo) {
    FutureBase* const future = co_await fifo->next();
    future->throw_if_failed();
    if constexpr (std::is_void_v<T>) co_return;
    else if constexpr (kMove) co_return std::move(future_value<T>(*future));
    else co_return future_value<T>(*future);
  }
  static Coro<Future<T>> run_future(FutureRef<CompletionFifo> fifo) {
    FutureBase* const future = co_await fifo->next();
    co_return Future<T>(FutureRef<FutureBase>::share(future));
  }
  FutureRef<CompletionFifo> fifo_;  // null once awaited
};

/// As for a Coro: nothing thrown but the awaiting task's own cancellation.
template <class T, bool kMove>
auto outcome(NextCompleted<T, kMove>& next) {
  return outcome(next.coro());
}
template <class T, bool kMove>
auto outcome(NextCompleted<T, kMove>&& next) {
  return outcome(next.coro());
}

/// What as_completed() returns: a range to go through once. It may die before its steps are done.
template <class T, bool kMove>
class AsCompleted {
 public:
  using Next = NextCompleted<T, kMove>;

  class Iterator {
   public:
    using value_type = Next;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(AsCompleted& range) noexcept : range_(&range) {}
    Next& operator*() const noexcept { return *range_->next_; }
    Next* operator->() const noexcept { return &*range_->next_; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { range_->advance(); }
    // A member, since g++ 12 lets a friend of a nested class see less than the class.
    bool operator==(std::default_sentinel_t /*end*/) const noexcept { return !range_->next_; }

   private:
    AsCompleted* range_;
  };

  explicit AsCompleted(FutureRef<CompletionFifo> fifo) noexcept : fifo_(std::move(fifo)), left_(fifo_->size()) {}
  AsCompleted(const AsCompleted&) = delete;
  AsCompleted& operator=(const AsCompleted&) = delete;

  /// The next step: a second loop over what the first one left goes on there.
  Iterator begin() {
    advance();
    return Iterator(*this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

 private:
  void advance() {
    next_.reset();
    if (left_ == 0) return;
    --left_;
    next_.emplace(fifo_);
  }

  FutureRef<CompletionFifo> fifo_;
  std::size_t left_;  // steps not begun
  std::optional<Next> next_;
};

/// See the file's comment. The range holds Coros (consumed), Tasks or Futures, all of one type. Needs a running loop.
template <std::ranges::input_range Range>
  requires(AnyCoro<std::ranges::range_value_t<Range>> || AnyFuture<std::ranges::range_value_t<Range>>)
auto as_completed(Range&& range, std::optional<EventLoop::duration> timeout = std::nullopt) {
  using Item = std::ranges::range_value_t<Range>;
  constexpr bool kMove = AnyCoro<Item> || !std::is_lvalue_reference_v<Range>;
  EventLoop& loop = get_running_loop();
  CompletionWatch::Children children;
  for (auto&& item : range) {
    if constexpr (AnyCoro<Item>) {
      children.push_back(ensure_future(loop, std::move(item)).state());
    } else {
      require_same_loop(loop, *item.state());
      children.push_back(item.state());
    }
  }
  return AsCompleted<value_type_of<Item>, kMove>(
      FutureRef<CompletionFifo>::adopt(new CompletionFifo(loop, std::move(children), timeout)));
}

}  // namespace v0
}  // namespace corolla
