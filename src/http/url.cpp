// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/url.hpp>

#include "url_parser.hpp"

namespace corolla::inline v0::http {

namespace {

std::string error_message(std::string_view text, const char* reason) {
  constexpr std::size_t kShown = 200;
  std::string message = "invalid URL '";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    message += byte < 0x20 || byte == 0x7F ? '?' : c;  // one clear line, whatever the bytes
  }
  if (text.size() > kShown) message += "...";
  message += "': ";
  message += reason;
  return message;
}

}  // namespace

Url Url::parse(std::string_view text) {
  Url url;
  if (const char* reason = UrlParser::parse(text, nullptr, url)) throw InvalidUrl(error_message(text, reason));
  return url;
}

Url Url::parse(std::string_view text, const Url& base) {
  Url url;
  if (const char* reason = UrlParser::parse(text, &base, url)) throw InvalidUrl(error_message(text, reason));
  return url;
}

std::optional<Url> Url::try_parse(std::string_view text) {
  std::optional<Url> url{Url()};
  if (UrlParser::parse(text, nullptr, *url) != nullptr) url.reset();
  return url;
}

std::optional<Url> Url::try_parse(std::string_view text, const Url& base) {
  std::optional<Url> url{Url()};
  if (UrlParser::parse(text, &base, *url) != nullptr) url.reset();
  return url;
}

std::string_view Url::username() const noexcept {
  return has_credentials() ? view(authority_start(), username_end_) : std::string_view();
}

std::string_view Url::password() const noexcept {
  if (!has_credentials() || href_[username_end_] != ':') return {};
  return view(username_end_ + 1, host_start_ - 1);
}

std::string_view Url::hostname() const noexcept {
  std::string_view name = host();
  if (name.size() >= 2 && name.front() == '[') name = name.substr(1, name.size() - 2);
  return name;
}

std::string_view Url::host_and_port() const noexcept {
  if (!has_port_) return host();
  std::uint32_t end = host_end_ + 1;
  while (end < href_.size() && href_[end] >= '0' && href_[end] <= '9') ++end;
  return view(host_start_, end);
}

std::optional<std::uint16_t> Url::port() const noexcept {
  if (!has_port_) return std::nullopt;
  return port_;
}

std::uint16_t Url::effective_port() const noexcept { return has_port_ ? port_ : default_port(scheme()); }

std::string_view Url::query() const noexcept {
  return has_query() ? view(query_start_ + 1, query_end()) : std::string_view();
}

std::string_view Url::fragment() const noexcept {
  return has_fragment() ? std::string_view(href_).substr(fragment_start_ + 1) : std::string_view();
}

std::string Url::origin() const {
  if (special_ && scheme() != "file") {
    std::string text(scheme());
    text += "://";
    text += host_and_port();
    return text;
  }
  if (scheme() == "blob") {
    const auto inner = try_parse(path());
    if (inner && (inner->scheme() == "http" || inner->scheme() == "https")) return inner->origin();
  }
  return "null";
}

bool Url::same_origin(const Url& other) const noexcept {
  return special_ && scheme() != "file" && scheme() == other.scheme() && host() == other.host() &&
         effective_port() == other.effective_port();
}

Url Url::without_fragment() const& {
  Url copy;
  // Not `*this` cut short: the fragment's bytes would be copied only to be dropped.
  copy.href_ = href_.substr(0, query_end());
  copy.scheme_end_ = scheme_end_;
  copy.username_end_ = username_end_;
  copy.host_start_ = host_start_;
  copy.host_end_ = host_end_;
  copy.path_start_ = path_start_;
  copy.query_start_ = query_start_;
  copy.port_ = port_;
  copy.has_port_ = has_port_;
  copy.has_host_ = has_host_;
  copy.opaque_path_ = opaque_path_;
  copy.special_ = special_;
  return copy;
}

Url Url::without_fragment() && {
  href_.resize(query_end());
  fragment_start_ = kNone;
  return std::move(*this);
}

Url Url::without_credentials() const {
  Url copy = *this;
  if (!has_credentials()) return copy;
  const std::uint32_t start = authority_start();
  const std::uint32_t removed = host_start_ - start;
  copy.href_.erase(start, removed);
  copy.username_end_ = start;
  copy.host_start_ -= removed;
  copy.host_end_ -= removed;
  copy.path_start_ -= removed;
  if (copy.query_start_ != kNone) copy.query_start_ -= removed;
  if (copy.fragment_start_ != kNone) copy.fragment_start_ -= removed;
  return copy;
}

}  // namespace corolla::inline v0::http
