// SPDX-License-Identifier: Apache-2.0
/// \file
/// The Range field: which bytes of a representation are asked for. Pure functions, safe from any thread.
///
/// Source: RFC 9110, section 14.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// Bytes first to last, both included; never empty.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What a server does about a Range field.
enum class RangeResult : std::uint8_t {
  kIgnore,         ///< no byte range, malformed or abusive: send the whole with 200
  kPartial,        ///< send these with 206
  kUnsatisfiable,  ///< 416 with "Content-Range: bytes */SIZE"
};

struct Ranges {
  RangeResult result = RangeResult::kIgnore;
  /// In the order asked for, cut to the size; parts out of reach are left out.
  std::vector<ByteRange> ranges;
};

/// Reads the value of a Range field for a representation of `size` bytes. More than `most` ranges, or more than two that
/// overlap, are ignored as a whole: they are how a server is made to send a file many times (section 17.15).
[[nodiscard]] COROLLA_API Ranges parse_range(std::string_view value, std::uint64_t size, std::size_t most = 16);

/// "bytes 0-499/1234": the value of Content-Range for one part.
[[nodiscard]] COROLLA_API std::string format_content_range(const ByteRange& range, std::uint64_t size);

}  // namespace corolla::inline v0::http
