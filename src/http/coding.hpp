// SPDX-License-Identifier: Apache-2.0
/// \file
/// One content coding, behind which zlib, brotli and zstd stand.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// A coding being undone. Errors are ClientPayloadError.
class Coding {
 public:
  virtual ~Coding() = default;
  /// Consumes from the front of `input` and appends at most `room` decoded bytes to `out`. Progress is made as long as
  /// there is input and room; output may come without input, so the caller goes on until nothing is appended.
  virtual void step(std::string_view& input, std::string& out, std::size_t room) = 0;
  /// The input has ended: throws when the coded data has not. No byte at all is an empty body, whatever its header says.
  virtual void finish() = 0;
};

/// The coding of this name (lower or upper case), or nullptr when it is not known. "identity" is no coding.
[[nodiscard]] std::unique_ptr<Coding> make_coding(std::string_view name);
[[nodiscard]] bool is_known_coding(std::string_view name) noexcept;

[[nodiscard]] std::unique_ptr<Coding> make_gzip_coding();
[[nodiscard]] std::unique_ptr<Coding> make_deflate_coding();
[[nodiscard]] std::unique_ptr<Coding> make_brotli_coding();
[[nodiscard]] std::unique_ptr<Coding> make_zstd_coding();

}  // namespace corolla::inline v0::http
