// SPDX-License-Identifier: Apache-2.0
#include "corolla/phase_times.hpp"

namespace corolla::app {

void PhaseTimes::enter(Phase phase) {
  const auto now = std::chrono::steady_clock::now();
  if (phase_ != Phase::kOther) spent_.at(static_cast<std::size_t>(phase_)) += now - since_;
  phase_ = phase;
  since_ = now;
}

std::shared_ptr<const http::TraceConfig> PhaseTimes::hooks() {
  auto config = std::make_shared<http::TraceConfig>();
  const auto entering = [this](Phase phase) { return [this, phase](auto&, const auto&) { enter(phase); }; };
  config->on_connection_queued_start = entering(Phase::kQueued);
  config->on_connection_queued_end = entering(Phase::kOther);
  config->on_connection_create_start = entering(Phase::kConnect);
  config->on_dns_resolvehost_start = entering(Phase::kDns);
  config->on_dns_resolvehost_end = entering(Phase::kConnect);
  config->on_tls_start = entering(Phase::kTls);
  config->on_tls_end = entering(Phase::kConnect);
  config->on_connection_create_end = entering(Phase::kOther);
  config->on_request_exception = entering(Phase::kOther);
  return config;
}

}  // namespace corolla::app
