// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the two ends of a WebSocket's handshake have in common. Source: RFC 6455, sections 1.3, 4 and 11.3.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/websocket.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// ValueError for options out of range.
void check_options(const WebSocketOptions& options);

/// A new Sec-WebSocket-Key: 16 bytes in base64, from the kernel's generator.
[[nodiscard]] std::string make_websocket_key();
/// Whether it is one.
[[nodiscard]] bool is_websocket_key(std::string_view key) noexcept;
/// The Sec-WebSocket-Accept that answers it.
[[nodiscard]] std::string accept_for_key(std::string_view key);

/// The values of all fields of this name, joined by commas, which means the same.
[[nodiscard]] std::string joined_values(const Headers& headers, std::string_view name);
/// The parts of a list with commas, without white space, empty ones left out.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view list);

}  // namespace corolla::inline v0::http
