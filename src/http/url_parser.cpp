// SPDX-License-Identifier: Apache-2.0
// The URL Standard's "basic URL parser" without its state overrides.
//
// The standard reads code point by code point through some twenty states. Two facts let the same function be written as a
// descent: in every state the first '#' begins the fragment, and in every state reached before it the first '?' begins
// the query. So both are cut off first, and what is left is scheme, authority and path, each of which has one place where
// it is read: run -> after_scheme | relative | file -> authority -> path_start -> path.
#include "url_parser.hpp"

#include <limits>

namespace corolla::inline v0::http {

namespace {

constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// The scheme's length if the text begins with "scheme:", else npos.
std::size_t scheme_length(std::string_view text) noexcept {
  if (text.empty() || !is_alpha(text.front())) return std::string_view::npos;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':') return i;
    if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') break;
  }
  return std::string_view::npos;
}

bool is_drive_letter(std::string_view text) noexcept {
  return text.size() == 2 && is_alpha(text[0]) && (text[1] == ':' || text[1] == '|');
}

bool starts_with_drive_letter(std::string_view text) noexcept {
  return text.size() >= 2 && is_drive_letter(text.substr(0, 2)) &&
         (text.size() == 2 || text[2] == '/' || text[2] == '\\');
}

/// "/C:" alone: a file URL's path never loses it.
bool is_drive_path(std::string_view path) noexcept {
  return path.size() == 3 && path[0] == '/' && is_alpha(path[1]) && path[2] == ':';
}

/// 1 for ".", 2 for "..", with %2e for a dot; 0 for any other segment.
int dots(std::string_view segment) noexcept {
  if (segment.empty() || segment.size() > 6) return 0;
  int count = 0;
  for (std::size_t i = 0; i < segment.size(); ++count) {
    if (segment[i] == '.') {
      ++i;
    } else if (segment.size() - i >= 3 && segment[i] == '%' && segment[i + 1] == '2' &&
               to_lower(segment[i + 2]) == 'e') {
      i += 3;
    } else {
      return 0;
    }
  }
  return count <= 2 ? count : 0;
}

}  // namespace

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "ftp") return 21;
  return 0;
}

bool is_special_scheme(std::string_view scheme) noexcept { return default_port(scheme) != 0 || scheme == "file"; }

const char* UrlParser::parse(std::string_view text, const Url* base, Url& out) {
  if (text.size() > Url::kMaxLength) return "too long";
  if (base == nullptr ? parse_plain_absolute(text, out) : parse_plain_relative(text, *base, out)) return nullptr;
  if (base != nullptr && parse_plain_absolute(text, out)) return nullptr;

  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  std::string without_breaks;
  constexpr std::string_view kBreaks = "\t\r\n";
  if (text.find_first_of(kBreaks) != std::string_view::npos) {
    for (const char c : text)
      if (kBreaks.find(c) == std::string_view::npos) without_breaks += c;
    text = without_breaks;
  }
  UrlParser parser(base);
  if (const char* reason = parser.run(text)) return reason;
  return parser.assemble(out);
}

const char* UrlParser::run(std::string_view text) {
  std::string_view rest = text;
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    has_fragment_ = true;
    append_encoded(fragment_, rest.substr(hash + 1), EncodeSet::kFragment);
    rest = rest.substr(0, hash);
  }
  std::string_view query;
  if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
    has_query_ = true;
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }

  const char* reason = nullptr;
  if (const auto length = scheme_length(rest); length != std::string_view::npos) {
    for (const char c : rest.substr(0, length)) scheme_ += to_lower(c);
    special_ = is_special_scheme(scheme_);
    reason = after_scheme(rest.substr(length + 1));
  } else if (base_ == nullptr) {
    return "relative URL without a base";
  } else if (base_->has_opaque_path()) {
    if (!rest.empty() || has_query_ || !has_fragment_) return "relative URL with a base that has an opaque path";
    scheme_ = base_->scheme();
    opaque_ = true;
    path_ = base_->path();
    if (base_->has_query()) {
      has_query_ = true;
      query_ = base_->query();
    }
    return nullptr;
  } else {
    scheme_ = base_->scheme();
    special_ = base_->is_special();
    reason = scheme_ == "file" ? file(rest) : relative(rest);
  }
  // relative() may have taken the base's query over; one of our own replaces it.
  if (!query.empty()) append_encoded(query_, query, special_ ? EncodeSet::kSpecialQuery : EncodeSet::kQuery);
  return reason;
}

