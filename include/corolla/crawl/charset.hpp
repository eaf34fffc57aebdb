// SPDX-License-Identifier: Apache-2.0
/// \file
/// The encoding of a page and its text as UTF-8.
///
/// All functions are synchronous, pure and thread safe. They accept any bytes and never fail: what cannot be decoded
/// becomes U+FFFD. `to_utf8` needs memory for up to three times the input.
///
/// Source: WHATWG Encoding standard (labels, U+FFFD), HTML standard 13.2.3 (sniffing).
#pragma once

#include <corolla/runtime/api.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::crawl {

/// How the encoding was found, surest first.
enum class CharsetSource { kByteOrderMark, kHttpHeader, kMeta, kUtf8Validity, kDetector, kDefault };

struct Charset {
  std::string_view name;  ///< WHATWG's name in its own spelling ("UTF-8", "windows-1252", "Shift_JIS"); static storage
  CharsetSource source;
};

/// WHATWG's name for a label such as "latin1" or " UTF8 "; nullopt for a label the standard does not know.
COROLLA_API std::optional<std::string_view> charset_of_label(std::string_view label);

/// The charset parameter of a Content-Type header's value, as written; empty if it has none.
COROLLA_API std::string_view charset_parameter(std::string_view content_type);

/// Finds the encoding of `bytes`: byte order mark, `http_charset` (a label, unknown ones are ignored), `<meta charset>`
/// or http-equiv in the first 1,024 bytes, well-formedness as UTF-8, a statistical guess, windows-1252.
COROLLA_API Charset detect_charset(std::string_view bytes, std::string_view http_charset = {});

/// Text as UTF-8. `view()` refers to the bytes given when they already were well-formed UTF-8, so these must live as
/// long as it is used; otherwise to the text held here. Movable, not copyable.
class COROLLA_API Utf8Text {
 public:
  Utf8Text(std::string_view borrowed, Charset charset) noexcept : borrowed_(borrowed), charset_(charset) {}
  Utf8Text(std::string owned, Charset charset) noexcept
      : owned_(std::move(owned)), charset_(charset), is_owned_(true) {}
  Utf8Text(Utf8Text&&) noexcept = default;
  Utf8Text& operator=(Utf8Text&&) noexcept = default;
  Utf8Text(const Utf8Text&) = delete;
  Utf8Text& operator=(const Utf8Text&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return is_owned_ ? std::string_view(owned_) : borrowed_; }
  [[nodiscard]] bool is_borrowed() const noexcept { return !is_owned_; }
  [[nodiscard]] const Charset& charset() const noexcept { return charset_; }

 private:
  std::string owned_;
  std::string_view borrowed_;
  Charset charset_;
  bool is_owned_ = false;
};

/// Decodes `bytes` in the encoding that detect_charset finds; a byte order mark is removed.
COROLLA_API Utf8Text to_utf8(std::string_view bytes, std::string_view http_charset = {});

}  // namespace corolla::inline v0::crawl
