// SPDX-License-Identifier: Apache-2.0
/// \file
/// AsyncGenerator<T>: a coroutine that gives values one by one and may await between them.
///
///     AsyncGenerator<int> numbers() { co_yield 1; co_await sleep(1s); co_yield 2; }
///     auto it = numbers();
///     while (auto number = co_await it.next()) use(*number);
///
/// Source: Python's asynchronous generators (PEP 525) and asyncio's shutdown_asyncgens. The body runs inside the task that
/// awaits next(), without a trip through the ready queue; another task may go on with it later, but not at the same time.
/// Cancelling that task throws CancelledError at the body's innermost co_await. What the body throws comes out of next(),
/// and after it, as after the end, next() gives nullopt. T may be move-only; references are refused.
///
/// Closing destroys the frame, where Python throws GeneratorExit into it: what has to be done at the end is done by
/// destructors, and cannot await. Dropping the generator closes it; one that runs just then goes on to its next value or
/// its end first. A generator may outlive its loop. Not thread safe.
///
/// A body that holds generators as locals or parameters (a pipeline of them) is closed without recursion, the innermost
/// first. So nothing that is left in a body may look into the frame of a generator the body drives.
///
/// co_yield of a temporary aggregate with something to destroy is refused, since compilers destroy it twice or never:
/// give the struct a constructor, or name it and write `co_yield row` for a copy, `co_yield moved(row)` for a move.
#pragma once

#include <corolla/runtime/promise.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

class AsyncGeneratorPromiseBase;
class LoopCore;
template <class T>
class AsyncGenerator;

/// What an AsyncGenerator<T> is whatever its T: the owner of a frame. The frame knows it, and clears it when it dies.
class COROLLA_API AsyncGeneratorOwner {
 public:
  AsyncGeneratorOwner(const AsyncGeneratorOwner&) = delete;
  AsyncGeneratorOwner& operator=(const AsyncGeneratorOwner&) = delete;

 protected:
  explicit AsyncGeneratorOwner(AsyncGeneratorPromiseBase& promise) noexcept;
  AsyncGeneratorOwner(AsyncGeneratorOwner&& other) noexcept;
  ~AsyncGeneratorOwner();
  void swap(AsyncGeneratorOwner& other) noexcept;
  [[nodiscard]] AsyncGeneratorPromiseBase* promise() const noexcept { return promise_; }

 private:
  friend class AsyncGeneratorPromiseBase;
  AsyncGeneratorPromiseBase* promise_;
};