const char* UrlParser::after_scheme(std::string_view rest) {
  if (scheme_ == "file") return file(rest);
  if (special_) {
    if (base_ != nullptr && base_->scheme() == scheme_ && !rest.starts_with("//")) return relative(rest);
    while (!rest.empty() && is_slash(rest.front())) rest.remove_prefix(1);
    return authority(rest);
  }
  if (rest.starts_with("//")) return authority(rest.substr(2));
  if (rest.starts_with('/')) {
    path(rest.substr(1));
    return nullptr;
  }
  opaque_ = true;
  append_encoded(path_, rest, EncodeSet::kC0Control);
  return nullptr;
}

void UrlParser::copy_authority() {
  username_ = base_->username();
  password_ = base_->password();
  has_host_ = base_->has_host();
  host_ = base_->host();
  has_port_ = base_->port().has_value();
  port_ = base_->port().value_or(0);
}

const char* UrlParser::relative(std::string_view rest) {
  if (!rest.empty() && is_slash(rest.front())) {
    rest.remove_prefix(1);
    if (!rest.empty() && is_slash(rest.front())) {
      rest.remove_prefix(1);
      while (special_ && !rest.empty() && is_slash(rest.front())) rest.remove_prefix(1);
      return authority(rest);
    }
    copy_authority();
    path(rest);
    return nullptr;
  }
  copy_authority();
  path_ = base_->path();
  if (rest.empty()) {
    if (!has_query_ && base_->has_query()) {
      has_query_ = true;
      query_ = base_->query();
    }
    return nullptr;
  }
  shorten_path();
  path(rest);
  return nullptr;
}

const char* UrlParser::file(std::string_view rest) {
  has_host_ = true;
  const bool base_is_file = base_ != nullptr && base_->scheme() == "file";
  if (!rest.empty() && is_slash(rest.front())) {
    rest.remove_prefix(1);
    if (!rest.empty() && is_slash(rest.front())) {
      rest.remove_prefix(1);
      const auto end = rest.find_first_of("/\\");
      const std::string_view name = rest.substr(0, end);
      if (is_drive_letter(name)) {
        path(rest);
        return nullptr;
      }
      if (!name.empty()) {
        if (const char* reason = parse_host(name, true, host_)) return reason;
        if (host_ == "localhost") host_.clear();
      }
      path_start(end == std::string_view::npos ? std::string_view() : rest.substr(end));
      return nullptr;
    }
    if (base_is_file) {
      host_ = base_->host();
      if (!starts_with_drive_letter(rest) && is_drive_path(base_->path().substr(0, 3)) &&
          (base_->path().size() == 3 || base_->path()[3] == '/'))
        path_ = base_->path().substr(0, 3);
    }
    path(rest);
    return nullptr;
  }
  if (!base_is_file) {
    path(rest);
    return nullptr;
  }
  host_ = base_->host();
  if (rest.empty()) {
    path_ = base_->path();
    if (!has_query_ && base_->has_query()) {
      has_query_ = true;
      query_ = base_->query();
    }
    return nullptr;
  }
  if (!starts_with_drive_letter(rest)) {
    path_ = base_->path();
    shorten_path();
  }
  path(rest);
  return nullptr;
}

const char* UrlParser::authority(std::string_view rest) {
  const auto end = rest.find_first_of(special_ ? std::string_view("/\\") : std::string_view("/"));
  std::string_view text = rest.substr(0, end);
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view credentials = text.substr(0, at);
    const auto colon = credentials.find(':');
    append_encoded(username_, credentials.substr(0, colon), EncodeSet::kUserinfo);
    if (colon != std::string_view::npos) append_encoded(password_, credentials.substr(colon + 1), EncodeSet::kUserinfo);
    text.remove_prefix(at + 1);
  }
  if (const char* reason = host_and_port(text, at != std::string_view::npos)) return reason;
  path_start(end == std::string_view::npos ? std::string_view() : rest.substr(end));
  return nullptr;
}

