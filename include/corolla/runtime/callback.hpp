// SPDX-License-Identifier: Apache-2.0
/// \file
/// Callbacks: what call_soon, call_later, call_at and add_done_callback queue.
///
/// Source: asyncio's Handle and TimerHandle. A callback that throws is reported to the loop's exception handler and the
/// loop goes on. A callback runs in a copy of the context in which it was scheduled, or in the Context it was given.
/// Not thread safe.
#pragma once

#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/context_state.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Reports the exception being handled to the exception handler of the loop; for callbacks.
COROLLA_API void report_current_exception(LoopCore& core, const char* message) noexcept;

/// Where a callback comes from: the context it runs in and the place where it was scheduled, if known.
struct CallbackOrigin {
  CallbackOrigin() : context(copy_current_context()) {}
  explicit CallbackOrigin(const std::source_location& place) : context(copy_current_context()), where(place) {}
  explicit CallbackOrigin(ContextRef given) noexcept : context(std::move(given)) {}
  ContextRef context;
  std::source_location where;
};

/// The shared half of a Handle: in the ready queue or the timer heap, and in the hands of who scheduled it.
class COROLLA_API ScheduledCallback : public Schedulable, public FromBlockCache {
 public:
  void run() noexcept final;
  void drop() noexcept final;
  /// Idempotent; destroys the callable at once, unless it is running.
  void cancel() noexcept;
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
  [[nodiscard]] std::chrono::nanoseconds when() const noexcept { return when_; }
  [[nodiscard]] ContextRef& context() noexcept { return origin_.context; }
  [[nodiscard]] std::string describe() const final;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 protected:
  ScheduledCallback(LoopCore& core, CallbackOrigin&& origin) noexcept : core_(&core), origin_(std::move(origin)) {
    core.retain();
  }
  virtual ~ScheduledCallback() { core_->release(); }
  virtual void invoke() = 0;
  virtual void drop_callable() noexcept = 0;
  [[nodiscard]] virtual const std::type_info& callable_type() const noexcept = 0;

 private:
  friend class EventLoop;
  void finish() noexcept;

  LoopCore* core_;
  CallbackOrigin origin_;
  std::chrono::nanoseconds when_{0};
  std::uint32_t references_ = 1;
  bool cancelled_ = false;
  bool running_ = false;
  bool finished_ = false;
};

/// A callable with its arguments, both owned.
template <class F, class... Args>
class CallableCallback final : public ScheduledCallback {
 public:
  template <class G, class... As>
  CallableCallback(LoopCore& core, CallbackOrigin&& origin, G&& function, As&&... args)
      : ScheduledCallback(core, std::move(origin)),
        call_(std::in_place, std::forward<G>(function), std::forward<As>(args)...) {}

 private:
  void invoke() override {
    require_no_coroutine<F, Args...>();
    std::apply([](F& function, Args&... args) { std::invoke(function, std::move(args)...); }, *call_);
  }
  void drop_callable() noexcept override { call_.reset(); }
  [[nodiscard]] const std::type_info& callable_type() const noexcept override { return typeid(F); }

  std::optional<std::tuple<F, Args...>> call_;
};

/// What call_soon, call_later and call_at return. Dropping it does not cancel.
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(FutureRef<ScheduledCallback> callback) noexcept : callback_(std::move(callback)) {}
  /// The callback will not run. Idempotent, and harmless once it ran.
  void cancel() const noexcept {
    if (callback_) callback_->cancel();
  }
  [[nodiscard]] bool cancelled() const noexcept { return callback_ && callback_->cancelled(); }
  /// The context the callback runs in; see context.hpp. Precondition: not an empty handle.
  [[nodiscard]] ContextRef& context() const noexcept { return callback_->context(); }

 protected:
  FutureRef<ScheduledCallback> callback_;
};

/// A Handle that knows its time.
class TimerHandle : public Handle {
 public:
  using Handle::Handle;
  /// The loop time at which the callback is due.
  [[nodiscard]] std::chrono::steady_clock::time_point when() const noexcept {
    return std::chrono::steady_clock::time_point(callback_->when());
  }
};

/// Names one registration of add_done_callback.
enum class CallbackId : std::uint64_t {};

/// A done-callback in a future's list, later in the ready queue. From then on it holds a reference to the future.
class COROLLA_API DoneCallback : public Waiter, public FromBlockCache {
 public:
  void run() noexcept final;
  void drop() noexcept final;
  void future_done() noexcept final;
  [[nodiscard]] std::string describe() const final;
  virtual ~DoneCallback() = default;
  [[nodiscard]] CallbackId id() const noexcept { return id_; }
  [[nodiscard]] FutureBase& future() const noexcept { return *future_; }

 protected:
  DoneCallback(FutureBase& future, ContextRef context) noexcept;
  virtual void invoke() = 0;
  [[nodiscard]] virtual const std::type_info& callable_type() const noexcept = 0;
  FutureBase* future_;

 private:
  ContextRef context_;
  CallbackId id_;
  bool queued_ = false;  // then it holds a reference to the future
};

template <class F>
class CallableDoneCallback final : public DoneCallback {
 public:
  CallableDoneCallback(FutureBase& future, ContextRef context, F&& function) noexcept
      : DoneCallback(future, std::move(context)), function_(std::move(function)) {}

 private:
  void invoke() override { function_(*future_); }
  [[nodiscard]] const std::type_info& callable_type() const noexcept override { return typeid(F); }
  F function_;
};

COROLLA_API void register_done_callback(FutureBase& future, DoneCallback& callback) noexcept;

/// Registers `function(FutureBase&)`, to run in `context`.
template <class F>
CallbackId add_done_callback_to(FutureBase& future, F function, ContextRef context = copy_current_context()) {
  auto* node = new CallableDoneCallback<F>(future, std::move(context), std::move(function));
  const CallbackId id = node->id();
  register_done_callback(future, *node);
  return id;
}
/// Removes and destroys it; false when it is not in the list any more.
COROLLA_API bool remove_done_callback_from(FutureBase& future, CallbackId id) noexcept;

}  // namespace v0
}  // namespace corolla
