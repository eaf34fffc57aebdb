// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/frame.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <cstring>

#include <sys/random.h>

namespace corolla::inline v0::http {

namespace {

[[nodiscard]] unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

[[noreturn]] void refuse(const char* why) { throw WebSocketError(kWsProtocolError, why); }

[[nodiscard]] std::uint64_t read_length(std::string_view bytes, std::size_t size) noexcept {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < size; ++i) length = length << 8U | byte_at(bytes, 2 + i);
  return length;
}

}  // namespace

std::size_t read_frame_header(std::string_view bytes, WsFrameHeader& header) {
  if (bytes.empty()) return 0;
  const unsigned first = byte_at(bytes, 0);
  if ((first & 0x30U) != 0) refuse("a frame has reserved bits set");
  const unsigned code = first & 0x0FU;
  if ((code > 0x2 && code < 0x8) || code > 0xA) refuse("a frame has a reserved opcode");
  header.opcode = static_cast<WsOpcode>(code);
  header.fin = (first & 0x80U) != 0;
  header.rsv1 = (first & 0x40U) != 0;
  if (is_control(header.opcode)) {
    if (!header.fin) refuse("a control frame is fragmented");
    if (header.rsv1) refuse("a control frame has a reserved bit set");
  }
  if (bytes.size() < 2) return 0;
  const unsigned second = byte_at(bytes, 1);
  header.masked = (second & 0x80U) != 0;
  const unsigned short_length = second & 0x7FU;
  if (is_control(header.opcode) && short_length > kMostWsControlPayload) refuse("a control frame is above 125 bytes");
  const std::size_t length_size = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  // The length is judged as soon as it is there: who sends a bad one need not be waited for.
  if (bytes.size() < 2 + length_size) return 0;
  header.payload_size = length_size == 0 ? short_length : read_length(bytes, length_size);
  if (header.payload_size >> 63U != 0) refuse("a frame's length has its top bit set");
  if ((length_size == 2 && header.payload_size < 126) || (length_size == 8 && header.payload_size < 65536))
    refuse("a frame's length is not in its shortest form");
  const std::size_t size = 2 + length_size + (header.masked ? 4 : 0);
  if (bytes.size() < size) return 0;
  if (header.masked) std::memcpy(header.mask.data(), bytes.data() + size - 4, 4);
  return size;
}

std::size_t write_frame_header(char* out, const WsFrameHeader& header) noexcept {
  const auto put = [&](std::size_t at, std::uint64_t byte) { out[at] = static_cast<char>(byte & 0xFFU); };
  put(0, (header.fin ? 0x80U : 0U) | (header.rsv1 ? 0x40U : 0U) | static_cast<unsigned>(header.opcode));
  const unsigned mask_bit = header.masked ? 0x80U : 0U;
  std::size_t size = 2;
  if (header.payload_size < 126) {
    put(1, mask_bit | header.payload_size);
  } else if (header.payload_size < 65536) {
    put(1, mask_bit | 126U);
    put(2, header.payload_size >> 8U);
    put(3, header.payload_size);
    size = 4;
  } else {
    put(1, mask_bit | 127U);
    for (unsigned i = 0; i < 8; ++i) put(2 + i, header.payload_size >> (56U - 8U * i));
    size = 10;
  }
  if (header.masked) {
    std::memcpy(out + size, header.mask.data(), 4);
    size += 4;
  }
  return size;
}

void apply_mask(const char* from, char* to, std::size_t size, const WsMask& mask, std::uint64_t offset) noexcept {
  unsigned char turned[8];
  for (unsigned i = 0; i < 8; ++i) turned[i] = mask[(offset + i) % 4];
  std::uint64_t wide_mask = 0;
  std::memcpy(&wide_mask, turned, 8);
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + at, 8);
    word ^= wide_mask;
    std::memcpy(to + at, &word, 8);
  }
  for (std::size_t i = 0; at < size; ++at, ++i)
    to[at] = static_cast<char>(static_cast<unsigned char>(from[at]) ^ turned[i]);
}

WsMask random_mask() {
  struct Pool {
    std::array<unsigned char, 256> bytes;
    std::size_t used = 256;
  };
  thread_local Pool pool;
  if (pool.used == pool.bytes.size()) {
    // 256 bytes are never given in part.
    while (::getrandom(pool.bytes.data(), pool.bytes.size(), 0) < 0)
      if (errno != EINTR) throw OSError(errno, "getrandom");
    pool.used = 0;
  }
  WsMask mask;
  std::memcpy(mask.data(), pool.bytes.data() + pool.used, mask.size());
  pool.used += mask.size();
  return mask;
}

}  // namespace corolla::inline v0::http
