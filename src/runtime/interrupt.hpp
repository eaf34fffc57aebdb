// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ctrl-C for the time a Runner runs a task.
#pragma once

#include <corolla/runtime/thread_door.hpp>

#include <memory>

namespace corolla {
inline namespace v0 {

/// While it lives, the first SIGINT is counted and wakes the loop; the second has its default action. Does nothing
/// outside of the main thread, or when SIGINT's action is not the default one, or when another one lives.
class InterruptScope {
 public:
  explicit InterruptScope(const std::shared_ptr<ThreadDoor>& door);
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  ~InterruptScope();

  /// True once a SIGINT came.
  [[nodiscard]] bool interrupted() const noexcept;

 private:
  std::shared_ptr<ThreadDoor> door_;  // null when it does nothing
};

}  // namespace v0
}  // namespace corolla
