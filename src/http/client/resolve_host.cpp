// SPDX-License-Identifier: Apache-2.0
#include "http/client/resolve_host.hpp"

#include <corolla/net/dns.hpp>
#include <corolla/runtime/task.hpp>

#include "http/client/request_trace.hpp"

#include <utility>

namespace corolla::inline v0::http {

namespace {

// The look-up's first step runs inside create_task. In it the resolver finds the answer in its cache, or begins or joins a
// query, so that its counters tell which of them before anybody waits.
Coro<std::vector<SocketAddress>> watched(std::shared_ptr<Resolver> resolver, std::string host,
                                         Coro<std::vector<SocketAddress>> look_up, RequestTrace& trace) {
  const ResolverCounters before = resolver ? resolver->counters() : ResolverCounters();
  Task<std::vector<SocketAddress>> task = create_task(std::move(look_up), TaskOptions().eager_start());
  const ResolverCounters after = resolver ? resolver->counters() : ResolverCounters();
  const bool hit = after.cache_hits > before.cache_hits;
  if (hit) {
    trace.tell_host(&TraceConfig::on_dns_cache_hit, host);
  } else {
    if (after.queries + after.shared > before.queries + before.shared)
      trace.tell_host(&TraceConfig::on_dns_cache_miss, host);
    trace.tell_host(&TraceConfig::on_dns_resolvehost_start, host);
  }
  std::vector<SocketAddress> found = co_await std::move(task);
  if (!hit) trace.tell_host(&TraceConfig::on_dns_resolvehost_end, host);
  co_return found;
}

}  // namespace

Coro<std::vector<SocketAddress>> resolve_host(std::shared_ptr<Resolver> resolver, std::string host, std::uint16_t port,
                                              RequestTrace* trace) {
  SocketAddress numeric;
  if (SocketAddress::parse_ip(host, port, numeric)) {
    std::vector<SocketAddress> itself(1, numeric);
    co_return itself;
  }
  auto look_up = resolver ? resolver->resolve(host, port) : getaddrinfo(host, port);
  if (trace) look_up = watched(std::move(resolver), std::move(host), std::move(look_up), *trace);
  co_return co_await std::move(look_up);
}

}  // namespace corolla::inline v0::http
