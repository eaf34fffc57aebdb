// SPDX-License-Identifier: Apache-2.0
/// \file
/// TraceConfig: hooks that a session calls while its requests go on.
///
///     auto trace = std::make_shared<http::TraceConfig>();
///     trace->on_request_end = [](http::TraceContext&, const http::TraceRequestEndParams& end) {
///       std::cout << end.method << ' ' << end.url.href() << ": " << end.response.status() << '\n';
///     };
///     options.trace_configs = {trace};
///
/// Source: aiohttp's TraceConfig ("Tracing Reference"), whose hooks these are, with those of TLS as curl's times need them.
/// Hooks are functions, not coroutines as aiohttp's: they are called where there is nothing to wait in (a body's piece, a place
/// in the pool), and a request never takes longer, or another order, because somebody looks at it. What they are given is theirs
/// for the call. What a hook throws is told to the loop's exception handler; the request goes on.
///
/// One request, in order; what is in brackets depends:
///
///     request_start
///       [connection_queued_start, connection_queued_end]    no room under a limit; or another request finds out
///                                                           whether the server speaks HTTP/2
///       connection_reuseconn, or
///       connection_create_start
///         [dns_cache_hit, or [dns_cache_miss,] dns_resolvehost_start, dns_resolvehost_end]
///         [tls_start, tls_end]                              two pairs to an https server behind an https proxy
///       connection_create_end
///       request_headers_sent, request_chunk_sent …
///       [request_redirect, and again from the connection on]
///     request_end, or request_exception
///     response_chunk_received …                             as the body is read; a redirect's before its request_redirect is
///                                                           followed
///
/// An answer of the cache has none of what is between start and end; a retry has it once more. What fails has no end of its
/// own: request_exception follows.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/response.hpp>
#include <corolla/http/url.hpp>

#include <any>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// What the hooks of one TraceConfig share while one request goes on.
struct TraceContext {
  TraceContext() {}
  std::any request;  ///< what Request::trace_context() was given, or empty
  std::any state;    ///< the hooks' own; empty at first
};

/// The fields are the request's own: a hook may add to them, such as a traceparent.
struct TraceRequestStartParams {
  const std::string& method;
  const Url& url;
  Headers& headers;
};

/// The head of the last response is there; its body is not.
struct TraceRequestEndParams {
  const std::string& method;
  const Url& url;
  const Headers& headers;
  const Response& response;
};

/// The request ends so; a CancelledError, too.
struct TraceRequestExceptionParams {
  const std::string& method;
  const Url& url;
  const Headers& headers;
  const std::exception_ptr& exception;
};

/// The answer to this hop leads to `location`, which is asked next.
struct TraceRequestRedirectParams {
  const std::string& method;
  const Url& url;
  const Headers& headers;
  int status;
  const Headers& response_headers;
  const Url& location;
};

/// The head is on its way, with these fields but for Host and those that frame the body.
struct TraceRequestHeadersSentParams {
  const std::string& method;
  const Url& url;
  const Headers& headers;
};

/// A piece of a body, as it is on the wire apart from chunks' sizes.
struct TraceChunkParams {
  const std::string& method;
  const Url& url;
  std::string_view chunk;
};

/// The connection to this host of a URL, or to an alternative service of its, by way of a proxy perhaps.
struct TraceConnectionParams {
  std::string_view host;
  std::uint16_t port;
};

/// The host that is looked up, or that TLS is spoken with.
struct TraceHostParams {
  std::string_view host;
};

template <class Params>
using TraceHook = std::function<void(TraceContext&, const Params&)>;

/// See the file's comment. Empty hooks are not called. It is not to be changed while a session has it.
struct TraceConfig {
  TraceConfig() {}
  TraceHook<TraceRequestStartParams> on_request_start;
  TraceHook<TraceRequestEndParams> on_request_end;
  TraceHook<TraceRequestExceptionParams> on_request_exception;
  TraceHook<TraceRequestRedirectParams> on_request_redirect;
  TraceHook<TraceRequestHeadersSentParams> on_request_headers_sent;
  TraceHook<TraceChunkParams> on_request_chunk_sent;
  TraceHook<TraceChunkParams> on_response_chunk_received;
  TraceHook<TraceConnectionParams> on_connection_queued_start;
  TraceHook<TraceConnectionParams> on_connection_queued_end;
  TraceHook<TraceConnectionParams> on_connection_create_start;
  TraceHook<TraceConnectionParams> on_connection_create_end;
  TraceHook<TraceConnectionParams> on_connection_reuseconn;
  /// Not for hosts that are addresses.
  TraceHook<TraceHostParams> on_dns_resolvehost_start;
  TraceHook<TraceHostParams> on_dns_resolvehost_end;
  /// Of SessionOptions::resolver; without one there is no cache.
  TraceHook<TraceHostParams> on_dns_cache_hit;
  TraceHook<TraceHostParams> on_dns_cache_miss;
  TraceHook<TraceHostParams> on_tls_start;
  TraceHook<TraceHostParams> on_tls_end;
};

}  // namespace corolla::inline v0::http
