// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/forwarded.hpp>

#include <corolla/http/headers.hpp>
#include <corolla/runtime/error.hpp>

#include "http/ip_network.hpp"
#include "http/joined_field.hpp"
#include "http/server/request_context.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

namespace {

/// What one proxy says of the request as it came to it.
struct Hop {
  std::string client;
  std::string scheme;
  std::string host;
};

std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (const std::string_view item = trim(list.substr(0, end)); !item.empty()) items.push_back(item);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return items;
}

// The n-th from the right; a list of one stands for all hops: proxies that are not the first leave it as it is.
std::string_view from_right(const std::vector<std::string_view>& items, std::size_t index) {
  if (items.size() == 1) return items.front();
  return index < items.size() ? items[items.size() - 1 - index] : std::string_view();
}

// The nearest proxy's first.
std::vector<Hop> x_forwarded(const Headers& headers, const ForwardedOptions& options) {
  const std::string for_list = joined_field(headers, "X-Forwarded-For");
  const std::string proto_list = options.proto ? joined_field(headers, "X-Forwarded-Proto") : std::string();
  const std::string host_list = options.host ? joined_field(headers, "X-Forwarded-Host") : std::string();
  const auto clients = split(for_list);
  const auto protos = split(proto_list);
  const auto hosts = split(host_list);
  std::vector<Hop> hops;
  for (std::size_t i = 0; i < std::max<std::size_t>(clients.size(), 1); ++i) {
    Hop hop;
    if (!clients.empty()) hop.client = clients[clients.size() - 1 - i];
    hop.scheme = from_right(protos, i);
    hop.host = from_right(hosts, i);
    hops.push_back(std::move(hop));
  }
  return hops;
}

/// Takes a token or a quoted string; nothing when it is neither.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(";, \t"), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    if (!is_token(value) && value.find_first_of("\"\\") != std::string::npos) return std::nullopt;
    return value;
  }
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '"') {
      text.remove_prefix(1);
      return value;
    }
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) break;
    value += text.front();
  }
  return std::nullopt;  // an open quote would swallow what a proxy wrote behind it
}

// RFC 7239, section 4. Where any of it is malformed nobody can tell who wrote what: nothing is believed.
std::vector<Hop> rfc7239(const Headers& headers) {
  const std::string list = joined_field(headers, "Forwarded");
  std::string_view text = list;
  std::vector<Hop> hops;
  Hop hop;
  bool any = false;  // an element without any pair is none
  while (!text.empty()) {
    text = text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::size_t equals = text.find_first_of("=;,");
    if (equals != std::string_view::npos && text[equals] == '=') {
      const std::string_view name = text.substr(0, equals);
      if (!is_token(name)) return {};
      text.remove_prefix(equals + 1);
      auto value = take_value(text);
      if (!value) return {};
      any = true;
      if (iequals(name, "for")) hop.client = std::move(*value);
      else if (iequals(name, "proto")) hop.scheme = std::move(*value);
      else if (iequals(name, "host")) hop.host = std::move(*value);
    }
    text = text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) break;
    if (text.front() != ';' && text.front() != ',') return {};
    if (text.front() == ',' && std::exchange(any, false)) hops.push_back(std::exchange(hop, {}));
    text.remove_prefix(1);
  }
  if (any) hops.push_back(std::move(hop));
  std::reverse(hops.begin(), hops.end());
  return hops;
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1": the address.
std::string_view without_port(std::string_view node) {
  if (node.starts_with('[')) return node.substr(1, node.find(']') - 1);
  const std::size_t colon = node.find(':');
  return colon != std::string_view::npos && node.rfind(':') == colon ? node.substr(0, colon) : node;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.find_first_of(" \t/\\@?#<>\"'") == std::string_view::npos;
}

class Trust {
 public:
  explicit Trust(const std::vector<std::string>& trusted) {
    for (const std::string& text : trusted) {
      if (text == "unix") {
        unix_ = true;
        continue;
      }
      const auto network = IpNetwork::parse(text);
      if (!network) throw ValueError("forwarded: \"" + text + "\" is neither an address nor a network");
      networks_.push_back(*network);
    }
  }
  [[nodiscard]] bool peer(const SocketAddress& address) const {
    return address.family() == SocketAddress::Family::kUnix ? unix_ : hop(address.host());
  }
  [[nodiscard]] bool hop(std::string_view address) const {
    const auto ip = IpAddress::parse(address);
    return ip && std::any_of(networks_.begin(), networks_.end(), [&ip](const IpNetwork& n) { return n.contains(*ip); });
  }

 private:
  std::vector<IpNetwork> networks_;
  bool unix_ = false;
};

RequestOrigin origin_of(const ServerRequest& request, const ForwardedOptions& options, const Trust& trust) {
  RequestOrigin origin;
  if (!trust.peer(request.peername())) return origin;
  const bool rfc = options.field == ForwardedOptions::Field::kForwarded;
  for (const Hop& hop : rfc ? rfc7239(request.headers()) : x_forwarded(request.headers(), options)) {
    if (iequals(hop.scheme, "https") || iequals(hop.scheme, "http"))
      origin.scheme = iequals(hop.scheme, "https") ? "https" : "http";
    if (is_host(hop.host)) origin.host = hop.host;
    const std::string_view client = without_port(hop.client);
    if (client.empty()) break;
    origin.remote = client;
    if (!trust.hop(client)) break;
  }
  return origin;
}

}  // namespace

Middleware forwarded(ForwardedOptions options) {
  auto trust = std::make_shared<const Trust>(options.trusted);
  return [options = std::move(options), trust = std::move(trust)](ServerRequest& request,
                                                                  NextHandler next) -> Coro<ServerResponse> {
    RequestContext::of(request).origin = origin_of(request, options, *trust);
    auto handling = next(request);
    co_return co_await std::move(handling);
  };
}

}  // namespace corolla::inline v0::http