const char* UrlParser::host_and_port(std::string_view text, bool had_credentials) {
  bool bracketed = false;
  std::size_t colon = 0;
  for (; colon < text.size(); ++colon) {
    const char c = text[colon];
    if (c == ':' && !bracketed) break;
    if (c == '[') bracketed = true;
    if (c == ']') bracketed = false;
  }
  const std::string_view name = text.substr(0, colon);
  if (name.empty() && (special_ || had_credentials || colon < text.size())) return "no host";
  has_host_ = true;
  if (!name.empty())
    if (const char* reason = parse_host(name, special_, host_)) return reason;
  if (colon + 1 >= text.size()) return nullptr;
  unsigned value = 0;
  for (const char c : text.substr(colon + 1)) {
    if (!is_digit(c)) return "invalid port";
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > std::numeric_limits<std::uint16_t>::max()) return "port above 65535";
  }
  port_ = static_cast<std::uint16_t>(value);
  has_port_ = !(special_ && port_ == default_port(scheme_));
  return nullptr;
}

void UrlParser::path_start(std::string_view rest) {
  if (!special_ && rest.empty()) return;
  if (!rest.empty() && is_slash(rest.front())) rest.remove_prefix(1);
  path(rest);
}

void UrlParser::path(std::string_view rest) {
  for (;;) {
    std::size_t end = 0;
    while (end < rest.size() && !is_slash(rest[end])) ++end;
    const std::string_view segment = rest.substr(0, end);
    const bool last = end == rest.size();
    if (const int count = dots(segment)) {
      if (count == 2) shorten_path();
      if (last) path_ += '/';
    } else {
      const bool drive = scheme_ == "file" && path_.empty() && is_drive_letter(segment);
      path_ += '/';
      append_encoded(path_, segment, EncodeSet::kPath);
      if (drive) path_.back() = ':';
    }
    if (last) return;
    rest.remove_prefix(end + 1);
  }
}

void UrlParser::shorten_path() {
  if (scheme_ == "file" && is_drive_path(path_)) return;
  if (const auto slash = path_.rfind('/'); slash != std::string::npos) path_.resize(slash);
}

const char* UrlParser::assemble(Url& out) const {
  const auto position = [&out] { return static_cast<std::uint32_t>(out.href_.size()); };
  const std::size_t size = scheme_.size() + username_.size() + password_.size() + host_.size() + path_.size() +
                           query_.size() + fragment_.size() + 16;
  if (size > 4 * Url::kMaxLength) return "too long";
  out = Url();
  out.href_.reserve(size);
  out.href_ += scheme_;
  out.scheme_end_ = position();
  out.href_ += ':';
  if (has_host_) out.href_ += "//";
  out.href_ += username_;
  out.username_end_ = position();
  if (!password_.empty()) {
    out.href_ += ':';
    out.href_ += password_;
  }
  if (!username_.empty() || !password_.empty()) out.href_ += '@';
  out.host_start_ = position();
  out.href_ += host_;
  out.host_end_ = position();
  if (has_port_) {
    out.href_ += ':';
    out.href_ += std::to_string(port_);
  }
  // Without this a path that begins with "//" would read as an authority.
  if (!has_host_ && !opaque_ && path_.starts_with("//")) out.href_ += "/.";
  out.path_start_ = position();
  out.href_ += path_;
  if (has_query_) {
    out.query_start_ = position();
    out.href_ += '?';
    out.href_ += query_;
  }
  if (has_fragment_) {
    out.fragment_start_ = position();
    out.href_ += '#';
    out.href_ += fragment_;
  }
  out.port_ = port_;
  out.has_port_ = has_port_;
  out.has_host_ = has_host_;
  out.opaque_path_ = opaque_;
  out.special_ = special_;
  return nullptr;
}

}  // namespace corolla::inline v0::http