/// The promise of a generator whatever its T.
///
/// Its life: made, it waits for the first next(). Each next() makes it *running*, part of the chain of frames of the task
/// that awaits it, and that chain destroys it if the loop dies meanwhile. A co_yield or its end makes it idle: then it
/// belongs to its owner alone. An owner that goes away while it runs leaves it to the next() that is under way.
class COROLLA_API AsyncGeneratorPromiseBase : public Awaits<AsyncGeneratorPromiseBase> {
 public:
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return FinalAwaiter(); }
  void return_void() const noexcept {}

  /// Between a next() and what it gives.
  [[nodiscard]] bool running() const noexcept { return running_; }
  /// RuntimeError while it runs; `call` is what is being tried.
  void require_idle(const char* call) const {
    if (running_) [[unlikely]]
      throw_running(call);
  }
  /// The step goes on with the body, whose awaiter is `awaiting`; `outer` is that one when it is a generator's.
  void resume_body(CoroLink& link, PromiseBase& awaiting, AsyncGeneratorPromiseBase* outer) {
    if (!iterated_) [[unlikely]]
      first_iteration(PromiseBase::task());
    if (outer != outer_) [[unlikely]]
      set_outer(outer);
    running_ = true;
    link.run_child(awaiting);
  }
  /// A value is ready: the step goes on with who awaits it.
  void yielded() noexcept {
    running_ = false;
    PromiseBase::finished();
  }
  /// As PromiseBase's.
  void finished() noexcept {
    running_ = false;
    finished_ = true;
    PromiseBase::finished();
  }
  /// When next() is over: destroys a frame that is at its end or was left by its owner.
  void settle() noexcept {
    if (finished_ || !owner_) destroy();
  }
  /// Destroys the frame, and before it those of the idle generators in it. Precondition: not running.
  void destroy() noexcept;

  /// Remembers how large the frame is.
  static void* operator new(std::size_t size);

 protected:
  AsyncGeneratorPromiseBase() noexcept;
  ~AsyncGeneratorPromiseBase();

 private:
  friend class AsyncGeneratorOwner;
  friend class AsyncGeneratorClosing;

  [[noreturn]] static void throw_running(const char* call);
  void first_iteration(TaskBase& task);
  void set_outer(AsyncGeneratorPromiseBase* outer) noexcept;
  [[nodiscard]] bool holds(const AsyncGeneratorPromiseBase& inner) const noexcept;
  void leave_owner() noexcept;
  void link_into(AsyncGeneratorPromiseBase*& list) noexcept;
  void unlink() noexcept;

  AsyncGeneratorOwner* owner_ = nullptr;
  AsyncGeneratorPromiseBase* outer_ = nullptr;  // the generator whose body drove this one last
  AsyncGeneratorPromiseBase* inner_ = nullptr;  // the one this body drove last
  LoopCore* core_ = nullptr;                    // whose list it stands in; counted
  AsyncGeneratorPromiseBase* next_ = nullptr;
  AsyncGeneratorPromiseBase** previous_ = nullptr;  // what points at this one in the list; null outside of it
  std::size_t frame_size_ = 0;                      // 0: not known
  bool iterated_ = false;
  bool running_ = false;
  bool finished_ = false;
};

/// Suspends at a co_yield.
class [[nodiscard]] YieldAwaiter {
 public:
  YieldAwaiter() noexcept {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    self.promise().yielded();
  }
  void await_resume() const noexcept {}
};

/// See moved().
template <class T>
class Moved {
 public:
  explicit Moved(T& value) noexcept : value_(&value) {}
  [[nodiscard]] T&& get() const noexcept { return static_cast<T&&>(*value_); }

 private:
  T* value_;
};

/// `co_yield moved(row)`: yields a named value by moving from it; for aggregates, see the file's comment.
template <class T>
Moved<T> moved(T& value) noexcept {
  return Moved<T>(value);
}

/// See AsyncGeneratorPromiseBase.
template <class T>
class AsyncGeneratorPromise final : public AsyncGeneratorPromiseBase {
 public:
  AsyncGenerator<T> get_return_object(std::source_location where = std::source_location::current()) noexcept {
    set_where(where);
    return AsyncGenerator<T>(*this);
  }

  template <class U = T>
    requires std::is_constructible_v<T, U&&>
  YieldAwaiter yield_value(U&& value) {
    using Value = std::remove_reference_t<U>;
    static_assert(
        std::is_lvalue_reference_v<U> || !std::is_aggregate_v<Value> || std::is_trivially_destructible_v<Value>,
        "a temporary aggregate is destroyed twice or never by some compilers: name it, then co_yield it or "
        "co_yield moved(it), or give the struct a constructor");
    item_.emplace(std::forward<U>(value));
    return YieldAwaiter();
  }
  template <class U>
  YieldAwaiter yield_value(Moved<U> value) {
    item_.emplace(value.get());
    return YieldAwaiter();
  }

  /// What next() gives, or throws; the frame is destroyed when that was all.
  std::optional<T> take() {
    struct Settle {
      AsyncGeneratorPromise& promise;
      explicit Settle(AsyncGeneratorPromise& p) noexcept : promise(p) {}
      ~Settle() { promise.settle(); }
    };
    const Settle last(*this);
    PromiseBase::task().rethrow_thrown();
    std::optional<T> item = std::move(item_);
    item_.reset();
    return item;
  }

 private:
  std::optional<T> item_;
};

