// SPDX-License-Identifier: Apache-2.0
#include "http/client/request_trace.hpp"

#include "http/client/response_state.hpp"

namespace corolla::inline v0::http {

namespace {

class TracedBody final : public BodyWatcher {
 public:
  explicit TracedBody(std::shared_ptr<RequestTrace> trace) noexcept : trace_(std::move(trace)) {}
  void arrived(std::string_view piece) override { trace_->tell_received(piece); }
  void ended() override {}

 private:
  std::shared_ptr<RequestTrace> trace_;
};

}  // namespace

RequestTrace::RequestTrace(const SessionOptions& options, const RequestData& request)
    : method_(request.method), url_(request.url), headers_(request.headers) {
  for (const auto& config : options.trace_configs) {
    TraceContext context;
    if (request.extras) context.request = request.extras->trace_context;
    watchers_.emplace_back(config, std::move(context));
  }
}

void RequestTrace::begin_hop(const RequestData& request, Headers fields) {
  method_ = request.method;
  url_ = request.url;
  headers_ = std::move(fields);
}

std::unique_ptr<BodyWatcher> trace_body(std::shared_ptr<RequestTrace> trace) {
  return std::make_unique<TracedBody>(std::move(trace));
}

}  // namespace corolla::inline v0::http
