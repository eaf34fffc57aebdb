// SPDX-License-Identifier: Apache-2.0
/// \file
/// What goes wrong in TLS: TlsError, and TlsCertificateError for a certificate that is refused.
///
/// Source: Python's ssl.SSLError and ssl.SSLCertVerificationError. A connection that breaks in the middle of a handshake
/// is an OSError as on any stream, and so is a handshake that takes too long (ECONNABORTED, asyncio's
/// ConnectionAbortedError). Thread safe to copy.
#pragma once

#include <corolla/runtime/error.hpp>

#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

/// The peer, or a file with a key or certificates, is not what TLS wants.
class COROLLA_API TlsError : public Error {
 public:
  /// `reason` is OpenSSL's, "wrong version number"; empty when there is none.
  TlsError(std::string message, std::string reason) : Error(std::move(message)), reason_(std::move(reason)) {}
  ~TlsError() override;
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// The peer's certificate is not good for this connection. what() says whose and why: "certificate has expired (not after
/// 2020-01-01 00:00:00 GMT)", "hostname 'a' does not match 'b'", "self-signed certificate" …
class COROLLA_API TlsCertificateError : public TlsError {
 public:
  /// `verify_code` is OpenSSL's X509_V_ERR_ number.
  TlsCertificateError(std::string message, std::string reason, int verify_code)
      : TlsError(std::move(message), std::move(reason)), verify_code_(verify_code) {}
  ~TlsCertificateError() override;
  [[nodiscard]] int verify_code() const noexcept { return verify_code_; }

 private:
  int verify_code_;
};

}  // namespace v0
}  // namespace corolla