/// Runs the body up to its next value inside the awaiting task.
template <class T>
class [[nodiscard]] NextAwaiter : private CoroLink {
 public:
  explicit NextAwaiter(AsyncGeneratorPromise<T>* promise) noexcept { child = promise; }
  NextAwaiter(const NextAwaiter&) = delete;
  NextAwaiter& operator=(const NextAwaiter&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return child == nullptr; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    AsyncGeneratorPromiseBase* outer = nullptr;
    if constexpr (std::is_base_of_v<AsyncGeneratorPromiseBase, Promise>) outer = &self.promise();
    promise().resume_body(*this, self.promise(), outer);
  }
  std::optional<T> await_resume() {
    if (!child) return std::nullopt;
    return promise().take();
  }

 private:
  [[nodiscard]] AsyncGeneratorPromise<T>& promise() const noexcept {
    return static_cast<AsyncGeneratorPromise<T>&>(*child);
  }
};

/// What next() returns; awaiting it gives a std::optional<T>. The generator outlives it and is not moved meanwhile.
template <class T>
class [[nodiscard]] Next {
 public:
  explicit Next(const AsyncGenerator<T>& generator) noexcept : generator_(&generator) {}
  NextAwaiter<T> operator co_await() const {
    AsyncGeneratorPromise<T>* promise = generator_->promise();
    if (promise) promise->require_idle("next()");
    return NextAwaiter<T>(promise);
  }

 private:
  const AsyncGenerator<T>* generator_;
};

/// What aclose() returns; awaiting it never suspends. The generator outlives it and is not moved meanwhile.
template <class T>
class [[nodiscard]] Aclose {
 public:
  explicit Aclose(const AsyncGenerator<T>& generator) noexcept : generator_(&generator) {}
  [[nodiscard]] bool await_ready() const {
    if (AsyncGeneratorPromise<T>* promise = generator_->promise()) {
      promise->require_idle("aclose()");
      promise->destroy();
    }
    return true;
  }
  void await_suspend(std::coroutine_handle<> /*self*/) const noexcept {}
  void await_resume() const noexcept {}

 private:
  const AsyncGenerator<T>* generator_;
};

/// See the file's comment.
template <class T>
class [[nodiscard("an AsyncGenerator does nothing until its next() is awaited")]] AsyncGenerator
    : private AsyncGeneratorOwner {
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                "a generator yields values; for a reference yield a pointer or a std::reference_wrapper");
  static_assert(alignof(T) <= 16, "no over-aligned value in a coroutine frame");

 public:
  using promise_type = AsyncGeneratorPromise<T>;
  using value_type = T;

  /// The one moved from is closed.
  AsyncGenerator(AsyncGenerator&& other) noexcept = default;
  /// Closes what it was before.
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    AsyncGenerator taken(std::move(other));
    this->swap(taken);
    return *this;
  }
  ~AsyncGenerator() = default;

  /// Awaited, the next value, or nullopt at the end and for ever after it. Throws what the body throws, and RuntimeError
  /// while another next() runs.
  [[nodiscard]] Next<T> next() & noexcept { return Next<T>(*this); }
  Next<T> next() && = delete;
  /// Awaited, destroys the frame at the value where it stands, or before its beginning; does nothing at the end or when
  /// it was closed before. RuntimeError while a next() runs.
  [[nodiscard]] Aclose<T> aclose() & noexcept { return Aclose<T>(*this); }
  Aclose<T> aclose() && = delete;
  /// True while a task is between a next() and what it gives.
  [[nodiscard]] bool running() const noexcept { return promise() && promise()->running(); }
  /// True at the end, after aclose(), and when moved from.
  [[nodiscard]] bool closed() const noexcept { return promise() == nullptr; }

 private:
  friend promise_type;
  friend Next<T>;
  friend Aclose<T>;
  explicit AsyncGenerator(promise_type& promise) noexcept : AsyncGeneratorOwner(promise) {}
  [[nodiscard]] promise_type* promise() const noexcept {
    return static_cast<promise_type*>(AsyncGeneratorOwner::promise());
  }
};

}  // namespace v0
}  // namespace corolla
