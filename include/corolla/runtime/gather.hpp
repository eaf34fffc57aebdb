// SPDX-License-Identifier: Apache-2.0
/// \file
/// gather: runs awaitables concurrently and collects their values.
///
/// Source: asyncio's gather; the rules are in gather_children.hpp. Coros become tasks in the order of the arguments, at
/// the call. The result is a Future: await it, keep it, cancel it (that cancels the children). Use a TaskGroup where a
/// failure should cancel the others. void stands as std::monostate among the values. ValueError for futures of different
/// loops; futures alone need no running loop.
#pragma once

#include <corolla/runtime/future.hpp>
#include <corolla/runtime/gather_children.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/task.hpp>

#include <cstddef>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// First argument of a gather that takes errors and cancellations of children as values, Outcome<T>.
struct ReturnExceptions {
  explicit ReturnExceptions() = default;
};
inline constexpr ReturnExceptions return_exceptions{};

/// The value a child contributes: T or, with kSettled, an Outcome<T>. Moved out when the gather made the task itself.
template <class T, bool kSettled, bool kMove>
auto gathered_value(FutureBase& child) {
  if constexpr (kSettled) {
    if (std::exception_ptr error = child.failure()) return Outcome<T>(std::move(error));
    if constexpr (std::is_void_v<T>) return Outcome<T>(std::monostate{});
    else if constexpr (kMove) return Outcome<T>(std::move(future_value<T>(child)));
    else return Outcome<T>(future_value<T>(child));
  } else if constexpr (std::is_void_v<T>) {
    return std::monostate{};
  } else if constexpr (kMove) {
    return T(std::move(future_value<T>(child)));
  } else {
    return T(future_value<T>(child));
  }
}

/// The future of a gather, whose result is a Values.
template <class Values>
class GatherState : public FutureState<Values>, protected GatherChildren {
 public:
  [[nodiscard]] GatherChildren* gather_children() noexcept final { return this; }

 protected:
  GatherState(LoopCore& core, bool settled)
      : FutureState<Values>(core, FutureBase::Kind::kGather), GatherChildren(settled) {}
  FutureBase& outer() noexcept final { return *this; }
  void fail_outer(std::exception_ptr error) noexcept final { this->fail(std::move(error)); }
};

template <class Values, bool kSettled, class... Args>
class TupleGather final : public GatherState<Values> {
 public:
  TupleGather(EventLoop& loop, Args&&... args) : GatherState<Values>(loop.core(), kSettled) {
    this->reserve(sizeof...(Args));
    (this->add(ensure_future(loop, std::forward<Args>(args)).state()), ...);
    this->subscribe();
  }

 private:
  void collect() override { collect(std::index_sequence_for<Args...>()); }
  template <std::size_t... kIndex>
  void collect(std::index_sequence<kIndex...>) {
    this->set_result(Values(gathered_value<value_type_of<Args>, kSettled, AnyCoro<Args>>(this->at(kIndex))...));
  }
};

template <class Values, bool kSettled, class Range>
class RangeGather final : public GatherState<Values> {
  using Item = std::ranges::range_value_t<Range>;

 public:
  RangeGather(EventLoop& loop, Range& range) : GatherState<Values>(loop.core(), kSettled) {
    if constexpr (std::ranges::sized_range<Range>) this->reserve(std::ranges::size(range));
    for (auto&& item : range) {
      if constexpr (AnyCoro<Item>) this->add(ensure_future(loop, std::move(item)).state());
      else {
        require_same_loop(loop, *item.state());
        this->add(item.state());
      }
    }
    this->subscribe();
  }

 private:
  void collect() override {
    Values values;
    values.reserve(this->size());
    for (std::size_t i = 0; i < this->size(); ++i)
      values.push_back(gathered_value<value_type_of<Item>, kSettled, AnyCoro<Item>>(this->at(i)));
    this->set_result(std::move(values));
  }
};

template <class A>
concept Gatherable = AnyCoro<A> || AnyFuture<A>;
template <class A>
concept GatherableOrPlain = Gatherable<A> || PlainAwaitable<A>;

/// A gather belongs to the loop of its first argument when that is a Future or Task, else to the running one.
inline EventLoop& gather_loop() { return get_running_loop(); }
template <class First, class... Rest>
EventLoop& gather_loop(const First& first, const Rest&... /*rest*/) {
  if constexpr (AnyFuture<First>) return first.get_loop();
  else return get_running_loop();
}
template <class Range>
EventLoop& gather_loop_of_range(Range& range) {
  if constexpr (std::ranges::forward_range<Range> && AnyFuture<std::ranges::range_value_t<Range>>) {
    const auto first = std::ranges::begin(range);
    if (first != std::ranges::end(range)) return (*first).get_loop();
  }
  return get_running_loop();
}

/// gather(a(), task, future): a Future of the tuple of their values, in the order of the arguments.
template <class... Args>
  requires(Gatherable<Args> && ...)
auto gather(Args&&... args) {
  using Values = std::tuple<NonVoid<value_type_of<Args>>...>;
  return Future<Values>(FutureRef<FutureBase>::adopt(
      new TupleGather<Values, false, Args...>(gather_loop(args...), std::forward<Args>(args)...)));
}

/// gather(return_exceptions, …): a Future of the tuple of their Outcomes.
template <class... Args>
  requires(Gatherable<Args> && ...)
auto gather(ReturnExceptions /*tag*/, Args&&... args) {
  using Values = std::tuple<Outcome<value_type_of<Args>>...>;
  return Future<Values>(FutureRef<FutureBase>::adopt(
      new TupleGather<Values, true, Args...>(gather_loop(args...), std::forward<Args>(args)...)));
}

/// gather(range): of Coros (consumed), Tasks or Futures, all of one type; a Future of the vector of their values.
template <std::ranges::input_range Range>
  requires Gatherable<std::ranges::range_value_t<Range>>
auto gather(Range&& range) {
  using Values = std::vector<NonVoid<value_type_of<std::ranges::range_value_t<Range>>>>;
  return Future<Values>(FutureRef<FutureBase>::adopt(
      new RangeGather<Values, false, std::remove_reference_t<Range>>(gather_loop_of_range(range), range)));
}
template <std::ranges::input_range Range>
  requires Gatherable<std::ranges::range_value_t<Range>>
auto gather(ReturnExceptions /*tag*/, Range&& range) {
  using Values = std::vector<Outcome<value_type_of<std::ranges::range_value_t<Range>>>>;
  return Future<Values>(FutureRef<FutureBase>::adopt(
      new RangeGather<Values, true, std::remove_reference_t<Range>>(gather_loop_of_range(range), range)));
}

/// As above when some are what sleep(), queue.get() and their like return.
template <class... Args>
  requires((GatherableOrPlain<Args> && ...) && (PlainAwaitable<Args> || ...))
auto gather(Args&&... args) {
  return gather(coro_or_future(std::forward<Args>(args))...);
}
template <class... Args>
  requires((GatherableOrPlain<Args> && ...) && (PlainAwaitable<Args> || ...))
auto gather(ReturnExceptions tag, Args&&... args) {
  return gather(tag, coro_or_future(std::forward<Args>(args))...);
}

}  // namespace v0
}  // namespace corolla
