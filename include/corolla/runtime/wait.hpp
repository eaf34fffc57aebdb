// SPDX-License-Identifier: Apache-2.0
/// \file
/// wait: until one, or all, of several futures are done.
///
/// Source: asyncio's wait. It never throws what a future failed with, never throws TimeoutError and never cancels
/// anything: it says which are done and which are not. A cancelled future is done; kFirstException does not count it as
/// an exception. Cancelling the task that waits leaves the futures alone. A future given twice counts once.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>

#include <cstdint>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// When wait() returns, unless its time is over before.
enum class ReturnWhen : std::uint8_t { kAllCompleted, kFirstCompleted, kFirstException };

/// `auto [done, pending] = co_await wait(tasks)`, each in the order in which they were given. F is a Task or a Future.
template <class F>
struct WaitResult {
  WaitResult() = default;
  std::vector<F> done;
  std::vector<F> pending;
};

/// The part of wait() that does not depend on types; gives the futures once each. ValueError when there are none.
COROLLA_API Coro<std::vector<FutureRef<FutureBase>>> wait_for_completion(std::vector<FutureRef<FutureBase>> futures,
                                                                         ReturnWhen when,
                                                                         std::optional<EventLoop::duration> timeout);

/// The coroutine behind wait().
template <class F>
Coro<WaitResult<F>> run_wait(std::vector<FutureRef<FutureBase>> futures, ReturnWhen when,
                             std::optional<EventLoop::duration> timeout) {
  auto states = co_await wait_for_completion(std::move(futures), when, timeout);
  WaitResult<F> result;
  for (auto& state : states) {
    const bool done = state->done();
    (done ? result.done : result.pending).emplace_back(std::move(state));
  }
  co_return std::move(result);
}

/// Waits for a range of Tasks or Futures of one type, for at most `timeout`. ValueError when it is empty.
template <std::ranges::input_range Range>
  requires AnyFuture<std::ranges::range_value_t<Range>>
auto wait(Range&& range, ReturnWhen when = ReturnWhen::kAllCompleted,
          std::optional<EventLoop::duration> timeout = std::nullopt) {
  std::vector<FutureRef<FutureBase>> futures;
  for (const auto& future : range) futures.push_back(future.state());
  return run_wait<std::ranges::range_value_t<Range>>(std::move(futures), when, timeout);
}
template <std::ranges::input_range Range>
  requires AnyFuture<std::ranges::range_value_t<Range>>
auto wait(Range&& range, EventLoop::duration timeout) {
  return wait(std::forward<Range>(range), ReturnWhen::kAllCompleted, timeout);
}

}  // namespace v0
}  // namespace corolla
