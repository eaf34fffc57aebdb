// SPDX-License-Identifier: Apache-2.0
/// \file
/// run_sharded: many cores, a loop in a thread for each, and calls between them.
///
///     Coro<void> serve(Shard& shard) {
///       auto hits = co_await shard.submit_to(0, count_hit);      // runs there, its result comes back here
///       ...
///     }
///     int main() { run_sharded(0, serve); }
///
/// Nothing is shared: a task, a future, a stream belongs to the loop it was made in. What one shard wants of another it
/// sends there with submit_to. When every main coroutine has ended, run_sharded returns. The first to fail, or Ctrl-C,
/// cancels all others once; they are joined in either case. A shard whose main coroutine has ended serves the calls of the
/// others until all have. Source: run() for each loop; Seastar's sharding and its smp::submit_to.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/task_group.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

class ShardGroup;

/// How to run shards.
struct ShardOptions {
  ShardOptions() {}
  /// Of every loop. A clock would have to be thread safe.
  EventLoopOptions loop;
  /// Each thread stays on a core of its own, as far as the process may use that many.
  bool pin_threads = false;
};

/// What fn(args...) gives, awaited if it is a coroutine.
template <class R>
struct ShardResult {
  using type = R;
};
template <AnyCoro R>
struct ShardResult<R> {
  using type = value_type_of<R>;
};
template <class F, class... Args>
using shard_result = typename ShardResult<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&&...>>::type;

/// One loop of those that run_sharded started. submit_to and invoke_on_all are for tasks of this shard.
class COROLLA_API Shard {
 public:
  Shard(ShardGroup& group, std::size_t id) noexcept : group_(group), id_(id) {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// 0 … count() - 1; 0 is the thread that called run_sharded.
  [[nodiscard]] std::size_t id() const noexcept { return id_; }
  [[nodiscard]] std::size_t count() const noexcept;

  /// Runs fn(args...), a function or a coroutine function, in shard `id`: its value, or its error, comes back. Function and
  /// arguments are moved there, and their values live until it is done. As with a coroutine that is awaited here, a
  /// cancellation goes to it, and whatever it makes of that is waited for. In this shard itself it runs at once.
  /// ValueError for no shard; RuntimeError when that shard has ended.
  template <class F, class... Args>
  [[nodiscard]] Coro<shard_result<F, Args...>> submit_to(std::size_t id, F&& function, Args&&... args);

  /// As submit_to on every shard at a time, this one included, with copies. Ends as a task_group does: when all are done, with
  /// an ExceptionGroup if one failed, which cancels the others.
  template <class F, class... Args>
  [[nodiscard]] Coro<void> invoke_on_all(F&& function, Args&&... args);

 private:
  template <class T, class F, class... Args>
  static Coro<T> submit(Shard& shard, std::size_t id, F function, Args... args);
  template <class F, class... Args>
  static Coro<void> submit_to_all(Shard& shard, F function, Args... args);
  /// The way into that shard; null for this one.
  [[nodiscard]] std::shared_ptr<ThreadDoor> door_to(std::size_t id) const;

  ShardGroup& group_;
  std::size_t id_;
};

/// The shard of this thread; RuntimeError outside of run_sharded.
[[nodiscard]] COROLLA_API Shard& this_shard();

/// A call from one shard to another, shared by both.
///
/// It is sent to the other loop, where it becomes a task; what that ends with is kept here and the way back taken, so the
/// two never touch it at one time. Its caller waits until it is back, whatever happens: cancellations are passed on to the
/// task. A call that the other loop drops because it ends comes back as cancelled.
class COROLLA_API ShardCall : public std::enable_shared_from_this<ShardCall> {
 public:
  virtual ~ShardCall();
  ShardCall(const ShardCall&) = delete;
  ShardCall& operator=(const ShardCall&) = delete;
  /// In the caller's loop: sends it and returns once it is back. RuntimeError when the other loop is closed.
  static Coro<void> send(std::shared_ptr<ShardCall> call, std::shared_ptr<ThreadDoor> there);

 protected:
  ShardCall() = default;
  /// In the other loop: makes the task, which keeps the function's result here.
  virtual Future<> start() = 0;
  /// There: what is to be the result unless there is one.
  virtual void keep_error(std::exception_ptr error) = 0;

 private:
  class Answer;
  class Waiting;
  void begin() noexcept;
  void came_back() noexcept;

