// SPDX-License-Identifier: Apache-2.0
/// \file
/// VirtualClock: time that moves only when a loop has nothing else to do.
///
/// Source: Trio's autojump clock. Given to a loop by EventLoopOptions::clock it starts at zero and stands still while
/// anything is ready to run; when nothing is, it jumps to the first deadline. So a test sleeps for hours in no time, and
/// always in the same order. Work that comes from outside (I/O in flight, an executor's job) is waited for in real time
/// first. One clock may serve one loop at a time; not thread safe.
#pragma once

#include <corolla/runtime/clock.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace corolla {
inline namespace v0 {
namespace testkit {

/// See the file's comment.
class COROLLA_API VirtualClock final : public Clock {
 public:
  /// Asked when nothing is ready and no timer is armed; true when it scheduled something or stopped the loop. What it
  /// throws comes out of the loop's run.
  using IdleHook = std::function<bool()>;

  VirtualClock() = default;
  ~VirtualClock() override;

  [[nodiscard]] time_point now() const noexcept override { return now_; }
  /// The time since the start.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return now_.time_since_epoch(); }
  /// Moves the clock by hand, inside or outside a run; what is due runs in the loop's next iteration.
  /// ValueError for a negative `by`: time does not go back.
  void advance(std::chrono::nanoseconds by);
  /// Without a hook such a loop waits for another thread, as any loop does.
  void on_idle(IdleHook hook) { hook_ = std::move(hook); }

  bool idle(std::optional<time_point> next) override;

 private:
  time_point now_{};
  IdleHook hook_;
};

}  // namespace testkit
}  // namespace v0
}  // namespace corolla
