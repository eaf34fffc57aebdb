// SPDX-License-Identifier: Apache-2.0
/// \file
/// A URL as browsers understand it, in one string.
///
/// Source: the WHATWG URL Standard; domains by UTS 46 (non-transitional) through libidn2.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/runtime/api.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// A parsed, normalised, absolute URL.
///
/// It owns its serialisation and eight offsets into it: equal URLs have equal strings, and every accessor is a view that
/// lives as long as the Url is neither destroyed nor assigned to. Immutable after parsing, so reading it from several
/// threads is safe. Input is UTF-8; bytes that are not are percent-encoded as they stand (and refused in a host).
/// Accessors give the bare component, without the delimiters that JavaScript's `protocol`, `search` and `hash` carry.
class COROLLA_API Url {
 public:
  /// Longer inputs are refused.
  static constexpr std::size_t kMaxLength = std::size_t{1} << 21;

  /// Parses an absolute URL. Throws InvalidUrl.
  [[nodiscard]] static Url parse(std::string_view text);
  /// Parses `text`, which may be relative, against `base`. Throws InvalidUrl.
  [[nodiscard]] static Url parse(std::string_view text, const Url& base);
  /// As parse, but nothing where it would throw.
  [[nodiscard]] static std::optional<Url> try_parse(std::string_view text);
  [[nodiscard]] static std::optional<Url> try_parse(std::string_view text, const Url& base);

  /// The whole URL; this is its canonical form.
  [[nodiscard]] const std::string& href() const noexcept { return href_; }
  /// In lower case, without ':'.
  [[nodiscard]] std::string_view scheme() const noexcept { return view(0, scheme_end_); }
  [[nodiscard]] std::string_view username() const noexcept;
  [[nodiscard]] std::string_view password() const noexcept;
  [[nodiscard]] bool has_credentials() const noexcept { return host_start_ > authority_start(); }
  /// Whether there is an authority part at all ("mailto:x" has none, "file:///x" an empty one).
  [[nodiscard]] bool has_host() const noexcept { return has_host_; }
  /// In ASCII; an IPv6 address keeps its brackets.
  [[nodiscard]] std::string_view host() const noexcept { return view(host_start_, host_end_); }
  /// The host without an IPv6 address's brackets: what is given to a resolver.
  [[nodiscard]] std::string_view hostname() const noexcept;
  /// What belongs into a Host field: the host, and ":port" where it is not the scheme's own.
  [[nodiscard]] std::string_view host_and_port() const noexcept;
  /// The port written in the URL; nothing where it is the scheme's default.
  [[nodiscard]] std::optional<std::uint16_t> port() const noexcept;
  /// The port to connect to; 0 for a scheme without one.
  [[nodiscard]] std::uint16_t effective_port() const noexcept;
  /// Percent-encoded, with its leading '/' (none where the path is opaque: "mailto:x").
  [[nodiscard]] std::string_view path() const noexcept { return view(path_start_, path_end()); }
  /// True for "mailto:x": such a URL is no base for relative ones.
  [[nodiscard]] bool has_opaque_path() const noexcept { return opaque_path_; }
  [[nodiscard]] bool has_query() const noexcept { return query_start_ != kNone; }
  /// Percent-encoded, without '?'.
  [[nodiscard]] std::string_view query() const noexcept;
  [[nodiscard]] bool has_fragment() const noexcept { return fragment_start_ != kNone; }
  /// Percent-encoded, without '#'.
  [[nodiscard]] std::string_view fragment() const noexcept;
  /// Path and query in one view: the target of a request (RFC 9112, section 3.2.1).
  [[nodiscard]] std::string_view request_target() const noexcept { return view(path_start_, query_end()); }
  /// The serialised origin, "null" where it is opaque. "https://a.example:8443" carries neither path nor credentials.
  [[nodiscard]] std::string origin() const;
  /// http, https, ws, wss, ftp or file.
  [[nodiscard]] bool is_special() const noexcept { return special_; }
  /// Same scheme, host and effective port.
  [[nodiscard]] bool same_origin(const Url& other) const noexcept;

  /// The same URL without '#' and what follows: what goes over the wire, and what a crawler dedupes by.
  [[nodiscard]] Url without_fragment() const&;
  [[nodiscard]] Url without_fragment() &&;
  /// The same URL without user name and password.
  [[nodiscard]] Url without_credentials() const;

  friend bool operator==(const Url& a, const Url& b) noexcept { return a.href_ == b.href_; }
  friend std::strong_ordering operator<=>(const Url& a, const Url& b) noexcept { return a.href_ <=> b.href_; }

 private:
  friend class UrlParser;
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  Url() = default;
  [[nodiscard]] std::string_view view(std::uint32_t begin, std::uint32_t end) const noexcept {
    return std::string_view(href_).substr(begin, end - begin);
  }
  [[nodiscard]] std::uint32_t authority_start() const noexcept { return scheme_end_ + (has_host_ ? 3U : 1U); }
  [[nodiscard]] std::uint32_t query_end() const noexcept {
    return fragment_start_ != kNone ? fragment_start_ : static_cast<std::uint32_t>(href_.size());
  }
  [[nodiscard]] std::uint32_t path_end() const noexcept { return query_start_ != kNone ? query_start_ : query_end(); }

  // scheme : // username : password @ host : port  path  ? query  # fragment
  //        |           |             |    |       |      |        |
  //        scheme_end  username_end  host_start   path   query    fragment_start
  //                                       host_end
  std::string href_;
  std::uint32_t scheme_end_ = 0;
  std::uint32_t username_end_ = 0;
  std::uint32_t host_start_ = 0;
  std::uint32_t host_end_ = 0;
  std::uint32_t path_start_ = 0;
  std::uint32_t query_start_ = kNone;
  std::uint32_t fragment_start_ = kNone;
  std::uint16_t port_ = 0;
  bool has_port_ : 1 = false;
  bool has_host_ : 1 = false;
  bool opaque_path_ : 1 = false;
  bool special_ : 1 = false;
};

}  // namespace corolla::inline v0::http

template <>
struct std::hash<corolla::http::Url> {
  std::size_t operator()(const corolla::http::Url& url) const noexcept {
    return std::hash<std::string_view>{}(url.href());
  }
};
