// SPDX-License-Identifier: Apache-2.0
// "Domain to ASCII" of the URL Standard: UTS 46, non-transitional, with hyphens and lengths unchecked.
//
// libidn2 does the mapping, normalisation and validation of one label, but it is stricter than UTS 46 in two ways: it
// checks hyphens and lengths, also of ASCII labels, and it refuses the symbols that IDNA 2008 dropped and browsers kept.
// So labels are taken one by one: an ASCII label never reaches it, and a label it disallows is looked at again here, in
// case each of its code points is a symbol or stands for itself.
#include "punycode.hpp"
#include "url_parser.hpp"

#include <idn2.h>

#include <algorithm>
#include <optional>

namespace corolla::inline v0::http {

namespace {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_punycode(std::string_view label) noexcept {
  return label.size() >= 4 && to_lower(label[0]) == 'x' && to_lower(label[1]) == 'n' && label[2] == '-' &&
         label[3] == '-';
}

/// Symbols and emoji that UTS 46 maps to themselves in whole blocks (its status NV8).
constexpr bool is_symbol(char32_t point) noexcept {
  return (point >= 0x2600 && point <= 0x27BF) || (point >= 0x1F1E6 && point <= 0x1F1FF) ||
         (point >= 0x1F300 && point <= 0x1F64F) || (point >= 0x1F680 && point <= 0x1F6D7) ||
         (point >= 0x1F90C && point <= 0x1F9FF);
}

/// The next code point; nothing where the bytes are not UTF-8.
std::optional<char32_t> next_point(std::string_view& text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  constexpr std::array<unsigned, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  char32_t point = lead & kLeadBits[length];
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (byte & 0x3FU);
  }
  if (point < kSmallest[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

std::optional<std::u32string> to_points(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    const auto point = next_point(text);
    if (!point) return std::nullopt;
    points += *point;
  }
  return points;
}

std::string to_utf8(char32_t point) {
  std::string out;
  const auto continuation = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    continuation(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | (point >> 12U));
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18U));
    continuation(12);
    continuation(6);
    continuation(0);
  }
  return out;
}

int look_up(const std::string& label, std::string& out) {
  char* result = nullptr;
  const int code = idn2_to_ascii_8z(label.c_str(), &result, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (code == IDN2_OK) out += result;
  idn2_free(result);
  return code;
}

/// Whether the label is made of symbols and of characters that UTS 46 leaves alone, so that nothing needs mapping.
bool stands_for_itself(std::u32string_view label) {
  for (const char32_t point : label) {
    if (is_symbol(point) || (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') || point == '-') continue;
    if (point < 0x80) return false;
    const auto encoded = punycode_encode(std::u32string_view(&point, 1));
    std::string mapped;
    if (!encoded || look_up(to_utf8(point), mapped) != IDN2_OK || mapped != "xn--" + *encoded) return false;
  }
  return true;
}

/// A label that libidn2 disallows, by the wider rule. False: it is disallowed by UTS 46 as well, as far as is known here.
bool append_symbol_label(std::string_view label, std::string& out) {
  std::string lower;
  for (const char c : label) lower += to_lower(c);
  if (is_punycode(lower)) {
    const auto points = punycode_decode(std::string_view(lower).substr(4));
    if (!points || !stands_for_itself(*points)) return false;
    out += lower;
    return true;
  }
  auto points = to_points(lower);
  if (!points) return false;
  std::erase(*points, U'\uFE0F');  // the emoji variation selector is mapped to nothing
  if (!stands_for_itself(*points)) return false;
  const auto encoded = punycode_encode(*points);
  if (!encoded) return false;
  // libidn2 takes no longer label, so what it would refuse to read back is not written.
  constexpr std::size_t kLongestLabel = 63;
  if (encoded->size() + 4 > kLongestLabel) return false;
  out += "xn--";
  out += *encoded;
  return true;
}

const char* append_label(std::string_view label, std::string& out) {
  if (is_ascii(label) && !is_punycode(label)) {
    for (const char c : label) out += to_lower(c);
    return nullptr;
  }
  // The library takes C strings and would silently stop here.
  if (label.find('\0') != std::string_view::npos) return "forbidden character in host";
  const int code = look_up(std::string(label), out);
  if (code == IDN2_OK || (code == IDN2_DISALLOWED && append_symbol_label(label, out))) return nullptr;
  return idn2_strerror(code);
}

}  // namespace

const char* domain_to_ascii(std::string_view domain, std::string& out) {
  out.reserve(out.size() + domain.size());
  // U+3002, U+FF0E and U+FF61 separate labels as '.' does.
  constexpr std::array<std::string_view, 4> kDots{".", "\u3002", "\uFF0E", "\uFF61"};
  constexpr std::size_t kLongest = 4096;  // validating a label is not linear in its length
  if (domain.size() > kLongest) return "host too long";
  const std::size_t before = out.size();
  for (;;) {
    std::size_t end = domain.size();
    std::size_t dot_size = 0;
    for (const auto dot : kDots) {
      const auto found = domain.substr(0, end).find(dot);
      if (found == std::string_view::npos) continue;
      end = found;
      dot_size = dot.size();
    }
    if (const char* reason = append_label(domain.substr(0, end), out)) return reason;
    // What is written has to be readable, too.
    if (out.size() - before > kLongest) return "host too long";
    if (dot_size == 0) return nullptr;
    out += '.';
    domain.remove_prefix(end + dot_size);
  }
}

}  // namespace corolla::inline v0::http
