// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/references.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace corolla::inline v0::crawl {

namespace {

struct NamedReference {
  std::string_view name;  // without '&'; with ';' unless it is one of the old ones that do without
  std::string_view text;
};

constexpr NamedReference kNamedReferences[] = {
#include "crawl/extract/named_references.inc"
};

constexpr std::size_t kLongestName = [] {
  std::size_t longest = 0;
  for (const NamedReference& reference : kNamedReferences) longest = std::max(longest, reference.name.size());
  return longest;
}();

/// What numeric references to C1 controls mean: windows-1252's characters at those bytes.
constexpr std::uint16_t kC1[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

/// The longest name that `text` begins with, or null. Each name with ';' that is not the longest prefix of another one
/// shares its letters, so looking up ever shorter prefixes finds the longest first.
const NamedReference* longest_name(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && length < kLongestName && is_alnum(text[length])) ++length;
  if (length < text.size() && length < kLongestName && text[length] == ';') ++length;
  for (; length >= 2; --length) {
    const std::string_view name = text.substr(0, length);
    const auto* found = std::lower_bound(std::begin(kNamedReferences), std::end(kNamedReferences), name,
                                         [](const NamedReference& r, std::string_view n) { return r.name < n; });
    if (found != std::end(kNamedReferences) && found->name == name) return found;
  }
  return nullptr;
}

/// `text` stands behind "&#". Returns the bytes consumed, 0 if this is no reference.
std::size_t numeric(std::string_view text, std::string& out) {
  std::size_t i = 0;
  const bool hexadecimal = !text.empty() && to_lower(text[0]) == 'x';
  if (hexadecimal) ++i;
  const std::size_t digits = i;
  std::uint32_t value = 0;
  for (; i < text.size(); ++i) {
    const int digit = hexadecimal ? hex_value(text[i]) : (is_digit(text[i]) ? text[i] - '0' : -1);
    if (digit < 0) break;
    if (value <= 0x10FFFF) value = value * (hexadecimal ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  if (i == digits) return 0;
  if (i < text.size() && text[i] == ';') ++i;
  if (value == 0) value = 0xFFFD;
  if (value >= 0x80 && value <= 0x9F) value = kC1[value - 0x80];
  append_utf8(out, value);
  return i;
}

}  // namespace

std::string_view decode_references(std::string_view raw, std::string& buffer) {
  std::size_t ampersand = raw.find('&');
  if (ampersand == std::string_view::npos) return raw;
  buffer.clear();
  std::size_t done = 0;
  for (; ampersand != std::string_view::npos; ampersand = raw.find('&', std::max(ampersand + 1, done))) {
    buffer.append(raw, done, ampersand - done);
    done = ampersand;
    const std::string_view rest = raw.substr(ampersand + 1);
    if (!rest.empty() && rest[0] == '#') {
      const std::size_t used = numeric(rest.substr(1), buffer);
      if (used > 0) done = ampersand + 2 + used;
    } else if (const NamedReference* reference = longest_name(rest)) {
      const std::size_t length = reference->name.size();
      const bool terminated = reference->name.back() == ';';
      const char follower = length < rest.size() ? rest[length] : '\0';
      if (terminated || !(follower == '=' || is_alnum(follower))) {
        buffer += reference->text;
        done = ampersand + 1 + length;
      }
    }
  }
  buffer.append(raw, done, raw.size() - done);
  return buffer;
}

}  // namespace corolla::inline v0::crawl
