// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every Future has whatever its type: a state, an error, a list of callbacks, a loop.
///
/// Source: asyncio's Future. The states and what leads from one to the next: pending becomes, once and for ever, a
/// result, an exception or cancelled. Becoming done moves each callback, in order of registration, to the loop's ready
/// queue; nothing is ever called from inside set_result.
#pragma once

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/memory.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

class GatherChildren;
class CompletionWatch;
class PromiseBase;

/// The shared state behind Future<T>, Task<T> and the future of a gather. Counted, not thread safe.
class COROLLA_API FutureBase : public FromBlockCache {
 public:
  enum class State : std::uint8_t { kPending, kResult, kException, kCancelled };
  /// What cancel() has to do with it.
  enum class Kind : std::uint8_t { kPlain, kTask, kGather };

  FutureBase(const FutureBase&) = delete;
  FutureBase& operator=(const FutureBase&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool done() const noexcept { return state_ != State::kPending; }
  [[nodiscard]] bool cancelled() const noexcept { return state_ == State::kCancelled; }
  [[nodiscard]] bool failed() const noexcept { return state_ == State::kException; }
  [[nodiscard]] LoopCore& core() const noexcept { return *core_; }

  /// The exception, null when there is a result. Throws InvalidStateError while pending and CancelledError when
  /// cancelled. The exception counts as retrieved from then on.
  [[nodiscard]] std::exception_ptr exception();

  /// Throws what a failed or cancelled future throws; returns when there is a result. Precondition: done.
  void throw_if_failed() {
    if (state_ != State::kResult) [[unlikely]]
      throw_failure();
  }
  /// The failure as an exception_ptr (a CancelledError when cancelled), null for a result; marks it retrieved.
  [[nodiscard]] std::exception_ptr failure() noexcept;

  /// Asks to stop: false when done. See cancel() in cancel.cpp for what it does to tasks and gathers.
  bool cancel(const std::string& message = {});

  /// Queues `waiter` once this future is done; at once when it is done already.
  void add_waiter(Waiter& waiter) noexcept {
    if (done()) core_->call_soon(waiter);
    else waiters_.push_back(waiter);
  }
  /// From now on each waiter's future_done() is called before it is queued.
  void announce_completion() noexcept { announces_ = true; }
  void remove_waiter(Waiter& waiter) noexcept { waiters_.remove(waiter); }
  /// The children of a gather's future, null for any other.
  [[nodiscard]] virtual GatherChildren* gather_children() noexcept;
  [[nodiscard]] WaiterList& waiters() noexcept { return waiters_; }

  /// Completes the future; throws InvalidStateError when done.
  void set_exception(std::exception_ptr error);
  /// Marks the exception as seen, so that nobody is told that it was never retrieved.
  void mark_retrieved() noexcept { retrieved_ = true; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 protected:
  FutureBase(LoopCore& core, Kind kind) noexcept : kind_(kind), core_(&core), innermost_(nullptr) {
    core.retain();
    ++live_counters.futures;
  }
  virtual ~FutureBase() {
    if (state_ != State::kResult) [[unlikely]]
      destroy_without_result();
    --live_counters.futures;
    core_->release();
  }

  /// Tells the exception handler of an exception that nobody retrieved, once.
  void report_if_unretrieved() noexcept {
    if (state_ == State::kException && !retrieved_) [[unlikely]]
      report_unretrieved_now();
  }
  void require_pending() const {
    core_->check_thread();
    if (done()) [[unlikely]]
      throw InvalidStateError("the future is done already");
  }
  void complete(State state) noexcept {
    state_ = state;
    while (Waiter* waiter = waiters_.pop_front()) {
      if (announces_) [[unlikely]]
        waiter->future_done();
      core_->call_soon(*waiter);
    }
  }
  void fail(std::exception_ptr error) noexcept {
    std::construct_at(&error_, std::move(error));
    complete(State::kException);
  }
  /// What cancel() does to a future that is done.
  void forget_failure() noexcept {
    if (kind_ != Kind::kGather) retrieved_ = true;
  }
  void become_cancelled(const std::string& message) noexcept;
  [[noreturn, gnu::cold]] void throw_failure();

  std::uint32_t references_ = 1;
  State state_ = State::kPending;
  Kind kind_;
  bool retrieved_ : 1 = false;
  bool announces_ : 1 = false;
  bool marked_ : 1 = false;         // to find duplicates among children
  bool awaits_itself_ : 1 = false;  // a task's, as the next: its next step throws RuntimeError
  bool awaits_foreign_ : 1 = false;
  bool begun_ : 1 = false;        // its first step was queued or has run
  bool named_ : 1 = false;        // the loop's side table has a name
  bool has_message_ : 1 = false;  // the loop's side table has a cancel message
  std::uint8_t task_flags_ = 0;   // TaskBase's, here to fill the word
  LoopCore* core_;
  WaiterList waiters_;
  union {
    PromiseBase* innermost_;    // while pending, a task's innermost suspended coroutine; else null
    std::exception_ptr error_;  // once failed or cancelled; a cancelled one keeps one only when it has a message
  };

 private:
  friend class CancelWalk;
  friend class GatherChildren;
  friend class CompletionWatch;

  void report_unretrieved_now() noexcept;
  void destroy_without_result() noexcept;
};

/// A counted pointer to a future's state.
template <class State>
class FutureRef {
 public:
  FutureRef() noexcept = default;
  /// Takes over one reference.
  static FutureRef adopt(State* state) noexcept { return FutureRef(state); }
  static FutureRef share(State* state) noexcept {
    if (state) state->retain();
    return FutureRef(state);
  }
  FutureRef(const FutureRef& other) noexcept : state_(other.state_) {
    if (state_) state_->retain();
  }
  FutureRef(FutureRef&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  FutureRef& operator=(FutureRef other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~FutureRef() {
    if (state_) state_->release();
  }
  [[nodiscard]] State* get() const noexcept { return state_; }
  State* operator->() const noexcept { return state_; }
  State& operator*() const noexcept { return *state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  explicit FutureRef(State* state) noexcept : state_(state) {}
  State* state_ = nullptr;
};

}  // namespace v0
}  // namespace corolla
