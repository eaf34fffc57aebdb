// SPDX-License-Identifier: Apache-2.0
/// \file
/// What client and server share about a message: its version, and the limits within which it is read.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace corolla::inline v0::http {

/// The version a message was sent in.
enum class HttpVersion : std::uint8_t { kHttp10, kHttp11, kHttp2 };

/// "HTTP/1.0", "HTTP/1.1", "HTTP/2".
[[nodiscard]] COROLLA_API std::string_view to_string(HttpVersion version) noexcept;

/// The standard reason phrase of a status code (RFC 9110, section 15); "" where there is none.
[[nodiscard]] COROLLA_API std::string_view reason_phrase(int status) noexcept;

/// How much of a message's head is accepted, in bytes. What is above is HeaderTooLarge (414 for the start line, 431 else).
struct ParserLimits {
  /// Start line, without its CR LF.
  std::size_t start_line = std::size_t{8} * 1024;
  /// One field line: name, colon and value.
  std::size_t field = std::size_t{8} * 1024;
  /// Start line and all fields together; the trailers of a chunked body have the same limit again.
  std::size_t header_block = std::size_t{64} * 1024;
  /// Number of fields.
  std::size_t fields = 256;
  /// Framing of a chunked body (sizes, extensions) beyond 16 bytes a chunk and twice the body.
  std::size_t chunk_overhead = std::size_t{16} * 1024;
};
// An aggregate may be a temporary in a co_await expression on g++ 12 only if nothing has to destroy it.
static_assert(std::is_trivially_destructible_v<ParserLimits>);

}  // namespace corolla::inline v0::http
