// SPDX-License-Identifier: Apache-2.0
/// \file
/// Frames of HTTP/2 by hand, well-formed or not (RFC 9113, section 4; RFC 7541 without tables and Huffman codes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla_tests {

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
  kNoFrame = 255  ///< the connection ended
};

// Error codes (RFC 9113, section 7).
inline constexpr int kProtocolError = 1;
inline constexpr int kFlowControlError = 3;
inline constexpr int kFrameSizeError = 6;
inline constexpr int kEnhanceYourCalm = 11;

inline constexpr std::uint8_t kEndStream = 1;
inline constexpr std::uint8_t kAck = 1;
inline constexpr std::uint8_t kEndHeaders = 4;

using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string big_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i) & 0xFF);
  return text;
}

inline std::uint32_t number_of(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char c : bytes) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t id, std::string_view payload = {}) {
  std::string text = big_endian(payload.size(), 3);
  text += static_cast<char>(type);
  text += static_cast<char>(flags);
  return text + big_endian(id, 4) + std::string(payload);
}

// RFC 7541, section 5.1, for seven bits.
inline std::string hpack_string(std::string_view text) {
  std::string out;
  if (text.size() < 127) {
    out += static_cast<char>(text.size());
  } else {
    out += static_cast<char>(127);
    std::size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 + 128);
    out += static_cast<char>(rest);
  }
  return out + std::string(text);
}

inline std::string hpack(const Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) block += '\0' + hpack_string(name) + hpack_string(value);
  return block;
}

inline std::string headers(std::uint32_t id, const Fields& fields, bool last = true) {
  return frame(kHeaders, static_cast<std::uint8_t>(kEndHeaders | (last ? kEndStream : 0)), id, hpack(fields));
}

inline Fields request(std::string method, std::string path, const Fields& more = {}) {
  Fields fields = {
      {":method", std::move(method)}, {":scheme", "http"}, {":authority", "a"}, {":path", std::move(path)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

inline std::string get(std::uint32_t id, std::string path, const Fields& more = {}) {
  return headers(id, request("GET", std::move(path), more));
}

inline std::string settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& entries = {}) {
  std::string payload;
  for (const auto& [name, value] : entries) payload += big_endian(name, 2) + big_endian(value, 4);
  return frame(kSettings, 0, 0, payload);
}

inline std::string data(std::uint32_t id, std::string_view bytes, bool last = false) {
  return frame(kData, last ? kEndStream : 0, id, bytes);
}

inline std::string reset(std::uint32_t id, std::uint32_t code = 8) {
  return frame(kRstStream, 0, id, big_endian(code, 4));
}
inline std::string window_update(std::uint32_t id, std::uint32_t size) {
  return frame(kWindowUpdate, 0, id, big_endian(size, 4));
}

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline std::string preface() { return std::string(kPreface) + settings(); }

}  // namespace corolla_tests