  std::shared_ptr<ThreadDoor> home_;
  std::size_t ticket_ = 0;      // home: what tells the loop that it is waited for from outside
  Future<> back_;               // home: while the caller waits
  bool is_back_ = false;        // home
  FutureBase* task_ = nullptr;  // there
};

/// See ShardCall.
template <class T, class F, class... Args>
class ShardCallOf final : public ShardCall {
 public:
  explicit ShardCallOf(F&& function, Args&&... args) : call_(std::in_place, std::move(function), std::move(args)...) {}
  /// Once it is back.
  [[nodiscard]] Outcome<T>& result() { return *result_; }

  static Coro<T> run(F function, Args... args) {
    using R = std::invoke_result_t<F&, Args&&...>;
    if constexpr (AnyCoro<R>) {
      auto coro = std::invoke(function, std::move(args)...);
      co_return co_await std::move(coro);
    } else {
      co_return std::invoke(function, std::move(args)...);
    }
  }

 private:
  Future<> start() override {
    auto coro = attempt(std::static_pointer_cast<ShardCallOf>(shared_from_this()));
    return Future<>(get_running_loop().create_task(std::move(coro)).state());
  }
  // The task never has the error: its last holder is the caller, in whose thread it dies.
  static Coro<void> attempt(std::shared_ptr<ShardCallOf> self) {
    auto coro = std::apply([](auto&... parts) { return run(std::move(parts)...); }, *self->call_);
    self->call_.reset();
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(coro);
        self->result_.emplace(std::monostate{});
      } else {
        self->result_.emplace(co_await std::move(coro));
      }
    } catch (const CancelledError&) {
      throw;
    } catch (...) {
      self->result_.emplace(std::current_exception());
    }
  }
  void keep_error(std::exception_ptr error) override {
    if (!result_) result_.emplace(std::move(error));
  }

  std::optional<std::tuple<F, Args...>> call_;
  std::optional<Outcome<T>> result_;
};

template <class F, class... Args>
Coro<shard_result<F, Args...>> Shard::submit_to(std::size_t id, F&& function, Args&&... args) {
  using T = shard_result<F, Args...>;
  return submit<T, std::decay_t<F>, std::decay_t<Args>...>(*this, id, std::forward<F>(function),
                                                           std::forward<Args>(args)...);
}

template <class T, class F, class... Args>
Coro<T> Shard::submit(Shard& shard, std::size_t id, F function, Args... args) {
  using Call = ShardCallOf<T, F, Args...>;
  std::shared_ptr<ThreadDoor> there = shard.door_to(id);
  if (!there) {
    auto here = Call::run(std::move(function), std::move(args)...);
    co_return co_await std::move(here);
  }
  const auto call = std::make_shared<Call>(std::move(function), std::move(args)...);
  auto sending = ShardCall::send(call, std::move(there));
  co_await std::move(sending);
  if constexpr (std::is_void_v<T>) static_cast<void>(call->result().value());
  else co_return std::move(call->result()).value();
}

template <class F, class... Args>
Coro<void> Shard::invoke_on_all(F&& function, Args&&... args) {
  return submit_to_all<std::decay_t<F>, std::decay_t<Args>...>(*this, std::forward<F>(function),
                                                               std::forward<Args>(args)...);
}

template <class F, class... Args>
Coro<void> Shard::submit_to_all(Shard& shard, F function, Args... args) {
  using T = shard_result<F, Args...>;
  auto body = [&](TaskGroup& group) -> Coro<void> {
    for (std::size_t id = 0; id < shard.count(); ++id)
      group.create_task(submit<T, F, Args...>(shard, id, F(function), Args(args)...));
    co_return;
  };
  auto joining = task_group(body);
  co_await std::move(joining);
}

/// What run_sharded does, whatever the type of `main`.
COROLLA_API void run_shards(std::size_t count, std::function<Coro<void>(Shard&)> main, const ShardOptions& options);

/// Runs main(shard), a coroutine function, in `count` loops, each in a thread, the first in the caller's; 0: as many as there
/// are processors. `main` is called in each thread, by reference. Returns when all have ended; throws the error of the one
/// that failed, an ExceptionGroup of several in the order of the shards, KeyboardInterrupt after Ctrl-C (which a caller in
/// the main thread hears), CancelledError when a main coroutine ended with that by itself. RuntimeError in a running loop;
/// OSError and std::system_error when a loop or a thread cannot be made.
template <class Main>
  requires std::is_invocable_r_v<Coro<void>, Main&, Shard&>
void run_sharded(std::size_t count, Main main, const ShardOptions& options = ShardOptions()) {
  run_shards(count, std::function<Coro<void>(Shard&)>(std::ref(main)), options);
}

}  // namespace v0
}  // namespace corolla
