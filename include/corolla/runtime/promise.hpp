// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every coroutine's promise has: its awaiter, and the place where it is suspended. Which task drives it and what
/// it failed with are known elsewhere while they matter, so that a frame does not carry them.
#pragma once

#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/running.hpp>
#include <corolla/runtime/task_base.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

template <class T>
class Coro;

/// The bond between a coroutine and the one that awaits it. It lives in the awaiter, inside the parent's frame, and the
/// child's promise points at it, so that frames can be destroyed leaf first: whoever destroys a child clears `child`.
struct CoroLink {
  PromiseBase* child = nullptr;
  PromiseBase* parent = nullptr;

  /// The step goes on with `child`, and then with `awaiting`.
  inline void run_child(PromiseBase& awaiting) noexcept;
};

/// Base of all promises. It is the first base and holds no virtual function, so that a handle can be made from it.
class COROLLA_API PromiseBase {
 public:
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  /// The task that drives this coroutine. Precondition: the coroutine runs.
  [[nodiscard]] static TaskBase& task() noexcept { return *running_now.task; }
  /// Who awaits it; null for the root of a task.
  [[nodiscard]] CoroLink* link() const noexcept { return link_; }
  void set_link(CoroLink& link) noexcept { link_ = &link; }
  /// The co_await at which it is suspended, or was last; before the first one the coroutine's beginning.
  [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
  void set_where(const std::source_location& where) noexcept { where_ = where; }

  [[nodiscard]] std::coroutine_handle<> handle() noexcept {
    return std::coroutine_handle<PromiseBase>::from_promise(*this);
  }

  /// The body ended with the exception that is being handled: keeps it for whoever runs next, the awaiter or the task.
  void unhandled_exception() noexcept { task().set_thrown(std::current_exception()); }
  /// At the final suspension: the step goes on with the awaiter, or the task is finished.
  void finished() noexcept {
    if (link_) task().resume_next(*link_->parent);
    else task().root_finished();
  }

  static void* operator new(std::size_t size) {
    ++live_counters.frames;
    return allocate_block(size);
  }
  static void operator delete(void* frame, std::size_t size) noexcept {
    --live_counters.frames;
    free_block(frame, size);
  }

 protected:
  PromiseBase() noexcept = default;
  ~PromiseBase() = default;

 private:
  CoroLink* link_ = nullptr;
  std::source_location where_;
};

inline void CoroLink::run_child(PromiseBase& awaiting) noexcept {
  parent = &awaiting;
  child->set_link(*this);
  PromiseBase::task().resume_next(*child);
}

/// An object that can be awaited by a corolla coroutine: it has a member operator co_await, or is an awaiter itself.
template <class A>
concept HasOperatorCoAwait = requires(A&& awaitable) { std::forward<A>(awaitable).operator co_await(); };

/// Suspends at the end and lets the promise say what runs next.
struct FinalAwaiter {
  FinalAwaiter() noexcept {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    self.promise().finished();
  }
  void await_resume() const noexcept {}
};

/// The await_transform that all promises share. It notes the place of each co_await.
template <class Derived>
class Awaits : public PromiseBase {
 public:
  /// A Coro is awaited once, as an rvalue: co_await f(), or co_await std::move(coro).
  template <class T>
  void await_transform(Coro<T>& coro) = delete;

  template <class A>
    requires HasOperatorCoAwait<A>
  auto await_transform(A&& awaitable, std::source_location where = std::source_location::current()) {
    set_where(where);
    return std::forward<A>(awaitable).operator co_await();
  }
  /// Awaiters without operator co_await are moved or copied into the frame.
  template <class A>
    requires(!HasOperatorCoAwait<A>)
  auto await_transform(A&& awaiter, std::source_location where = std::source_location::current()) {
    set_where(where);
    return std::remove_cvref_t<A>(std::forward<A>(awaiter));
  }
};

}  // namespace v0
}  // namespace corolla
