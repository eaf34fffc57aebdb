// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can go wrong with a WebSocket, under aiohttp's names; and the codes with which one closes.
///
///     Error
///       WebSocketError                 the peer's bytes are no WebSocket, or too many
///       ClientError
///         ClientResponseError
///           WSServerHandshakeError     the server did not switch to WebSocket
///
/// All are thread safe to copy. Source: aiohttp's WebSocketError, WSServerHandshakeError and WSCloseCode; RFC 6455, section 7.4.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/error.hpp>

#include <string>
#include <utility>

namespace corolla::inline v0::http {

/// Why a WebSocket closes. Applications have 3000 (registered) to 4999 for themselves.
enum WsCloseCode : int {
  kWsOk = 1000,
  kWsGoingAway = 1001,
  kWsProtocolError = 1002,
  kWsUnsupportedData = 1003,
  kWsNoStatus = 1005,         ///< never sent: the peer's close frame had no code
  kWsAbnormalClosure = 1006,  ///< never sent: the connection ended without a close frame
  kWsInvalidText = 1007,
  kWsPolicyViolation = 1008,
  kWsMessageTooBig = 1009,
  kWsMandatoryExtension = 1010,
  kWsInternalError = 1011,
  kWsServiceRestart = 1012,
  kWsTryAgainLater = 1013,
  kWsBadGateway = 1014,
};

/// The peer broke the protocol or a limit; code() is what it was told: 1002, 1007 or 1009.
class COROLLA_API WebSocketError : public Error {
 public:
  WebSocketError(int code, std::string message) : Error(std::move(message)), code_(code) {}
  ~WebSocketError() override;
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// The answer to a client's handshake is another status than 101, or does not fit what was asked.
class COROLLA_API WSServerHandshakeError : public ClientResponseError {
 public:
  WSServerHandshakeError(int status, std::string message, Headers headers)
      : ClientResponseError(status, std::move(message)), headers_(std::move(headers)) {}
  ~WSServerHandshakeError() override;
  /// The fields of the answer.
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

 private:
  Headers headers_;
};

}  // namespace corolla::inline v0::http
