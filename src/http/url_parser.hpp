// SPDX-License-Identifier: Apache-2.0
/// \file
/// The parser behind Url. Errors are static texts: the crawl's hot path throws nothing and formats nothing.
#pragma once

#include <corolla/http/url.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// The default port of a special scheme; 0 where there is none.
[[nodiscard]] std::uint16_t default_port(std::string_view scheme) noexcept;
/// http, https, ws, wss, ftp, file.
[[nodiscard]] bool is_special_scheme(std::string_view scheme) noexcept;

/// Parses a host (URL Standard, "host parser") and appends its serialisation to `out`.
/// Returns nullptr, or why it is no host. `special`: a domain or an IPv4 address is meant, not an opaque host.
[[nodiscard]] const char* parse_host(std::string_view text, bool special, std::string& out);

/// "domain to ASCII" (UTS 46, non-transitional, hyphens and lengths unchecked) of percent-decoded UTF-8.
[[nodiscard]] const char* domain_to_ascii(std::string_view domain, std::string& out);

/// Sets bytes apart by the component they may stand in unencoded. ASCII only: all above is encoded everywhere.
enum class EncodeSet : std::uint8_t {
  kC0Control = 1U << 0U,
  kFragment = 1U << 1U,
  kQuery = 1U << 2U,
  kSpecialQuery = 1U << 3U,
  kPath = 1U << 4U,
  kUserinfo = 1U << 5U,
};

/// Whether a byte must be written as %XX in this component.
[[nodiscard]] bool must_encode(unsigned char byte, EncodeSet set) noexcept;
/// Appends `text`, percent-encoded. '%' itself stays: the input may be encoded already.
void append_encoded(std::string& out, std::string_view text, EncodeSet set);

/// Builds a Url. One parse is one object on the stack; `parse` is the way in.
class UrlParser {
 public:
  /// Fills `out` (a fresh Url) and returns nullptr, or says why the text is no URL.
  [[nodiscard]] static const char* parse(std::string_view text, const Url* base, Url& out);

 private:
  // Fast paths: false where the text needs the full parser. They give what it would give, without its temporaries.
  [[nodiscard]] static bool parse_plain_absolute(std::string_view text, Url& out);
  [[nodiscard]] static bool parse_plain_relative(std::string_view text, const Url& base, Url& out);
  static bool append_plain_tail(std::string_view tail, Url& out);

  explicit UrlParser(const Url* base) : base_(base) {}
  const char* run(std::string_view text);
  const char* after_scheme(std::string_view rest);
  const char* relative(std::string_view rest);
  const char* file(std::string_view rest);
  const char* authority(std::string_view rest);
  const char* host_and_port(std::string_view text, bool had_credentials);
  void path_start(std::string_view rest);
  void path(std::string_view rest);
  void shorten_path();
  void copy_authority();
  [[nodiscard]] bool is_slash(char c) const noexcept { return c == '/' || (special_ && c == '\\'); }
  const char* assemble(Url& out) const;

  const Url* base_;
  std::string scheme_;
  std::string username_;
  std::string password_;
  std::string host_;
  std::string path_;
  std::string query_;
  std::string fragment_;
  std::uint16_t port_ = 0;
  bool has_port_ = false;
  bool has_host_ = false;
  bool special_ = false;
  bool opaque_ = false;
  bool has_query_ = false;
  bool has_fragment_ = false;
};

}  // namespace corolla::inline v0::http
