// SPDX-License-Identifier: Apache-2.0
/// \file
/// A name server inside the test's own loop, which says what the test wants: the truth, nonsense, or nothing.
#pragma once

#include "tests/net/net_test.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla_tests {

namespace dns {

inline constexpr std::uint16_t kA = 1, kCname = 5, kSoa = 6, kAaaa = 28;
inline constexpr int kNoError = 0, kServFail = 2, kNxDomain = 3, kRefused = 5;
inline constexpr std::uint16_t kTruncated = 0x0200;

inline std::string number16(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
inline std::string number32(std::uint32_t value) { return number16(value >> 16) + number16(value & 0xffff); }

/// "a.test" as labels.
inline std::string encoded(std::string_view name) {
  std::string bytes;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    bytes += static_cast<char>(label.size());
    bytes += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return bytes + '\0';
}

struct Record {
  Record(std::string_view owner, std::uint16_t kind, std::uint32_t seconds, std::string bytes)
      : name(owner), type(kind), ttl(seconds), data(std::move(bytes)) {}
  [[nodiscard]] std::string bytes() const {
    return encoded(name) + number16(type) + number16(1) + number32(ttl) + number16(unsigned(data.size())) + data;
  }
  std::string name;
  std::uint16_t type;
  std::uint32_t ttl;
  std::string data;
};

inline Record a(std::string_view name, std::uint32_t ttl, std::string_view address) {
  const SocketAddress parsed = SocketAddress::ip(address, 0);
  return Record(name, kA, ttl, std::string(static_cast<const char*>(parsed.data()) + 4, 4));
}
inline Record aaaa(std::string_view name, std::uint32_t ttl, std::string_view address) {
  const SocketAddress parsed = SocketAddress::ip(address, 0);
  return Record(name, kAaaa, ttl, std::string(static_cast<const char*>(parsed.data()) + 8, 16));
}
inline Record cname(std::string_view name, std::uint32_t ttl, std::string_view target) {
  return Record(name, kCname, ttl, encoded(target));
}
inline Record soa(std::string_view zone, std::uint32_t ttl, std::uint32_t minimum) {
  std::string data = encoded("ns.test") + encoded("master.test");
  for (const std::uint32_t value : {1U, 3600U, 600U, 86400U, minimum}) data += number32(value);
  return Record(zone, kSoa, ttl, data);
}

/// A query, taken apart.
struct Query {
  explicit Query(std::string_view message, bool by_tcp) : tcp(by_tcp) {
    id = std::string(message.substr(0, 2));
    std::size_t at = 12;
    while (at < message.size() && message[at] != 0) {
      const auto size = static_cast<unsigned char>(message[at]);
      name += (name.empty() ? "" : ".") + std::string(message.substr(at + 1, size));
      at += size + 1U;
    }
    type = static_cast<std::uint16_t>(static_cast<unsigned char>(message[at + 1]) << 8 |
                                      static_cast<unsigned char>(message[at + 2]));
    question = std::string(message.substr(12, at + 5 - 12));
  }
  std::string id, name, question;
  std::uint16_t type = 0;
  bool tcp;
};

/// The reply to a query.
inline std::string reply(const Query& query, int rcode, const std::vector<Record>& answers,
                         const std::vector<Record>& authorities = {}, std::uint16_t flags = 0) {
  std::string bytes = query.id + number16(0x8180U | flags | unsigned(rcode)) + number16(1) +
                      number16(unsigned(answers.size())) + number16(unsigned(authorities.size())) + number16(0) +
                      query.question;
  for (const Record& record : answers) bytes += record.bytes();
  for (const Record& record : authorities) bytes += record.bytes();
  return bytes;
}

}  // namespace dns

/// Answers by UDP and TCP on one port of 127.0.0.1, in the running loop.
class NameServer {
 public:
  /// The message to send; "" for none.
  using Answer = std::function<std::string(const dns::Query&)>;

  /// `co_await NameServer::start(answer)`.
  static Coro<std::unique_ptr<NameServer>> start(Answer answer) {
    std::unique_ptr<NameServer> server(new NameServer(std::move(answer)));
    for (int attempt = 0;; ++attempt) {  // the port of the one kind may be taken for the other
      server->bind_udp();
      NameServer* const self = server.get();
      auto starting = start_stream_server([self](ByteStream stream) { return self->serve(std::move(stream)); },
                                          "127.0.0.1", server->port(), ServerOptions());
      auto listening = co_await outcome(std::move(starting));
      if (listening) {
        server->tcp_ = std::move(*listening);
        break;
      }
      if (attempt == 20) std::rethrow_exception(listening.error());
      server->close_udp();
    }
    co_return server;
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() { close_udp(); }

  [[nodiscard]] std::uint16_t port() const { return address_.port(); }
  [[nodiscard]] int descriptor() const noexcept { return udp_; }
  /// Who asked last, by UDP.
  [[nodiscard]] const SocketAddress& client() const noexcept { return client_; }
  [[nodiscard]] ResolverOptions options() const {
    ResolverOptions options;
    options.nameservers.push_back(address_.to_string());
    return options;
  }
  void answer_with(Answer answer) { answer_ = std::move(answer); }
  /// What was asked, as "name type".
  [[nodiscard]] const std::vector<std::string>& asked() const noexcept { return asked_; }
  /// Ends when nothing but this server waits for the kernel.
  Coro<void> until_quiet() const {
    while (get_running_loop().io().in_flight() > 2) co_await sleep(0s);
  }

 private:
  explicit NameServer(Answer answer) : answer_(std::move(answer)) {}

  void bind_udp() {
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const SocketAddress any = SocketAddress::ip("127.0.0.1", 0);
    if (::bind(udp_, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size())) != 0)
      throw OSError(errno, "bind");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(udp_, reinterpret_cast<sockaddr*>(&bound), &size);
    address_ = SocketAddress(&bound, size);
    get_running_loop().io().forget(udp_);
    add_reader(udp_, [this] { receive(); });
  }
  void close_udp() {
    if (udp_ < 0) return;
    remove_reader(udp_);
    ::close(std::exchange(udp_, -1));
  }
  std::string answer(std::string_view message, bool tcp) {
    const dns::Query query(message, tcp);
    asked_.push_back(query.name + " " + std::to_string(query.type) + (tcp ? " tcp" : ""));
    return answer_(query);
  }
  void receive() {
    char message[4096];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(udp_, message, sizeof message, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 12) return;
    client_ = SocketAddress(&from, size);
    const std::string reply = answer({message, std::size_t(got)}, false);
    if (!reply.empty()) ::sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
  Coro<void> serve(ByteStream stream) {
    for (;;) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) break;
      const std::string_view all = stream.buffered();
      if (all.size() < 2) continue;
      const std::size_t size =
          std::size_t(static_cast<unsigned char>(all[0])) << 8 | static_cast<unsigned char>(all[1]);
      if (all.size() < size + 2) continue;
      const std::string reply = answer(all.substr(2, size), true);
      stream.consume(size + 2);
      co_await stream.send_all(dns::number16(unsigned(reply.size())), reply);
    }
  }

  Answer answer_;
  Server tcp_;
  int udp_ = -1;
  SocketAddress address_;
  SocketAddress client_;
  std::vector<std::string> asked_;
};

}  // namespace corolla_tests
