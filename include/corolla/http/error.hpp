// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can go wrong in HTTP, under aiohttp's names, on one chain from corolla::Error.
///
///     Error
///       ClientError                    anything the client reports
///         ClientConnectionError        no connection, or it broke
///           ServerDisconnectedError    the peer closed before a response began
///           ClientOSError              a system call failed
///             ClientConnectorError     nobody answers there, or the name has no address
///               ClientProxyConnectionError  nobody answers at the proxy's address
///               ClientSSLError         TLS went wrong
///                 ClientConnectorCertificateError  the server's certificate is refused
///           ServerFingerprintMismatch  the certificate is not the one that was expected
///         ClientPayloadError           the body broke off or cannot be decoded
///           ContentTooLarge            a cap on bytes, decoded bytes or ratio was hit
///         ClientResponseError          a whole response that counts as an error (raise_for_status)
///           TooManyRedirects
///           ClientHttpProxyError     the proxy refuses to open a tunnel
///           ContentTypeError         the body is not of the type that was asked for
///         HttpProtocolError            bytes that are not HTTP
///           HeaderTooLarge             a limit of the head was hit
///       TimeoutError
///         ServerTimeoutError           the server took too long
///           ConnectionTimeoutError     there was no connection in time
///           SocketTimeoutError         nothing arrived, or left, for too long
///       ValueError
///         InvalidUrl                   aiohttp's InvalidURL, which is a ValueError there too
///         HeaderInjection              CR, LF or NUL where a header name or value was wanted
///
/// All are thread safe to copy. Source: aiohttp's "Client exceptions".
#pragma once

#include <corolla/net/tls_error.hpp>
#include <corolla/runtime/error.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace corolla::inline v0::http {

/// Base of what the HTTP client reports.
class COROLLA_API ClientError : public Error {
 public:
  using Error::Error;
  ~ClientError() override;
};

/// A connection could not be made, or broke in use.
class COROLLA_API ClientConnectionError : public ClientError {
 public:
  using ClientError::ClientError;
  ~ClientConnectionError() override;
};

/// A system call on a connection failed; code() is what it failed with.
class COROLLA_API ClientOSError : public ClientConnectionError {
 public:
  /// `peer` is the host and port concerned.
  ClientOSError(std::string_view peer, const OSError& error)
      : ClientConnectionError(std::string(peer) + ": " + error.what()), code_(error.code()) {}
  ~ClientOSError() override;
  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }

 protected:
  ClientOSError(std::string message, std::error_code code) : ClientConnectionError(std::move(message)), code_(code) {}

 private:
  std::error_code code_;
};

/// No connection could be made: the name has no address, or nobody answers there.
class COROLLA_API ClientConnectorError : public ClientOSError {
 public:
  ClientConnectorError(std::string_view peer, const OSError& error)
      : ClientOSError("cannot connect to " + std::string(peer), error) {}
  ~ClientConnectorError() override;

 protected:
  using ClientOSError::ClientOSError;
};

/// No connection to the proxy could be made.
class COROLLA_API ClientProxyConnectionError : public ClientConnectorError {
 public:
  ClientProxyConnectionError(std::string_view peer, const OSError& error)
      : ClientConnectorError("the proxy " + std::string(peer), error) {}
  ~ClientProxyConnectionError() override;
};

/// No TLS with the server; code() is std::errc::protocol_error.
class COROLLA_API ClientSSLError : public ClientConnectorError {
 public:
  ClientSSLError(std::string_view peer, const TlsError& error)
      : ClientConnectorError(std::string(peer) + ": " + error.what(), std::make_error_code(std::errc::protocol_error)),
        reason_(error.reason()) {}
  ~ClientSSLError() override;
  /// OpenSSL's words.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// The server's certificate is expired, another's, unknown …: what() says which.
class COROLLA_API ClientConnectorCertificateError : public ClientSSLError {
 public:
  ClientConnectorCertificateError(std::string_view peer, const TlsCertificateError& error)
      : ClientSSLError(peer, error), verify_code_(error.verify_code()) {}
  ~ClientConnectorCertificateError() override;
  /// OpenSSL's X509_V_ERR_ number.
  [[nodiscard]] int verify_code() const noexcept { return verify_code_; }

