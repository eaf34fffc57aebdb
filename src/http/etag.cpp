// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/error.hpp>
#include <corolla/http/etag.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

bool is_opaque(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && c != '"';
  });
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  do {
    out += kHex[value & 15U];
    value >>= 4U;
  } while (value != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

/// Reads one tag from the front of the text.
std::optional<ETag> take(std::string_view& text) {
  const bool weak = text.starts_with("W/");
  std::string_view rest = text.substr(weak ? 2 : 0);
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  const auto end = rest.find('"');
  if (end == std::string_view::npos || !is_opaque(rest.substr(0, end))) return std::nullopt;
  text = rest.substr(end + 1);
  return ETag(std::string(rest.substr(0, end)), weak);
}

template <typename Match>
bool lists(std::string_view field, Match match) {
  constexpr std::string_view kSpace = " \t";
  const auto skip = [&field](std::string_view bytes) {
    field.remove_prefix(std::min(field.size(), field.find_first_not_of(bytes)));
  };
  skip(kSpace);
  if (field.starts_with('*')) {
    field.remove_prefix(1);
    skip(kSpace);
    return field.empty();
  }
  for (;;) {
    skip(" \t,");
    if (field.empty()) return false;
    const auto tag = take(field);
    if (!tag) return false;
    if (match(*tag)) return true;
    skip(kSpace);
    if (!field.empty() && field.front() != ',') return false;
  }
}

}  // namespace

ETag::ETag(std::string opaque, bool weak) : opaque_(std::move(opaque)), weak_(weak) {
  if (!is_opaque(opaque_)) throw ValueError("entity tag holds a quote, a space or a control character");
}

std::optional<ETag> ETag::parse(std::string_view text) {
  auto tag = take(text);
  if (!text.empty()) tag.reset();
  return tag;
}

ETag ETag::of_file(std::int64_t mtime_ns, std::uint64_t size) {
  return ETag(hex(static_cast<std::uint64_t>(mtime_ns)) + '-' + hex(size));
}

std::string ETag::to_string() const { return (weak_ ? "W/\"" : "\"") + opaque_ + '"'; }

bool if_none_match_lists(std::string_view field, const ETag& tag) {
  return lists(field, [&](const ETag& listed) { return tag.weak_equals(listed); });
}

bool if_match_lists(std::string_view field, const ETag& tag) {
  return lists(field, [&](const ETag& listed) { return tag.strong_equals(listed); });
}

}  // namespace corolla::inline v0::http
