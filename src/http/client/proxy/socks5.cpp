// SPDX-License-Identifier: Apache-2.0
#include "http/client/proxy/socks5.hpp"

#include <corolla/http/error.hpp>
#include <corolla/net/address.hpp>
#include <corolla/runtime/error.hpp>

#include <array>
#include <cerrno>

#include <netinet/in.h>

namespace corolla::inline v0::http {

namespace {

constexpr char kVersion = 5;
constexpr char kNoAuthentication = 0;
constexpr char kUserAndPassword = 2;
constexpr char kNoneAcceptable = static_cast<char>(0xFF);
enum AddressType : char { kIPv4 = 1, kName = 3, kIPv6 = 4 };

// Exactly so many bytes; a proxy says no more than it is asked for.
Coro<std::string> receive_exactly(ByteStream& stream, std::size_t count) {
  while (stream.buffered().size() < count) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) throw OSError(ECONNRESET, "the SOCKS proxy closed the connection");
  }
  std::string bytes(stream.buffered().substr(0, count));
  stream.consume(count);
  co_return bytes;
}

void expect_version(char got, char wanted) {
  if (got != wanted) throw HttpProtocolError("the proxy does not speak SOCKS5");
}

// RFC 1929.
Coro<void> authenticate(ByteStream& stream, const Proxy& proxy) {
  if (proxy.user.size() > 255 || proxy.password.size() > 255)
    throw ValueError("a SOCKS proxy's user and password have at most 255 bytes");
  std::string message = {1, static_cast<char>(proxy.user.size())};
  message += proxy.user;
  message += static_cast<char>(proxy.password.size());
  message += proxy.password;
  co_await stream.send_all(message);
  auto receiving = receive_exactly(stream, 2);
  const std::string answer = co_await std::move(receiving);
  expect_version(answer[0], 1);
  if (answer[1] != 0) throw OSError(EACCES, "the SOCKS proxy refuses the user or the password");
}

void append_address(std::string& message, const std::string& host) {
  SocketAddress address;
  if (!SocketAddress::parse_ip(host, 0, address)) {
    if (host.size() > 255) throw ValueError("a name longer than 255 bytes, for a SOCKS proxy");
    message += kName;
    message += static_cast<char>(host.size());
    message += host;
  } else if (address.family() == SocketAddress::Family::kIPv4) {
    message += kIPv4;
    message.append(reinterpret_cast<const char*>(&static_cast<const sockaddr_in*>(address.data())->sin_addr), 4);
  } else {
    message += kIPv6;
    message.append(reinterpret_cast<const char*>(&static_cast<const sockaddr_in6*>(address.data())->sin6_addr), 16);
  }
}

[[noreturn]] void throw_refusal(char code, const std::string& host) {
  struct Refusal {
    int error;
    const char* text;
  };
  static constexpr std::array<Refusal, 9> kRefusals = {{{EIO, "says success"},
                                                        {EIO, "failed"},
                                                        {EACCES, "does not allow it"},
                                                        {ENETUNREACH, "cannot reach the network"},
                                                        {EHOSTUNREACH, "cannot reach the host"},
                                                        {ECONNREFUSED, "was refused"},
                                                        {ETIMEDOUT, "gave up waiting"},
                                                        {EOPNOTSUPP, "cannot connect"},
                                                        {EAFNOSUPPORT, "does not take this kind of address"}}};
  const auto index = static_cast<unsigned char>(code);
  const Refusal refusal = index < kRefusals.size() ? kRefusals[index] : kRefusals[1];
  throw OSError(refusal.error, "to " + host + " through a SOCKS proxy, which " + refusal.text);
}

}  // namespace

Coro<void> socks5_connect(ByteStream& stream, const Proxy& proxy, std::string host, std::uint16_t port) {
  const bool has_user = !proxy.user.empty() || !proxy.password.empty();
  std::string greeting = {kVersion, 1, kNoAuthentication};
  if (has_user) greeting = {kVersion, 2, kNoAuthentication, kUserAndPassword};
  co_await stream.send_all(greeting);
  auto choosing = receive_exactly(stream, 2);
  const std::string choice = co_await std::move(choosing);
  expect_version(choice[0], kVersion);
  if (choice[1] == kUserAndPassword && has_user) {
    auto authenticating = authenticate(stream, proxy);
    co_await std::move(authenticating);
  } else if (choice[1] == kNoneAcceptable) {
    throw OSError(EACCES, "the SOCKS proxy wants credentials");
  } else if (choice[1] != kNoAuthentication) {
    throw HttpProtocolError("the SOCKS proxy chose a method that it was not offered");
  }

  std::string request = {kVersion, 1, 0};
  append_address(request, host);
  request += static_cast<char>(port >> 8U);
  request += static_cast<char>(port & 0xFFU);
  co_await stream.send_all(request);
  auto answering = receive_exactly(stream, 4);
  const std::string answer = co_await std::move(answering);
  expect_version(answer[0], kVersion);
  if (answer[1] != 0) throw_refusal(answer[1], host);
  // The address it connected from, which nobody needs.
  std::size_t rest = 2;
  if (answer[3] == kIPv4) rest += 4;
  else if (answer[3] == kIPv6) rest += 16;
  else if (answer[3] != kName) throw HttpProtocolError("the SOCKS proxy names no address");
  if (answer[3] == kName) {
    auto size = receive_exactly(stream, 1);
    rest += static_cast<unsigned char>((co_await std::move(size))[0]);
  }
  auto skipping = receive_exactly(stream, rest);
  co_await std::move(skipping);
}

}  // namespace corolla::inline v0::http
