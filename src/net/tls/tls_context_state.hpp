// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsContextState: what a TlsContext consists of.
#pragma once

#include "net/tls/openssl_ptr.hpp"
#include "net/tls/tls_session_cache.hpp"

#include <corolla/net/tls_context.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class TlsContextState {
 public:
  explicit TlsContextState(bool is_server);
  /// Stands for `of`, with protocols for connections whose context has none.
  TlsContextState(std::shared_ptr<TlsContextState> of, std::string alpn);
  TlsContextState(const TlsContextState&) = delete;
  TlsContextState& operator=(const TlsContextState&) = delete;
  ~TlsContextState() = default;

  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }
  /// A connection's, that takes its rules from here. TlsError.
  [[nodiscard]] SslPtr make_ssl();
  /// The system's authorities are read when the first connection needs them: that costs more than all else here.
  void want_default_authorities(bool wanted) noexcept { defaults_wanted_ = wanted; }
  /// The context for a server name, null: none of its own.
  [[nodiscard]] TlsContextState* named(std::string_view server_name) const noexcept;

  /// Protocols as on the wire: a length, a name, …
  void set_alpn(std::string protocols);
  [[nodiscard]] const std::string& alpn() const noexcept { return alpn_; }

  /// Whose rules these are; null: its own.
  const std::shared_ptr<TlsContextState> shared;
  const bool server;
  bool check_hostname = false;
  bool resume = false;
  TlsVerifyMode verify_mode = TlsVerifyMode::kNone;
  std::vector<std::pair<std::string, std::shared_ptr<TlsContextState>>> names;
  TlsSessionCache sessions;

 private:
  void load_default_authorities();

  SslContextPtr context_;
  std::string alpn_;
  std::atomic<bool> defaults_wanted_ = false;
  std::mutex loading_;
};

/// A TlsError that says `what`, and what OpenSSL complained about last.
[[noreturn]] void throw_openssl_error(const std::string& what);
/// The reason OpenSSL gives last, in words; empty when it complains of nothing. Empties the queue of complaints.
[[nodiscard]] std::string take_openssl_reason();

}  // namespace v0
}  // namespace corolla
