// SPDX-License-Identifier: Apache-2.0
#include "http/client/host_lookup.hpp"

#include <corolla/net/dns.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/task.hpp>

#include "http/client/request_trace.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using Addresses = std::vector<SocketAddress>;

[[noreturn]] void throw_no_host(const std::string& text) {
  throw ValueError("SessionOptions::hosts: not a host and a port: \"" + text + "\"");
}

// "example.org:443", "example.org", "[::1]:80", "*:443"; the host as URLs have it.
std::pair<std::string, std::uint16_t> parse_pin(const std::string& text) {
  const std::size_t colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
  const std::string host = text.substr(0, colon);
  std::uint16_t port = 0;
  if (colon != std::string::npos && text.substr(colon + 1) != "*") {
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data() + colon + 1, end, port);
    if (number.ec != std::errc() || number.ptr != end || port == 0) throw_no_host(text);
  }
  if (host == "*") return {host, port};
  const auto url = Url::try_parse("http://" + host + "/");
  if (!url || url->hostname().empty() || url->has_credentials() || url->path() != "/") throw_no_host(text);
  return {std::string(url->hostname()), port};
}

Addresses with_port(Addresses addresses, std::uint16_t port) {
  for (SocketAddress& address : addresses)
    if (address.port() == 0) address = address.with_port(port);
  return addresses;
}

}  // namespace

HostLookup::HostLookup(const SessionOptions& options) : own_(options.resolve_host), resolver_(options.resolver) {
  for (const auto& [text, addresses] : options.hosts) {
    if (addresses.empty()) throw ValueError("SessionOptions::hosts: no address for " + text);
    pins_.insert_or_assign(parse_pin(text), addresses);
  }
}

const Addresses* HostLookup::pinned(const std::string& host, std::uint16_t port, bool is_name) const {
  for (const std::string& known : {host, std::string("*")}) {
    if (known == "*" && !is_name) break;
    for (const std::uint16_t known_port : {port, std::uint16_t{0}})
      if (const auto found = pins_.find({known, known_port}); found != pins_.end()) return &found->second;
  }
  return nullptr;
}

Coro<Addresses> HostLookup::find(std::string host, std::uint16_t port, RequestTrace* trace) const {
  SocketAddress numeric;
  const bool is_name = !SocketAddress::parse_ip(host, port, numeric);
  const Addresses* const known = pins_.empty() ? nullptr : pinned(host, port, is_name);
  if (known) {
    if (trace && is_name) trace->tell_host(&TraceConfig::on_dns_cache_hit, host);
    Addresses addresses = with_port(*known, port);
    co_return addresses;
  }
  if (!is_name) {
    Addresses itself(1, numeric);
    co_return itself;
  }
  auto asking = trace ? ask_watched(std::move(host), port, *trace) : ask(std::move(host), port);
  co_return co_await std::move(asking);
}

Coro<Addresses> HostLookup::ask(std::string host, std::uint16_t port) const {
  if (own_) {
    auto asking = own_(host, port);
    Addresses found = co_await std::move(asking);
    if (!found.empty()) {
      found = with_port(std::move(found), port);
      co_return found;
    }
  }
  auto look_up = resolver_ ? resolver_->resolve(std::move(host), port) : getaddrinfo(std::move(host), port);
  co_return co_await std::move(look_up);
}

// The look-up's first step runs inside create_task. In it the resolver finds the answer in its cache, or begins or joins a
// query, so that its counters tell which of them before anybody waits.
Coro<Addresses> HostLookup::ask_watched(std::string host, std::uint16_t port, RequestTrace& trace) const {
  const ResolverCounters before = resolver_ ? resolver_->counters() : ResolverCounters();
  Task<Addresses> task = create_task(ask(host, port), TaskOptions().eager_start());
  const ResolverCounters after = resolver_ ? resolver_->counters() : ResolverCounters();
  const bool hit = after.cache_hits > before.cache_hits;
  if (hit) {
    trace.tell_host(&TraceConfig::on_dns_cache_hit, host);
  } else {
    if (after.queries + after.shared > before.queries + before.shared)
      trace.tell_host(&TraceConfig::on_dns_cache_miss, host);
    trace.tell_host(&TraceConfig::on_dns_resolvehost_start, host);
  }
  Addresses found = co_await std::move(task);
  if (!hit) trace.tell_host(&TraceConfig::on_dns_resolvehost_end, host);
  co_return found;
}

}  // namespace corolla::inline v0::http
