// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/resolver.hpp>

#include <corolla/runtime/event_loop.hpp>

#include "net/dns/numeric_host.hpp"
#include "net/dns/resolver_state.hpp"

#include <utility>

#include <netdb.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kLongestName = 255;

std::string cannot_resolve(const std::string& host, const std::string& reason) {
  return "cannot resolve '" + host + "'" + (reason.empty() ? "" : " (" + reason + ")");
}

std::vector<SocketAddress> loopback(std::uint16_t port, SocketAddress::Family family) {
  std::vector<SocketAddress> addresses;
  for (const char* text : {"::1", "127.0.0.1"}) {
    const SocketAddress address = SocketAddress::ip(text, port);
    if (family == SocketAddress::Family::kUnspecified || family == address.family()) addresses.push_back(address);
  }
  return addresses;
}

// Names are compared without regard to case (RFC 4343).
std::string key_of(const std::string& name, SocketAddress::Family family) {
  std::string key = name;
  for (char& letter : key)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  key += '/';
  key += static_cast<char>('0' + static_cast<int>(family));
  return key;
}

Coro<std::vector<SocketAddress>> resolve_with(std::shared_ptr<ResolverState> state, std::string host,
                                              std::uint16_t port, SocketAddress::Family family) {
  if (family == SocketAddress::Family::kUnix) throw gaierror(EAI_FAMILY, cannot_resolve(host, ""));
  auto addresses = host.empty() ? loopback(port, family) : numeric_host(host, port, family);
  if (!addresses.empty()) co_return std::move(addresses);
  if (host.size() > kLongestName) throw gaierror(EAI_NONAME, cannot_resolve(host, "the name is too long"));
  EventLoop& loop = get_running_loop();
  state->bind(loop);
  const std::string key = key_of(host, family);
  ResolverState::Answer answer = state->known(key);
  if (!answer) {
    ResolverState::Wait wait(*state, loop, key);
    wait.begin(key, host, family);
    answer = co_await wait.future();
  }
  if (answer->error != 0) throw gaierror(answer->error, cannot_resolve(host, answer->reason));
  for (const SocketAddress& address : answer->addresses) addresses.push_back(address.with_port(port));
  co_return std::move(addresses);
}

}  // namespace

Resolver::Resolver(ResolverOptions options) : state_(std::make_shared<ResolverState>(std::move(options))) {}
Resolver::~Resolver() = default;

Coro<std::vector<SocketAddress>> Resolver::resolve(std::string host, std::uint16_t port, SocketAddress::Family family) {
  return resolve_with(state_, std::move(host), port, family);
}

void Resolver::clear() noexcept { state_->clear(); }
std::size_t Resolver::cached() const noexcept { return state_->cached(); }
ResolverCounters Resolver::counters() const noexcept { return state_->counters(); }

}  // namespace v0
}  // namespace corolla
