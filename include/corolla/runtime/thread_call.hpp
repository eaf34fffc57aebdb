// SPDX-License-Identifier: Apache-2.0
/// \file
/// ThreadCall and ThreadHandle: a function on its way into a loop from another thread, and what cancels it.
///
/// Source: asyncio's call_soon_threadsafe, whose handles are thread safe since Python 3.14. All members of ThreadHandle
/// may be called from any thread. An exception of the function goes to the loop's exception handler.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/context_state.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

class ThreadCall;

/// What call_soon_threadsafe returns. Dropping it does not cancel. Copies share the call.
class ThreadHandle {
 public:
  ThreadHandle() noexcept = default;
  explicit ThreadHandle(FutureRef<ThreadCall> call) noexcept : call_(std::move(call)) {}
  /// When it returns, the function does not run and will not: one that runs in the loop's thread is waited for, unless
  /// it is that function which calls. A function that did not begin is destroyed here. Idempotent, and harmless once
  /// it ran.
  void cancel() const noexcept;
  /// Whether it was cancelled in time. Of a function that runs in the loop's thread that is known at its end, which is
  /// waited for, unless it is that function which asks.
  [[nodiscard]] bool cancelled() const noexcept;

 private:
  FutureRef<ThreadCall> call_;
};

/// The shared half of a ThreadHandle: on its way to the loop, and in the hands of who sent it.
///
/// The state decides who owns the callable. It is queued, and becomes either running, by the loop, or cancelled, by
/// whoever cancels it; the winner of that race destroys the callable. From running it becomes done; a cancel()
/// or cancelled() that comes meanwhile marks it as awaited and sleeps until it is done. The way to the loop holds one
/// reference and the handles hold the others. A way that finds itself the only holder skips the race, for then nobody can
/// cancel. It runs in a copy of the context of the thread that made it.
class COROLLA_API ThreadCall : public Schedulable, public FromBlockCache {
 public:
  ThreadCall(const ThreadCall&) = delete;
  ThreadCall& operator=(const ThreadCall&) = delete;
  void run() noexcept final;
  void drop() noexcept final;

  /// See ThreadHandle.
  void cancel() noexcept;
  [[nodiscard]] bool cancelled() noexcept;

  /// A handle; only before it is sent.
  [[nodiscard]] ThreadHandle make_handle() noexcept {
    references_.store(2, std::memory_order_relaxed);
    return ThreadHandle(FutureRef<ThreadCall>::adopt(this));
  }
  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // The last holder needs no atomic write: nobody else is left to write.
    if (sole_holder() || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  ThreadCall() : context_(copy_current_context()) {}
  virtual ~ThreadCall() = default;
  virtual void invoke() = 0;
  virtual void drop_callable() noexcept = 0;

 private:
  enum class State : std::uint8_t { kQueued, kRunning, kRunningAwaited, kDone, kCancelled };

  [[nodiscard]] bool sole_holder() const noexcept { return references_.load(std::memory_order_acquire) == 1; }
  void run_callable() noexcept;
  [[nodiscard]] State state_once_it_does_not_run() noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::atomic<State> state_{State::kQueued};
  bool cancelled_itself_ = false;  // while it ran; the loop's thread only
  ContextRef context_;
};

inline void ThreadHandle::cancel() const noexcept {
  if (call_) call_->cancel();
}
inline bool ThreadHandle::cancelled() const noexcept { return call_ && call_->cancelled(); }

/// A callable with its arguments, both owned.
template <class F, class... Args>
class CallableThreadCall final : public ThreadCall {
 public:
  template <class G, class... As>
  explicit CallableThreadCall(G&& function, As&&... args) {
    ::new (static_cast<void*>(std::addressof(call_)))
        std::tuple<F, Args...>(std::forward<G>(function), std::forward<As>(args)...);
  }
  ~CallableThreadCall() override {}  // the callable was destroyed before

 private:
  void invoke() override {
    require_no_coroutine<F, Args...>();
    std::apply([](F& function, Args&... args) { std::invoke(function, std::move(args)...); }, call_);
  }
  void drop_callable() noexcept override { std::destroy_at(std::addressof(call_)); }

  union {
    std::tuple<F, Args...> call_;
  };
};

/// A call on the heap, whose one reference belongs to the way to the loop.
template <class F, class... Args>
ThreadCall& make_thread_call(F&& function, Args&&... args) {
  using Call = CallableThreadCall<std::decay_t<F>, std::decay_t<Args>...>;
  return *new Call(std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace v0
}  // namespace corolla
