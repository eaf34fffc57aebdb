// SPDX-License-Identifier: Apache-2.0
/// \file
/// MultipartParser: a multipart body taken apart, bytes in, events out. Source: RFC 2046, section 5.1; RFC 7578.
///
/// A delimiter is CR LF "--" and the boundary; the first one may do without its CR LF, as if there were one in front of the body.
/// What precedes it is dropped, and so is what follows the last one, "--" behind it. After a delimiter come blanks, CR LF, the part's
/// fields, an empty line, and its bytes up to the next delimiter. A boundary that is followed by anything else would be content to
/// some readers and a delimiter to others: that is refused, and so are lines that end in a bare LF, folded fields and a body without
/// its last delimiter.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/http/multipart_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

enum class MultipartEvent : std::uint8_t {
  kNeedMore,
  kPart,     ///< a part begins: headers()
  kBody,     ///< body(), not empty
  kPartEnd,  ///< the part is over
  kEnd,      ///< and so are all; what follows is ignored
};

class MultipartParser {
 public:
  /// HttpProtocolError for a boundary that is none (RFC 2046: 1 to 70 characters of a small set).
  MultipartParser(std::string_view boundary, const MultipartLimits& limits);

  /// More of the body; only after kNeedMore.
  void feed(std::string_view bytes);
  /// HttpProtocolError: 400 for what is malformed, 413 above a limit.
  MultipartEvent next();
  /// The body has ended: HttpProtocolError when its last delimiter did not come.
  void finish() const;

  [[nodiscard]] Headers& headers() noexcept { return headers_; }
  /// Valid until the next call.
  [[nodiscard]] std::string_view body() const noexcept { return body_; }

 private:
  enum class State : std::uint8_t { kPreamble, kDelimiter, kHead, kEmptyLine, kBody, kEnd };

  [[nodiscard]] std::string_view rest() const noexcept { return std::string_view(buffer_).substr(position_); }
  MultipartEvent read_preamble();
  MultipartEvent read_delimiter();
  MultipartEvent read_head();
  MultipartEvent read_body();
  void read_field(std::string_view line);
  /// Where a delimiter begins in rest(), or may begin when more comes; rest().size() for nowhere.
  [[nodiscard]] std::size_t find_delimiter(bool& whole) const noexcept;

  std::string delimiter_;
  MultipartLimits limits_;
  std::string buffer_ = "\r\n";
  std::size_t position_ = 0;
  State state_ = State::kPreamble;
  std::size_t parts_ = 0;
  std::size_t dropped_ = 0;
  Headers headers_;
  std::string_view body_;
};

}  // namespace corolla::inline v0::http
