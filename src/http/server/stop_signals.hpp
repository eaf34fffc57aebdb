// SPDX-License-Identifier: Apache-2.0
/// \file
/// StopSignals: signals that end what a task does, as a cancellation of it.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/task.hpp>

#include <vector>

namespace corolla::inline v0::http {

/// While it lives, each of `signals` cancels the task that made it: the first one so that it ends in order, the second one so that it does
/// not wait any longer. Further ones do what they did before. Those that are ignored (nohup, a shell's background job) stay so.
class StopSignals {
 public:
  /// OSError without descriptors. Replaces callbacks of add_signal_handler.
  explicit StopSignals(const std::vector<int>& signals);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  /// Withdraws the cancellations that came by signals.
  ~StopSignals();

  /// As the destructor; true when there were some, and nobody else wants the task cancelled.
  bool take() noexcept;

 private:
  void signalled();
  void restore() noexcept;

  TaskBase& task_;
  EventLoop& loop_;
  std::vector<int> signals_;
  int taken_ = 0;
};

/// Runs `work` to its end; being cancelled by a signal is an end like any other.
[[nodiscard]] Coro<void> until_signal(std::vector<int> signals, Coro<void> work);

}  // namespace corolla::inline v0::http
