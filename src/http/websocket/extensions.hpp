// SPDX-License-Identifier: Apache-2.0
/// \file
/// Agreeing on permessage-deflate. Source: RFC 6455, section 9.1; RFC 7692, section 7.1.
#pragma once

#include <corolla/http/websocket.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// What both ends agreed on.
struct DeflateAgreement {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
};

/// What a client asks for, as the value of Sec-WebSocket-Extensions.
[[nodiscard]] std::string offer_deflate(const PerMessageDeflate& options);

/// A server's choice among the offers of a client (the values of its fields, joined by commas): the first that it can keep to,
/// within its own options; nullopt for none. What is no permessage-deflate is passed over. `answer` becomes the value of
/// its own field. WebSocketError (1010) when the field is malformed.
[[nodiscard]] std::optional<DeflateAgreement> choose_deflate(std::string_view offers, const PerMessageDeflate& options,
                                                             std::string& answer);

/// What a client makes of the server's answer; nullopt when that is empty. WebSocketError (1010) when the answer is malformed
/// or is none to offer_deflate(options).
[[nodiscard]] std::optional<DeflateAgreement> read_deflate_answer(std::string_view answer,
                                                                  const PerMessageDeflate& options);

}  // namespace corolla::inline v0::http
