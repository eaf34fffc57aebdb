// SPDX-License-Identifier: Apache-2.0
#include "http/server/stop_signals.hpp"

#include <corolla/net/signals.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <csignal>
#include <utility>

namespace corolla::inline v0::http {

namespace {

bool is_ignored(int signal) noexcept {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

StopSignals::StopSignals(const std::vector<int>& signals) : task_(current_task().base()), loop_(get_running_loop()) {
  try {
    for (const int signal : signals) {
      if (is_ignored(signal)) continue;
      add_signal_handler(signal, [this] { signalled(); });
      signals_.push_back(signal);
    }
  } catch (...) {
    restore();
    throw;
  }
}

StopSignals::~StopSignals() {
  static_cast<void>(take());
  restore();
}

void StopSignals::signalled() {
  task_.cancel();
  if (++taken_ == 2) restore();
}

bool StopSignals::take() noexcept {
  if (taken_ == 0) return false;
  unsigned left = 0;
  for (; taken_ > 0; --taken_) left = task_.uncancel();
  return left == 0;
}

void StopSignals::restore() noexcept {
  const std::vector<int> signals = std::exchange(signals_, {});
  if (running_loop_or_null() != &loop_) return;  // with a loop that is closed its handlers have gone
  for (const int signal : signals) remove_signal_handler(signal);
}

Coro<void> until_signal(std::vector<int> signals, Coro<void> work) {
  StopSignals stop(signals);
  try {
    co_await std::move(work);
  } catch (const CancelledError&) {
    if (!stop.take()) throw;
  }
}

}  // namespace corolla::inline v0::http
