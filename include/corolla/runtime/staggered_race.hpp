// SPDX-License-Identifier: Apache-2.0
/// \file
/// staggered_race: tries one thing after the other, each given a head start, and takes the first success.
///
/// Source: asyncio.staggered as of 3.14, what happy eyeballs (RFC 8305) stand on. The first function is called at once,
/// the next one when the last fails or `delay` after it was started. The first to return a value wins; the others are
/// cancelled and waited for. A function that succeeds all the same after it lost has no effect. Cancelling the task
/// cancels all that run, and CancelledError goes on once they ended. Nothing outlives the call.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// How a race ended.
template <class T>
struct StaggeredResult {
  StaggeredResult() noexcept {}
  std::optional<NonVoid<T>> value;             ///< the winner's; empty when nobody won
  std::optional<std::size_t> winner;           ///< its index
  std::vector<std::exception_ptr> exceptions;  ///< one for each that was started; null for the winner
};

/// The part of a race that does not depend on types: who is started when, and who is cancelled.
///
/// Each function has a task. That task waits for its turn, then makes the task of the next function, then runs its own.
class COROLLA_API StaggeredRace {
 public:
  StaggeredRace(const StaggeredRace&) = delete;
  StaggeredRace& operator=(const StaggeredRace&) = delete;

 protected:
  /// `count` functions; without a delay each waits for the failure of the one before it.
  StaggeredRace(std::size_t count, std::optional<EventLoop::duration> delay);
  virtual ~StaggeredRace();
  /// Calls function `index`, and keeps its value when nobody has won yet.
  virtual Coro<void> attempt(std::size_t index) = 0;
  /// Runs the race to its end.
  Coro<void> run();
  [[nodiscard]] bool won() const noexcept { return winner_.has_value(); }

  std::optional<std::size_t> winner_;
  std::vector<std::exception_ptr> exceptions_;

 private:
  void start(Future<> previous_failed);
  Coro<void> runner(Future<> entered, Future<> previous_failed);
  void runner_done(const Future<>& task);
  void cancel_others(const FutureBase* winner, const std::string& message);

  EventLoop& loop_;
  std::optional<EventLoop::duration> delay_;
  std::size_t count_;
  std::size_t started_ = 0;
  std::vector<Task<>> running_;
  std::vector<std::exception_ptr> unhandled_;
  Future<> all_done_;  // valid while run() waits
};

/// A race between functions of one type.
template <class T, class F>
class StaggeredRaceOf final : public StaggeredRace {
 public:
  StaggeredRaceOf(std::vector<F>& functions, std::optional<EventLoop::duration> delay)
      : StaggeredRace(functions.size(), delay), functions_(functions) {}
  using StaggeredRace::run;
  StaggeredResult<T> take() {
    result_.winner = winner_;
    result_.exceptions = std::move(exceptions_);
    return std::move(result_);
  }

 private:
  Coro<void> attempt(std::size_t index) override {
    Coro<T> coro = std::invoke(functions_[index]);
    if constexpr (std::is_void_v<T>) {
      co_await std::move(coro);
      if (!won()) result_.value.emplace();
    } else {
      T value = co_await std::move(coro);
      if (!won()) result_.value.emplace(std::move(value));
    }
  }

  std::vector<F>& functions_;
  StaggeredResult<T> result_;
};

/// `auto [value, winner, exceptions] = co_await staggered_race(std::move(functions), 250ms)`. A function takes nothing and
/// returns a Coro; all are kept until the race is over. nullopt: no delay, one after the other.
template <class F>
  requires CoroutineFunction<F>
auto staggered_race(std::vector<F> functions, std::optional<EventLoop::duration> delay)
    -> Coro<StaggeredResult<value_type_of<std::invoke_result_t<F&>>>> {
  using T = value_type_of<std::invoke_result_t<F&>>;
  StaggeredRaceOf<T, F> race(functions, delay);
  auto whole = race.run();
  co_await std::move(whole);
  co_return race.take();
}

}  // namespace v0
}  // namespace corolla
