// SPDX-License-Identifier: Apache-2.0
/// \file
/// A loop's source of time, replaceable for tests (see corolla/testkit/virtual_clock.hpp).
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <optional>

namespace corolla {
inline namespace v0 {

/// Not thread safe; used by one loop at a time.
class COROLLA_API Clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock();

  [[nodiscard]] virtual time_point now() const noexcept = 0;
  /// Asked when nothing is ready and no operation is in flight. `next` is the first deadline, if there is a timer.
  /// True: time moved or something was scheduled, so the loop looks again. False: the loop waits for the kernel.
  virtual bool idle(std::optional<time_point> next) = 0;
};

}  // namespace v0
}  // namespace corolla
