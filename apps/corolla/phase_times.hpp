// SPDX-License-Identifier: Apache-2.0
/// \file
/// PhaseTimes: what a request spent its time on before it was sent, as a session's hooks tell it.
#pragma once

#include <corolla/http/tracing.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace corolla::app {

/// Of one request after another; the times of all its hops and attempts are added up.
class PhaseTimes {
 public:
  enum class Phase : std::uint8_t { kQueued, kDns, kConnect, kTls, kOther };

  /// The hooks, to be one of SessionOptions::trace_configs. This outlives them.
  [[nodiscard]] std::shared_ptr<const http::TraceConfig> hooks();
  /// A connection's time is without look-ups and TLS, and with what a proxy takes.
  [[nodiscard]] std::chrono::nanoseconds of(Phase phase) const { return spent_.at(static_cast<std::size_t>(phase)); }

 private:
  void enter(Phase phase);

  std::array<std::chrono::nanoseconds, 5> spent_{};
  Phase phase_ = Phase::kOther;
  std::chrono::steady_clock::time_point since_;
};

}  // namespace corolla::app
