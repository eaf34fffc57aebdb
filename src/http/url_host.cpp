// SPDX-License-Identifier: Apache-2.0
// The URL Standard's host parser: domains, IPv4 in all its spellings, IPv6, opaque hosts.
#include "url_parser.hpp"

#include <corolla/http/percent.hpp>

#include <algorithm>
#include <optional>

namespace corolla::inline v0::http {

namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_forbidden_host(char c) noexcept {
  return std::string_view("\0\t\n\r #/:<>?@[\\]^|", 17).find(c) != std::string_view::npos;
}

constexpr bool is_forbidden_domain(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || c == '%' || is_forbidden_host(c);
}

/// One part of an IPv4 address: decimal, 0octal or 0xhex. Saturates above 2^32; nothing where it is no number.
std::optional<std::uint64_t> ipv4_number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  unsigned base = 10;
  if (text.size() >= 2 && text[0] == '0') {
    base = text[1] == 'x' || text[1] == 'X' ? 16 : 8;
    text.remove_prefix(base == 16 ? 2 : 1);
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    value = std::min<std::uint64_t>(value * base + static_cast<unsigned>(digit), std::uint64_t{1} << 33U);
  }
  return value;
}

/// Whether the domain has to be an IPv4 address: its last label is digits, or reads as a number.
bool ends_in_number(std::string_view domain) noexcept {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  const std::string_view last = domain.substr(domain.rfind('.') + 1);  // npos + 1 is 0
  if (last.empty()) return false;
  return std::all_of(last.begin(), last.end(), is_digit) || ipv4_number(last).has_value();
}

const char* parse_ipv4(std::string_view text, std::string& out) {
  if (text.ends_with('.')) text.remove_suffix(1);
  std::array<std::uint64_t, 4> numbers{};
  std::size_t count = 0;
  for (;;) {
    if (count == numbers.size()) return "IPv4 address with more than four parts";
    const auto dot = text.find('.');
    const auto number = ipv4_number(text.substr(0, dot));
    if (!number) return "invalid IPv4 address";
    numbers[count++] = *number;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  std::uint64_t address = numbers[count - 1];
  if (address >= std::uint64_t{1} << (8 * (5 - count))) return "IPv4 address out of range";
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (numbers[i] > 255) return "IPv4 address out of range";
    address += numbers[i] << (8 * (3 - i));
  }
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string((address >> static_cast<unsigned>(shift)) & 255U);
    if (shift > 0) out += '.';
  }
  return nullptr;
}

/// The dotted quad at the end of an IPv6 address. Stricter than a host's: four decimal parts, no leading zeros.
bool parse_embedded_ipv4(std::string_view text, std::uint16_t* pieces) noexcept {
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return false;
      text.remove_prefix(1);
    }
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) {
      if (digits > 0 && value == 0) return false;
      value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
      if (value > 255) return false;
    }
    if (digits == 0) return false;
    text.remove_prefix(digits);
    pieces[part / 2] = static_cast<std::uint16_t>(pieces[part / 2] * 256U + value);
  }
  return text.empty();
}

bool parse_ipv6_pieces(std::string_view text, std::array<std::uint16_t, 8>& pieces) noexcept {
  std::size_t count = 0;
  std::optional<std::size_t> compress;
  if (text.starts_with(':')) {
    if (!text.starts_with("::")) return false;
    text.remove_prefix(2);
    compress = 0;
  }
  while (!text.empty()) {
    if (count == pieces.size()) return false;
    if (text.front() == ':') {
      if (compress) return false;
      text.remove_prefix(1);
      compress = count;
      continue;
    }
    unsigned value = 0;
    std::size_t length = 0;
    while (length < 4 && length < text.size() && hex_value(text[length]) >= 0)
      value = value * 16 + static_cast<unsigned>(hex_value(text[length++]));
    if (length < text.size() && text[length] == '.') {
      if (length == 0 || count > 6 || !parse_embedded_ipv4(text, &pieces[count])) return false;
      count += 2;
      break;
    }
    text.remove_prefix(length);
    if (!text.empty()) {
      if (text.front() != ':') return false;
      text.remove_prefix(1);
      if (text.empty()) return false;
    }
    pieces[count++] = static_cast<std::uint16_t>(value);
  }
  if (compress) {
    const auto from = pieces.begin() + static_cast<std::ptrdiff_t>(*compress);
    const auto filled = pieces.begin() + static_cast<std::ptrdiff_t>(count);
    std::rotate(from, filled, pieces.end());  // the unfilled rest is zero, and moves into the gap
    return true;
  }
  return count == pieces.size();
}

void append_ipv6(std::string& out, const std::array<std::uint16_t, 8>& pieces) {
  // The first longest run of two or more zero pieces is written "::".
  std::size_t gap = pieces.size();
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i;
    while (end < pieces.size() && pieces[end] == 0) ++end;
    if (end - i > gap_length) {
      gap = i;
      gap_length = end - i;
    }
    i = end + 1;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i == gap) {
      out += i == 0 ? "::" : ":";
      i += gap_length - 1;
      continue;
    }
    bool leading = true;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = (static_cast<unsigned>(pieces[i]) >> static_cast<unsigned>(shift)) & 15U;
      if (digit == 0 && leading && shift > 0) continue;
      leading = false;
      out += kHex[digit];
    }
    if (i + 1 < pieces.size()) out += ':';
  }
}

}  // namespace

const char* parse_host(std::string_view text, bool special, std::string& out) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return "IPv6 address without ']'";
    std::array<std::uint16_t, 8> pieces{};
    if (!parse_ipv6_pieces(text.substr(1, text.size() - 2), pieces)) return "invalid IPv6 address";
    out += '[';
    append_ipv6(out, pieces);
    out += ']';
    return nullptr;
  }
  if (!special) {
    if (std::any_of(text.begin(), text.end(), is_forbidden_host)) return "forbidden character in host";
    append_encoded(out, text, EncodeSet::kC0Control);
    return nullptr;
  }
  const std::string domain = percent_decode(text);
  std::string ascii;
  if (const char* reason = domain_to_ascii(domain, ascii)) return reason;
  if (ascii.empty()) return "empty host";
  if (std::any_of(ascii.begin(), ascii.end(), is_forbidden_domain)) return "forbidden character in host";
  if (ends_in_number(ascii)) return parse_ipv4(ascii, out);
  out += ascii;
  return nullptr;
}

}  // namespace corolla::inline v0::http
