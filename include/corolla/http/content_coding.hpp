// SPDX-License-Identifier: Apache-2.0
/// \file
/// Undoing Content-Encoding, piece by piece and within limits.
///
/// Source: RFC 9110, section 8.4.1; RFC 1950 to 1952, 7932, 8878, 9659.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace corolla::inline v0::http {

/// How much a body may grow when it is decoded.
struct DecodeLimits {
  /// Decoded bytes of one body.
  std::uint64_t decoded_bytes = std::uint64_t{256} << 20U;
  /// Decoded bytes per encoded byte, once the body is larger than `ratio_from`. (Deflate alone reaches 1,032.)
  std::uint64_t ratio = 200;
  /// Below this a body may have any ratio: short texts of one repeated byte do no harm.
  std::uint64_t ratio_from = std::uint64_t{1} << 20U;
};
// An aggregate may be a temporary in a co_await expression on g++ 12 only if nothing has to destroy it.
static_assert(std::is_trivially_destructible_v<DecodeLimits>);

/// Decodes one body. Codings: gzip (and x-gzip, with any number of members), deflate (with or without the zlib wrapper, as
/// browsers take it), br, zstd (any number of frames, windows up to 8 MiB), identity, and up to four of them stacked. One thread at a time; may be moved to a worker between calls.
class COROLLA_API Decoder {
 public:
  /// Whether every coding in the value of a Content-Encoding field is known here.
  [[nodiscard]] static bool supports(std::string_view content_encoding) noexcept;
  /// What to send as Accept-Encoding.
  [[nodiscard]] static std::string_view accept_encoding() noexcept { return "gzip, deflate, br, zstd"; }

  /// Nothing is decoded, limits still count.
  Decoder();
  /// `content_encoding` is the field's value: codings in the order in which they were applied.
  /// Throws ClientPayloadError for an unknown one, or for more than four.
  explicit Decoder(std::string_view content_encoding, const DecodeLimits& limits = DecodeLimits());
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Whether bytes pass unchanged, so that a caller may skip decode() (and then watches the limits itself).
  [[nodiscard]] bool is_identity() const noexcept;
  /// Appends the decoded form of the next piece to `out`. Throws ClientPayloadError for broken data, ContentTooLarge above
  /// a limit; after either the decoder is of no use. What was appended before the error is valid.
  void decode(std::string_view piece, std::string& out);
  /// Says that the body is over. Throws ClientPayloadError when a coding is not: the body was cut short.
  void finish();
  /// Decoded bytes so far.
  [[nodiscard]] std::uint64_t decoded_bytes() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace corolla::inline v0::http
