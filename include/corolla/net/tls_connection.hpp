// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsConnection: what a TLS stream knows about itself, and TlsCertificate: what stands in a certificate.
///
/// Source: the extra information of asyncio's TLS transports (cipher, peercert, ssl_object), typed.
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla {
inline namespace v0 {

/// An X.509 certificate, read. Control characters in its texts are shown as '?'. A value.
struct TlsCertificate {
  TlsCertificate() {}
  std::string subject;  ///< "CN=example.org,O=…", RFC 2253
  std::string issuer;
  /// As Python's: "DNS:example.org", "IP Address:127.0.0.1", "email:…", "URI:…".
  std::vector<std::string> subject_alt_names;
  std::string serial_number;  ///< hexadecimal
  std::chrono::sys_seconds not_before{};
  std::chrono::sys_seconds not_after{};
  std::string fingerprint_sha256;  ///< hexadecimal, lower case
  std::string der;
};

/// What ByteStream::tls() gives after the handshake. It lives as long as the stream; not thread safe.
class COROLLA_API TlsConnection {
 public:
  /// "TLSv1.2" or "TLSv1.3".
  [[nodiscard]] virtual std::string_view version() const noexcept = 0;
  /// OpenSSL's name, "TLS_AES_256_GCM_SHA384".
  [[nodiscard]] virtual std::string_view cipher() const noexcept = 0;
  /// The secret bits of the cipher's key.
  [[nodiscard]] virtual int cipher_bits() const noexcept = 0;
  /// The protocol agreed on by ALPN, "http/1.1"; empty: none.
  [[nodiscard]] virtual std::string_view alpn_protocol() const noexcept = 0;
  /// An earlier session was taken up again.
  [[nodiscard]] virtual bool resumed() const noexcept = 0;
  /// The name that the client asked for (SNI); empty: none.
  [[nodiscard]] virtual std::string_view server_name() const noexcept = 0;
  /// The peer's certificate, verified or not; nullopt when it showed none.
  [[nodiscard]] virtual std::optional<TlsCertificate> peer_certificate() const = 0;
  /// The kernel encrypts what is sent: TlsContext::set_kernel_tls.
  [[nodiscard]] virtual bool kernel_tls() const noexcept = 0;
  /// The peer ended its bytes with a close_notify. False at the end of a stream means that it may have been cut short by
  /// somebody on the way: what is delimited by the end alone is not to be believed then.
  [[nodiscard]] virtual bool ended_cleanly() const noexcept = 0;

 protected:
  virtual ~TlsConnection() = default;
};

}  // namespace v0
}  // namespace corolla
