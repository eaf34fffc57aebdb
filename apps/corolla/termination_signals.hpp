// SPDX-License-Identifier: Apache-2.0
/// \file
/// SIGTERM and SIGHUP, as events of the loop.
#pragma once

#include <functional>

namespace corolla::app {

/// While it lives, the first SIGTERM or SIGHUP calls a function in the loop instead of ending the process; a second one
/// ends it, as it always did. Works whatever SIGINT does: a shell has its background jobs ignore that. A signal that
/// was ignored before stays so. Needs the running loop, and no other threads but those that are started later.
class TerminationSignals {
 public:
  /// OSError.
  explicit TerminationSignals(std::function<void()> first);
  TerminationSignals(const TerminationSignals&) = delete;
  TerminationSignals& operator=(const TerminationSignals&) = delete;
  ~TerminationSignals();

 private:
  void restore() noexcept;

  int descriptor_ = -1;
};

}  // namespace corolla::app
