// SPDX-License-Identifier: Apache-2.0
/// \file
/// add_signal_handler, remove_signal_handler and SignalSet: signals of the process as callbacks and awaitables.
///
///     SignalSet signals({SIGTERM, SIGHUP});
///     int got = co_await signals.next();
///
/// Source: asyncio's loop.add_signal_handler and remove_signal_handler. A signal goes to the process, whichever thread it
/// interrupts, and from there to every loop that asked for it, in any thread; asyncio serves the main thread alone. The
/// callback runs in the loop, where it may do anything. While somebody asks for a signal its action is ours, with
/// SA_RESTART; with the last one the action that was found is put back. So an own SIGINT handler replaces the Ctrl-C of
/// run() while it is installed. A closed loop asks for nothing any more. A forked child that did not exec takes a signal
/// by its default action.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <vector>

namespace corolla {
inline namespace v0 {

/// Calls `callback` in the running loop once for each `signal` that comes; replaces an earlier callback of this loop. It
/// runs in a copy of the present context; what it throws goes to the loop's exception handler. ValueError for a number
/// that is no signal; RuntimeError for those that cannot be caught (SIGKILL, SIGSTOP) or are the faults of an instruction
/// (SIGSEGV, SIGBUS, SIGFPE, SIGILL), and without a running loop; OSError without descriptors.
COROLLA_API void add_signal_handler(int signal, std::function<void()> callback);
/// A coroutine function does not compile: its body would never run.
template <class F>
  requires returns_coro<std::invoke_result_t<F&>>
void add_signal_handler(int /*signal*/, F&& /*callback*/) {
  require_no_coroutine<F>();
}
/// False when the running loop has no such callback. It is not called any more, not even for a signal that came before.
/// ValueError for a number that is no signal.
COROLLA_API bool remove_signal_handler(int signal);

class SignalSetState;

/// Signals that are awaited, for the time it lives; beside other sets and the callbacks above. Belongs to the loop in which
/// it was made. Movable, not thread safe.
class COROLLA_API SignalSet {
 public:
  /// What may wait to be taken by next(); beyond that signals are dropped, as the kernel drops those it merges.
  static constexpr std::size_t kMaxPending = 1024;

  /// The errors are those of add_signal_handler.
  SignalSet(std::initializer_list<int> signals);
  explicit SignalSet(const std::vector<int>& signals);
  SignalSet(SignalSet&&) noexcept = default;
  SignalSet& operator=(SignalSet&&) noexcept = default;
  ~SignalSet() = default;

  /// `co_await signals.next()`: the next signal, in the order in which they came. Cancelled, it leaves the signal to the
  /// next call. RuntimeError while another task waits.
  [[nodiscard]] Coro<int> next();

 private:
  std::shared_ptr<SignalSetState> state_;
};

}  // namespace v0
}  // namespace corolla
