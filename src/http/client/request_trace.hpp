// SPDX-License-Identifier: Apache-2.0
/// \file
/// RequestTrace: who watches a request. There is none for requests that nobody watches: one test of a pointer.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/tracing.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

class BodyWatcher;

/// Shared by the request, its upload and its response.
class RequestTrace {
 public:
  RequestTrace(const SessionOptions& options, const RequestData& request);

  /// What is sent now: the first hop, a redirect's, an attempt.
  void begin_hop(const RequestData& request, Headers fields);

  template <class Params>
  void tell(TraceHook<Params> TraceConfig::* hook, const Params& params) noexcept {
    for (auto& [config, context] : watchers_) {
      if (!((*config).*hook)) continue;
      try {
        ((*config).*hook)(context, params);
      } catch (...) {
        get_running_loop().call_exception_handler(ErrorContext("Exception in a trace hook", std::current_exception()));
      }
    }
  }
  void tell_start(Headers& fields) noexcept {
    tell(&TraceConfig::on_request_start, TraceRequestStartParams{method_, url_, fields});
  }
  void tell_end(const Response& response) noexcept {
    tell(&TraceConfig::on_request_end, TraceRequestEndParams{method_, response.url(), headers_, response});
  }
  void tell_exception(const std::exception_ptr& exception) noexcept {
    tell(&TraceConfig::on_request_exception, TraceRequestExceptionParams{method_, url_, headers_, exception});
  }
  void tell_headers_sent() noexcept {
    tell(&TraceConfig::on_request_headers_sent, TraceRequestHeadersSentParams{method_, url_, headers_});
  }
  void tell_redirect(int status, const Headers& fields, const Url& location) noexcept {
    tell(&TraceConfig::on_request_redirect,
         TraceRequestRedirectParams{method_, url_, headers_, status, fields, location});
  }
  void tell_sent(std::string_view chunk) noexcept {
    tell(&TraceConfig::on_request_chunk_sent, TraceChunkParams{method_, url_, chunk});
  }
  void tell_received(std::string_view chunk) noexcept {
    tell(&TraceConfig::on_response_chunk_received, TraceChunkParams{method_, url_, chunk});
  }
  using ConnectionHook = TraceHook<TraceConnectionParams> TraceConfig::*;
  using HostHook = TraceHook<TraceHostParams> TraceConfig::*;
  void tell_host(HostHook hook, std::string_view host) noexcept { tell(hook, TraceHostParams{host}); }

 private:
  std::vector<std::pair<std::shared_ptr<const TraceConfig>, TraceContext>> watchers_;
  std::string method_;
  Url url_;
  Headers headers_;
};

/// Tells the pieces of a response's body.
[[nodiscard]] std::unique_ptr<BodyWatcher> trace_body(std::shared_ptr<RequestTrace> trace);

}  // namespace corolla::inline v0::http
