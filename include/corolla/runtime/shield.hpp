// SPDX-License-Identifier: Apache-2.0
/// \file
/// shield: awaits something that goes on when the awaiting task is cancelled.
///
/// Source: asyncio's shield. Cancelling the future that shield returns, directly or through a task that awaits it, leaves
/// the inner one alone; when the inner one is cancelled, so is the outer. A Coro becomes a task at the call, and the
/// loop owns it. If the inner one fails after the outer was cancelled its error is reported, unless somebody else
/// retrieves it; asyncio before 3.14 could lose it. A loop that closes ends shielded tasks like any others.
#pragma once

#include <corolla/runtime/future.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/task.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// The part of a shield that does not depend on its type: two nodes, one in the inner future's list and one in the
/// outer's own. The first keeps the outer future alive while it stands there.
class COROLLA_API ShieldLink {
 public:
  ShieldLink(const ShieldLink&) = delete;
  ShieldLink& operator=(const ShieldLink&) = delete;

 protected:
  ShieldLink() noexcept : inner_node_(*this), outer_node_(*this) {}
  virtual ~ShieldLink() = default;
  /// Precondition: `inner` is pending.
  void connect(FutureBase& inner) noexcept;
  /// For the destructor of the outer future.
  void disconnect_outer() noexcept;

  [[nodiscard]] virtual FutureBase& outer() noexcept = 0;
  /// Completes the outer future with what the inner one ended with.
  virtual void transfer(FutureBase& inner) noexcept = 0;

 private:
  class COROLLA_API InnerNode final : public Waiter {
   public:
    explicit InnerNode(ShieldLink& link) noexcept : link_(link) {}
    void future_done() noexcept override;
    void run() noexcept override;
    void drop() noexcept override;
    [[nodiscard]] FutureBase* awaiter() noexcept override { return &link_.outer(); }

   private:
    ShieldLink& link_;
    bool queued_ = false;  // then it holds a reference to the inner future
  };
  class COROLLA_API OuterNode final : public Waiter {
   public:
    explicit OuterNode(ShieldLink& link) noexcept : link_(link) {}
    void future_done() noexcept override { link_.outer().retain(); }
    void run() noexcept override;
    void drop() noexcept override { link_.outer().release(); }

   private:
    ShieldLink& link_;
  };

  FutureBase* inner_ = nullptr;  // while the inner node is in use
  InnerNode inner_node_;
  OuterNode outer_node_;
};

/// The outer future of a shield.
template <class T, bool kMove>
class ShieldState final : public FutureState<T>, private ShieldLink {
 public:
  explicit ShieldState(FutureBase& inner) noexcept : FutureState<T>(inner.core()) { connect(inner); }

 private:
  ~ShieldState() override { disconnect_outer(); }
  FutureBase& outer() noexcept override { return *this; }
  void transfer(FutureBase& inner) noexcept override {
    if (inner.cancelled()) {
      this->cancel();
      return;
    }
    if (std::exception_ptr error = inner.failure()) {
      this->fail(std::move(error));
      return;
    }
    try {
      if constexpr (std::is_void_v<T>) this->set_result();
      else if constexpr (kMove) this->set_result(std::move(future_value<T>(inner)));
      else this->set_result(future_value<T>(inner));
    } catch (...) {
      this->fail(std::current_exception());
    }
  }
};

/// `co_await shield(task)`: the value of a Coro, Task or Future, protected from the awaiting task's cancellation. What is
/// done already is returned as it is. Needs a running loop for a Coro. A lvalue's value is copied, an rvalue's moved.
template <class A>
  requires(AnyCoro<A> || AnyFuture<A>)
decltype(auto) shield(A&& awaitable) {  // auto would drop a const
  using T = value_type_of<A>;
  constexpr bool kMove = !std::is_lvalue_reference_v<A>;
  static_assert(kMove || std::is_void_v<T> || std::is_copy_constructible_v<T>,
                "its value cannot be copied: pass the handle with std::move");
  FutureRef<FutureBase> inner;
  if constexpr (AnyCoro<A>) inner = ensure_future(get_running_loop(), std::forward<A>(awaitable)).state();
  else inner = awaitable.state();
  // What is done already may be shared with the caller's handle, whose value `co_await shield(task)` must not move out:
  // awaiting a const handle copies.
  using Result = std::conditional_t<kMove, Future<T>, const Future<T>>;
  if (inner->done()) return Result(std::move(inner));
  return Result(FutureRef<FutureBase>::adopt(new ShieldState<T, kMove>(*inner)));
}

}  // namespace v0
}  // namespace corolla
