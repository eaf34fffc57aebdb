// SPDX-License-Identifier: Apache-2.0
// The fast paths of Url: what nearly every link of nearly every page is made of, resolved in one pass and one allocation.
// Each accepts only text that the full parser would copy unchanged; whatever is unusual (other schemes, credentials,
// numeric hosts, dots inside a path, bytes to encode) is left to it. Tests compare both on the same inputs.
#include "url_parser.hpp"

namespace corolla::inline v0::http {

namespace {

enum : std::uint8_t { kPathByte = 1, kQueryByte = 2, kFragmentByte = 4, kHostByte = 8 };

constexpr std::array<std::uint8_t, 256> make_plain() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0x21; byte < 0x7F; ++byte) {
    const char c = static_cast<char>(byte);
    unsigned classes = 0;
    if (std::string_view("\"<>#?^`{}\\/").find(c) == std::string_view::npos) classes |= kPathByte;
    if (std::string_view("\"<>#'").find(c) == std::string_view::npos) classes |= kQueryByte;
    if (std::string_view("\"<>`").find(c) == std::string_view::npos) classes |= kFragmentByte;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') classes |= kHostByte;
    table[byte] = static_cast<std::uint8_t>(classes);
  }
  return table;
}

constexpr auto kPlain = make_plain();

constexpr std::uint8_t classes(char c) noexcept { return kPlain[static_cast<unsigned char>(c)]; }

struct Tail {
  bool plain;
  std::size_t query;
  std::size_t fragment;
};

/// Reads path, query and fragment. Plain: nothing to encode, and no segment that begins with a dot or may decode to one.
Tail scan_tail(std::string_view text) noexcept {
  constexpr auto kNpos = std::string_view::npos;
  Tail tail{false, kNpos, kNpos};
  std::size_t i = 0;
  bool segment_begins = true;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/') {
      segment_begins = true;
      continue;
    }
    if ((classes(c) & kPathByte) == 0) break;
    if (segment_begins && (c == '.' || c == '%')) return tail;
    segment_begins = false;
  }
  if (i < text.size() && text[i] == '?') {
    tail.query = i++;
    while (i < text.size() && (classes(text[i]) & kQueryByte) != 0) ++i;
  }
  if (i < text.size() && text[i] == '#') {
    tail.fragment = i++;
    while (i < text.size() && (classes(text[i]) & kFragmentByte) != 0) ++i;
  }
  tail.plain = i == text.size();
  return tail;
}

}  // namespace

bool UrlParser::append_plain_tail(std::string_view tail, Url& out) {
  const Tail scanned = scan_tail(tail);
  if (!scanned.plain) return false;
  const auto start = static_cast<std::uint32_t>(out.href_.size());
  out.href_ += tail;
  constexpr auto kNpos = std::string_view::npos;
  out.query_start_ = scanned.query == kNpos ? Url::kNone : start + static_cast<std::uint32_t>(scanned.query);
  out.fragment_start_ = scanned.fragment == kNpos ? Url::kNone : start + static_cast<std::uint32_t>(scanned.fragment);
  return true;
}

bool UrlParser::parse_plain_absolute(std::string_view text, Url& out) {
  std::uint32_t scheme_end = 0;
  std::uint16_t default_value = 0;
  if (text.starts_with("http://")) {
    scheme_end = 4;
    default_value = 80;
  } else if (text.starts_with("https://")) {
    scheme_end = 5;
    default_value = 443;
  } else {
    return false;
  }
  const std::size_t host = scheme_end + 3;
  std::size_t i = host;
  std::size_t label = host;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (i == label) return false;
      label = i + 1;
    } else if ((classes(c) & kHostByte) == 0) {
      break;
    } else if (i == label && c == 'x' && text.substr(i).starts_with("xn--")) {
      return false;  // has to be valid Punycode
    }
  }
  // A last label that begins with a digit may be an IPv4 address; an empty one hides the one before it.
  if (i == label || (text[label] >= '0' && text[label] <= '9')) return false;
  const std::size_t host_end = i;
  unsigned port = default_value;
  if (i < text.size() && text[i] == ':') {
    const std::size_t digits = ++i;
    port = 0;
    while (i < text.size() && i - digits < 5 && text[i] >= '0' && text[i] <= '9')
      port = port * 10 + static_cast<unsigned>(text[i++] - '0');
    if (i == digits || text[digits] == '0' || port > 65535 || port == default_value) return false;
  }
  std::string_view tail = text.substr(i);
  if (!tail.empty() && tail.front() != '/' && tail.front() != '?' && tail.front() != '#') return false;

  out.href_.reserve(text.size() + 1);
  out.href_.assign(text, 0, i);
  const auto path_start = static_cast<std::uint32_t>(i);
  if (tail.empty() || tail.front() != '/') out.href_ += '/';
  if (!append_plain_tail(tail, out)) return false;
  out.scheme_end_ = scheme_end;
  out.username_end_ = static_cast<std::uint32_t>(host);
  out.host_start_ = static_cast<std::uint32_t>(host);
  out.host_end_ = static_cast<std::uint32_t>(host_end);
  out.path_start_ = path_start;
  out.port_ = static_cast<std::uint16_t>(port);
  out.has_port_ = port != default_value;
  out.has_host_ = true;
  out.opaque_path_ = false;
  out.special_ = true;
  return true;
}

bool UrlParser::parse_plain_relative(std::string_view text, const Url& base, Url& out) {
  if (!base.special_ || base.scheme() == "file" || text.starts_with("//")) return false;
  std::size_t keep = 0;  // how much of the base stays
  bool query_of_base = false;
  if (text.empty() || text.front() == '#') {
    keep = base.query_end();
    query_of_base = true;
  } else if (text.front() == '?') {
    keep = base.path_end();
  } else if (text.front() == '/') {
    keep = base.path_start_;
  } else {
    // A directory of the base: up and including the last '/' of its path, and one less for each leading "../".
    const std::string_view path = base.path();
    std::size_t directory = path.rfind('/') + 1;
    for (;;) {
      if (text.starts_with("./")) {
        text.remove_prefix(2);
      } else if (text.starts_with("../")) {
        text.remove_prefix(3);
        if (directory > 1) directory = path.rfind('/', directory - 2) + 1;
      } else {
        break;
      }
    }
    // "a:b" has a scheme, and so may anything with a ':' before its first '/'.
    for (const char c : text) {
      if (c == ':') return false;
      if (c == '/' || c == '?' || c == '#') break;
    }
    // What is left must begin a segment: "..", ".hidden" and "%2e" are for the full parser, and so is "..//x".
    if (text.empty() || text.front() == '/') return false;
    keep = base.path_start_ + directory;
  }
  out.href_.reserve(keep + text.size());
  out.href_.assign(base.href_, 0, keep);
  if (!append_plain_tail(text, out)) return false;
  if (query_of_base) out.query_start_ = base.query_start_;
  out.scheme_end_ = base.scheme_end_;
  out.username_end_ = base.username_end_;
  out.host_start_ = base.host_start_;
  out.host_end_ = base.host_end_;
  out.path_start_ = base.path_start_;
  out.port_ = base.port_;
  out.has_port_ = base.has_port_;
  out.has_host_ = true;
  out.opaque_path_ = false;
  out.special_ = true;
  return true;
}

}  // namespace corolla::inline v0::http
