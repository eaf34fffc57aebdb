// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resolver: asks name servers itself, without threads, and remembers what they said.
///
///     auto resolver = std::make_shared<Resolver>();
///     ConnectOptions options;
///     options.resolver = resolver;
///     ByteStream stream = co_await connect_tcp("example.org", 80, options);
///
/// Stands on c-ares, driven by the loop. Names of /etc/hosts (or of the file that the environment's CARES_HOSTS names) are
/// known without asking. Answers are kept as long as their records say, on the loop's clock; "no such name" is kept, too, a
/// name server's failure is not. Look-ups of one name at one time share one query. A resolver serves one loop at a time:
/// the first that uses it, until that is closed. Not thread safe.
///
/// Source: RFC 1035, 2308 (negative answers), 6724 (order of addresses).
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

/// How to resolve.
struct ResolverOptions {
  ResolverOptions() {}
  /// "192.0.2.1", "127.0.0.1:5353", "[2001:db8::1]:53"; none: those of /etc/resolv.conf, read when the resolver is made.
  std::vector<std::string> nameservers;
  /// How long the first round waits for a name server; each further round waits twice as long.
  std::chrono::milliseconds timeout = std::chrono::seconds(2);
  /// Rounds through all name servers; at least 1.
  int tries = 3;
  /// Answers that are kept, the least recently used goes first; 0: none.
  std::size_t cache_size = 4096;
  /// Bounds for the records' time to live. What has none left after that is not kept.
  std::chrono::seconds min_ttl = std::chrono::seconds(0);
  std::chrono::seconds max_ttl = std::chrono::hours(24);
  /// How long a name counts as missing, at most: the zone may say less (its SOA record's minimum). 0: not at all.
  std::chrono::seconds negative_ttl = std::chrono::seconds(60);
};

/// What a resolver did so far.
struct ResolverCounters {
  std::uint64_t cache_hits = 0;  ///< answered from the cache, negative answers included
  std::uint64_t queries = 0;     ///< look-ups that were begun
  std::uint64_t shared = 0;      ///< that joined one under way
  std::uint64_t failures = 0;    ///< look-ups that ended with an error, "no such name" included
};

class ResolverState;

/// See the file's comment.
class COROLLA_API Resolver {
 public:
  /// ValueError for a name server that is no address and for options out of range.
  explicit Resolver(ResolverOptions options = ResolverOptions());
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// What still waits is answered all the same.
  ~Resolver();

  /// The addresses of `host`, in the order of RFC 6724, at least one and at most 128; a numeric host is its own. An empty
  /// one is this machine's loopback. A name beyond ASCII has to be encoded before (IDNA). Cancelled, it stops waiting; the
  /// query goes on while anybody waits for it, and all end when nobody waits for any. gaierror with the reason, whose code
  /// is EAI_NONAME or EAI_NODATA for what does not exist and EAI_AGAIN for name servers that fail or do not answer.
  /// RuntimeError when another loop uses the resolver.
  [[nodiscard]] Coro<std::vector<SocketAddress>> resolve(
      std::string host, std::uint16_t port, SocketAddress::Family family = SocketAddress::Family::kUnspecified);

  /// Forgets all answers.
  void clear() noexcept;
  /// Answers in the cache, those that expired unnoticed included.
  [[nodiscard]] std::size_t cached() const noexcept;
  [[nodiscard]] ResolverCounters counters() const noexcept;

 private:
  std::shared_ptr<ResolverState> state_;
};

}  // namespace v0
}  // namespace corolla