 private:
  int verify_code_;
};

/// The server closed the connection before the first byte of a response.
class COROLLA_API ServerDisconnectedError : public ClientConnectionError {
 public:
  explicit ServerDisconnectedError(std::string message = "server disconnected")
      : ClientConnectionError(std::move(message)) {}
  ~ServerDisconnectedError() override;
};

/// The server's certificate has none of the fingerprints that were asked for. Nothing was sent.
class COROLLA_API ServerFingerprintMismatch : public ClientConnectionError {
 public:
  using ClientConnectionError::ClientConnectionError;
  ~ServerFingerprintMismatch() override;
};

/// The body ended early, or its content coding is broken.
class COROLLA_API ClientPayloadError : public ClientError {
 public:
  using ClientError::ClientError;
  ~ClientPayloadError() override;
};

/// A body is larger than its cap, on the wire, decoded, or as a ratio of the two.
class COROLLA_API ContentTooLarge : public ClientPayloadError {
 public:
  using ClientPayloadError::ClientPayloadError;
  ~ContentTooLarge() override;
};

/// A response arrived whole and its status counts as an error.
class COROLLA_API ClientResponseError : public ClientError {
 public:
  ClientResponseError(int status, std::string message) : ClientError(std::move(message)), status_(status) {}
  ~ClientResponseError() override;
  /// The status code, e.g. 404.
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

/// More redirects than the request allows.
class COROLLA_API TooManyRedirects : public ClientResponseError {
 public:
  using ClientResponseError::ClientResponseError;
  ~TooManyRedirects() override;
};

/// The proxy does not connect to the server: status() is what it answered, 407 when it wants credentials.
class COROLLA_API ClientHttpProxyError : public ClientResponseError {
 public:
  using ClientResponseError::ClientResponseError;
  ~ClientHttpProxyError() override;
};

/// The response's Content-Type is not what it was to be read as.
class COROLLA_API ContentTypeError : public ClientResponseError {
 public:
  using ClientResponseError::ClientResponseError;
  ~ContentTypeError() override;
};

/// The peer's bytes are not HTTP, or are HTTP of the kind that request smuggling is made of.
/// The connection they came from must be closed.
class COROLLA_API HttpProtocolError : public ClientError {
 public:
  /// `suggested_status` is what a server answers before it closes.
  explicit HttpProtocolError(std::string message, int suggested_status = 400)
      : ClientError(std::move(message)), suggested_status_(suggested_status) {}
  ~HttpProtocolError() override;
  /// 400, 414, 431, 501 or 505: the answer a server owes the client that sent this.
  [[nodiscard]] int suggested_status() const noexcept { return suggested_status_; }

 private:
  int suggested_status_;
};

/// A start line, a field, their number or their sum is above its limit.
class COROLLA_API HeaderTooLarge : public HttpProtocolError {
 public:
  explicit HeaderTooLarge(std::string message, int suggested_status = 431)
      : HttpProtocolError(std::move(message), suggested_status) {}
  ~HeaderTooLarge() override;
};

/// The server took too long; the total time's end is a plain TimeoutError.
class COROLLA_API ServerTimeoutError : public TimeoutError {
 public:
  using TimeoutError::TimeoutError;
  ~ServerTimeoutError() override;
};

/// No connection in time: nothing was sent.
class COROLLA_API ConnectionTimeoutError : public ServerTimeoutError {
 public:
  using ServerTimeoutError::ServerTimeoutError;
  ~ConnectionTimeoutError() override;
};

/// Nothing arrived, or left, for too long.
class COROLLA_API SocketTimeoutError : public ServerTimeoutError {
 public:
  using ServerTimeoutError::ServerTimeoutError;
  ~SocketTimeoutError() override;
};

/// A text that is no URL.
class COROLLA_API InvalidUrl : public ValueError {
 public:
  using ValueError::ValueError;
  ~InvalidUrl() override;
};

/// A header name or value that would change the message around it.
class COROLLA_API HeaderInjection : public ValueError {
 public:
  using ValueError::ValueError;
  ~HeaderInjection() override;
};

}  // namespace corolla::inline v0::http
