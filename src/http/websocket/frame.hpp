// SPDX-License-Identifier: Apache-2.0
/// \file
/// Frames of a WebSocket on the wire: their headers and their masks. Source: RFC 6455, section 5.
#pragma once

#include <corolla/http/websocket_error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corolla::inline v0::http {

enum class WsOpcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

[[nodiscard]] constexpr bool is_control(WsOpcode opcode) noexcept { return static_cast<unsigned>(opcode) >= 0x8U; }

/// The four bytes that a client's payload is combined with.
using WsMask = std::array<unsigned char, 4>;

struct WsFrameHeader {
  WsOpcode opcode = WsOpcode::kText;
  bool fin = true;
  bool rsv1 = false;  ///< the message is compressed
  bool masked = false;
  WsMask mask{};
  std::uint64_t payload_size = 0;
};

inline constexpr std::size_t kMostWsHeader = 14;
inline constexpr std::size_t kMostWsControlPayload = 125;

/// Reads the header at the front of `bytes` and returns its size, 0 when it is not complete. What is wrong with it by itself
/// is refused as early as it shows: WebSocketError (1002) for reserved bits 2 and 3 and reserved opcodes, for control frames
/// that are fragmented or above 125 bytes, for lengths with the top bit or not in their shortest form.
[[nodiscard]] std::size_t read_frame_header(std::string_view bytes, WsFrameHeader& header);

/// Whether a close frame may have it: those of RFC 6455, section 7.4, and those registered since.
[[nodiscard]] constexpr bool is_close_code(int code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// Writes a header into kMostWsHeader bytes; its size.
[[nodiscard]] std::size_t write_frame_header(char* out, const WsFrameHeader& header) noexcept;

/// Combines the bytes with the mask, beginning with its byte `offset % 4`; `to` may be `from`. Twice is not at all.
void apply_mask(const char* from, char* to, std::size_t size, const WsMask& mask, std::uint64_t offset = 0) noexcept;

/// Bytes that nobody can guess, from the kernel's generator.
[[nodiscard]] WsMask random_mask();

}  // namespace corolla::inline v0::http
