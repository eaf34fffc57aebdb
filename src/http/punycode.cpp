// SPDX-License-Identifier: Apache-2.0
#include "punycode.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace corolla::inline v0::http {

namespace {

// RFC 3492, section 5.
constexpr std::uint32_t kBase = 36;
constexpr std::uint32_t kTmin = 1;
constexpr std::uint32_t kTmax = 26;
constexpr std::uint32_t kSkew = 38;
constexpr std::uint32_t kDamp = 700;
constexpr std::uint32_t kInitialBias = 72;
constexpr std::uint32_t kInitialN = 128;
constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kLongest = 1024;  // both directions are quadratic

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > ((kBase - kTmin) * kTmax) / 2; k += kBase) delta /= kBase - kTmin;
  return k + (kBase - kTmin + 1) * delta / (delta + kSkew);
}

constexpr std::uint32_t threshold(std::uint32_t k, std::uint32_t bias) {
  return k <= bias + kTmin ? kTmin : std::min(kTmax, k - bias);
}

constexpr char digit(std::uint32_t value) { return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26)); }

constexpr std::uint32_t digit_value(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a');
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 26;
  return kBase;
}

}  // namespace

std::optional<std::string> punycode_encode(std::u32string_view label) {
  if (label.size() > kLongest) return std::nullopt;
  std::string out;
  for (const char32_t point : label)
    if (point < kInitialN) out += static_cast<char>(point);
  const auto basic = static_cast<std::uint32_t>(out.size());
  if (basic > 0) out += '-';
  std::uint32_t n = kInitialN;
  std::uint32_t delta = 0;
  std::uint32_t bias = kInitialBias;
  for (std::uint32_t handled = basic; handled < label.size(); ++delta, ++n) {
    std::uint32_t next = kLargest;
    for (const char32_t point : label)
      if (point >= n) next = std::min(next, static_cast<std::uint32_t>(point));
    if (next - n > (kLargest - delta) / (handled + 1)) return std::nullopt;
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t point : label) {
      if (point < n && ++delta == 0) return std::nullopt;
      if (point != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = kBase;; k += kBase) {
        const std::uint32_t t = threshold(k, bias);
        if (q < t) break;
        out += digit(t + (q - t) % (kBase - t));
        q = (q - t) / (kBase - t);
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
  }
  return out;
}

std::optional<std::u32string> punycode_decode(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  std::u32string out;
  if (const auto hyphen = text.rfind('-'); hyphen != std::string_view::npos) {
    for (const char c : text.substr(0, hyphen)) {
      if (static_cast<unsigned char>(c) >= kInitialN) return std::nullopt;
      out += static_cast<char32_t>(static_cast<unsigned char>(c));
    }
    text.remove_prefix(hyphen + 1);
  }
  std::uint32_t n = kInitialN;
  std::uint32_t i = 0;
  std::uint32_t bias = kInitialBias;
  while (!text.empty()) {
    const std::uint32_t before = i;
    std::uint32_t weight = 1;
    for (std::uint32_t k = kBase;; k += kBase) {
      if (text.empty()) return std::nullopt;
      const std::uint32_t value = digit_value(text.front());
      text.remove_prefix(1);
      if (value >= kBase || value > (kLargest - i) / weight) return std::nullopt;
      i += value * weight;
      const std::uint32_t t = threshold(k, bias);
      if (value < t) break;
      if (weight > kLargest / (kBase - t)) return std::nullopt;
      weight *= kBase - t;
    }
    const auto points = static_cast<std::uint32_t>(out.size() + 1);
    bias = adapt(i - before, points, before == 0);
    if (i / points > kLargest - n) return std::nullopt;
    n += i / points;
    i %= points;
    if (n > 0x10FFFF || (n >= 0xD800 && n <= 0xDFFF)) return std::nullopt;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(i), static_cast<char32_t>(n));
    ++i;
  }
  return out;
}

}  // namespace corolla::inline v0::http
