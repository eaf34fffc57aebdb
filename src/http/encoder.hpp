// SPDX-License-Identifier: Apache-2.0
/// \file
/// Encoder: a content coding being applied, piece by piece; the other way of Decoder.
#pragma once

#include <corolla/http/compression.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

class Encoder {
 public:
  enum class Flush : unsigned char {
    kNo,
    kYes,  ///< all that was given can be decoded from what came out
    kEnd,  ///< and nothing follows
  };
  virtual ~Encoder() = default;
  /// Appends to `out` what the piece becomes.
  virtual void encode(std::string_view piece, std::string& out, Flush flush) = 0;
};

[[nodiscard]] std::unique_ptr<Encoder> make_encoder(ContentCoding coding, const CompressionOptions& options);
/// As it stands in Content-Encoding.
[[nodiscard]] std::string_view name_of(ContentCoding coding) noexcept;

}  // namespace corolla::inline v0::http
