// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a server's responses are compressed: one by one, or by a middleware.
///
///     response.enable_compression();                               // this one
///     app.add_middleware(http::compress());                        // all that are worth it
///
/// Source: RFC 9110, section 12.5.3; aiohttp's enable_compression; nginx's gzip module. The coding is the one that the client's
/// Accept-Encoding gives the most weight; among equals zstd, br, gzip, deflate in this order. Streamed bodies are flushed at each
/// write, so that nothing a client waits for stays behind. "Vary: Accept-Encoding" is added, whatever is chosen; an ETag
/// becomes a weak one. Left as they are: parts of a file (206), what has a Content-Encoding already, "no-transform", empty
/// bodies, and texts that do not become shorter.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace corolla::inline v0::http {

enum class ContentCoding : std::uint8_t { kDeflate, kGzip, kBrotli, kZstd };

/// What zlib looks for; of gzip and deflate alone.
enum class CompressionStrategy : std::uint8_t { kDefault, kFiltered, kHuffmanOnly, kRle, kFixed };

/// How a response is compressed.
struct CompressionOptions {
  /// This coding, whatever the client says it takes.
  std::optional<ContentCoding> force;
  /// 1 to 9 for gzip and deflate, 0 to 11 for br, 1 to 19 for zstd; what is beyond is taken for the nearest. Nothing: 6, 5, 3.
  std::optional<int> level;
  CompressionStrategy strategy = CompressionStrategy::kDefault;
};
// An aggregate may be a temporary in a co_await expression on g++ 12 only if nothing has to destroy it.
static_assert(std::is_trivially_destructible_v<CompressionOptions>);

}  // namespace corolla::inline v0::http
