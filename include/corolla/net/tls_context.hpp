// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsContext: certificates, keys and rules that TLS connections share.
///
///     TlsContext context = TlsContext::client();                       // the system's authorities, names are checked
///     TlsContext served = TlsContext::server("chain.pem", "key.pem");
///
/// Source: Python's ssl.SSLContext and ssl.create_default_context, in their words. TLS 1.2 is the least that is spoken;
/// renegotiation and compression are refused. Copies share one context. Configure it first and use it then: once
/// configured, connections of several loops in several threads may use one at a time; configuring it meanwhile is not
/// safe, and does not change connections that are there already. Setters throw TlsError with OpenSSL's reason, OSError
/// for a file that cannot be read, ValueError for what contradicts itself.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class TlsContextState;

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };

/// Whether the peer must show a certificate and whether it is verified.
enum class TlsVerifyMode : std::uint8_t {
  kNone,      ///< any certificate will do
  kOptional,  ///< a server's choice: a client may show none, but not a bad one
  kRequired
};

/// See the file's comment.
class COROLLA_API TlsContext {
 public:
  /// No context: no TLS, where one is optional.
  TlsContext() noexcept = default;
  /// For clients: certificates are required, verified against the system's authorities (or those SSL_CERT_FILE and
  /// SSL_CERT_DIR name) and checked for the server's name. Sessions are resumed.
  [[nodiscard]] static TlsContext client();
  /// For servers: a certificate and what leads from it to its authority, and the key, as load_cert_chain.
  [[nodiscard]] static TlsContext server(const std::string& certfile, const std::string& keyfile);
  /// For servers that are given a certificate afterwards.
  [[nodiscard]] static TlsContext server();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  [[nodiscard]] bool is_server() const noexcept;

  /// Our own certificate with its chain, and its private key, in PEM files. An empty keyfile: the key is in certfile. A
  /// key that needs a password and gets none, or a wrong one, is a TlsError; nobody is asked at a terminal.
  void load_cert_chain(const std::string& certfile, const std::string& keyfile = {}, const std::string& password = {});
  /// As above from texts.
  void use_cert_chain(const std::string& certificates, const std::string& key, const std::string& password = {});
  /// Authorities to believe, besides those there are: a PEM file, a directory as `openssl rehash` makes it, PEM text.
  void load_verify_locations(const std::string& cafile, const std::string& capath = {}, const std::string& cadata = {});
  /// The system's authorities, read when the first connection needs them; client() did that.
  void load_default_certs();
  /// Believes no authority any more but those that are loaded from now on.
  void forget_verify_locations();
  /// Checking the name requires verifying: true sets kRequired.
  void set_check_hostname(bool check);
  [[nodiscard]] bool check_hostname() const noexcept;
  /// ValueError for kNone while names are checked.
  void set_verify_mode(TlsVerifyMode mode);
  [[nodiscard]] TlsVerifyMode verify_mode() const noexcept;

  /// Protocols by preference, "h2", "http/1.1"; each 1 to 255 bytes. A server takes its first one that the client
  /// offers, and goes on without when there is none.
  void set_alpn_protocols(const std::vector<std::string>& protocols);
  /// The same rules for a library that speaks several protocols: connections made with the result offer, or choose from,
  /// these unless set_alpn_protocols says otherwise, here or of a name's context. It shares what this context has, and
  /// cannot be configured itself (RuntimeError).
  [[nodiscard]] TlsContext with_default_alpn(const std::vector<std::string>& protocols) const;
  void set_minimum_version(TlsVersion version);
  void set_maximum_version(TlsVersion version);
  /// OpenSSL's cipher string for TLS 1.2, "ECDHE+AESGCM"; TlsError when it leaves none.
  void set_ciphers(const std::string& ciphers);
  /// And for TLS 1.3, "TLS_AES_128_GCM_SHA256:…".
  void set_ciphersuites(const std::string& ciphersuites);
  /// Servers: tickets a client gets in a full handshake of TLS 1.3, 2 unless set; 0: sessions are not resumed.
  void set_num_tickets(unsigned count);
  /// Clients: resume sessions, by server name and port. The last 256 servers are remembered.
  void set_session_resumption(bool resume);
  /// Hands the encryption of what is sent to the kernel (kTLS), so that ByteStream::sendfile copies a file as little as it does
  /// without TLS. False unless set. Where that cannot be, nothing changes: Linux without its module "tls", a stream below that
  /// is no TCP socket, a cipher other than AES-GCM and ChaCha20-Poly1305. TlsConnection::kernel_tls tells. A peer that wants the
  /// keys changed (KeyUpdate) gets an error then, for the kernel keeps those it has.
  void set_kernel_tls(bool wanted);
  /// Servers: a client that asks for `name` ("*.example.org": for one label more) gets that context's certificate and
  /// ALPN protocols. The rest stays this one's.
  void add_server_name(const std::string& name, const TlsContext& context);

  [[nodiscard]] const std::shared_ptr<TlsContextState>& state() const noexcept { return state_; }

 private:
  [[nodiscard]] TlsContextState& rules() const;
  explicit TlsContext(std::shared_ptr<TlsContextState> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<TlsContextState> state_;
};

}  // namespace v0
}  // namespace corolla
