// SPDX-License-Identifier: Apache-2.0
/// \file
/// StreamState::Deadline: until when the waits of a stream may last, and the timer that ends them.
///
/// The timer is moved only to an earlier time: moving the deadline later, the usual case, touches nothing. When it fires
/// early for a deadline that has since moved, it is armed again for the time it has become. It holds the stream from
/// arming until it was disarmed or ran.
#pragma once

#include <corolla/net/stream_state.hpp>
#include <corolla/runtime/memory.hpp>

#include <optional>

namespace corolla {
inline namespace v0 {

class StreamState::Deadline final : public Schedulable, public FromBlockCache {
 public:
  explicit Deadline(StreamState& stream) noexcept : stream_(stream) {}

  void set(std::optional<time_point> until) noexcept { until_ = until; }
  /// Sees that the timer fires when the deadline is reached, if there is one. The loop's errors.
  void arm();
  void disarm() noexcept;
  /// Precondition: the loop lives.
  [[nodiscard]] bool passed() const noexcept;

  void run() noexcept override;
  void drop() noexcept override { let_go(); }

 private:
  void let_go() noexcept;

  StreamState& stream_;
  std::optional<time_point> until_;
  time_point armed_for_;
  bool holds_ = false;  // the timer is armed or ready to run
};

}  // namespace v0
}  // namespace corolla
