// SPDX-License-Identifier: Apache-2.0
/// \file
/// AccessLogFormat: lines of an access log, by a format string.
///
///     const http::AccessLogFormat format(http::kCombinedLog);
///     options.access_log = [&](const http::AccessRecord& record) { format.append(lines, record); };
///
/// Source: the directives of aiohttp's AccessLogger, which are Apache's LogFormat:
///
///     %a   the client's address         %t   when the request came: [10/Oct/2000:13:55:36 +0000], in UTC
///     %r   the request's first line     %s   the status            %b   bytes of the body, "-" for none
///     %T   seconds it took              %Tf  with six decimals     %D   in microseconds
///     %P   this process                 %%   a percent sign
///     %{Name}i, %{Name}o                a field of the request, of the response; "-" without it
///
/// What comes from outside is escaped as append_common_log does. Thread safe as values are.
#pragma once

#include <corolla/http/access_log.hpp>
#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// What append_common_log writes.
inline constexpr std::string_view kCommonLog = R"(%a - - %t "%r" %s %b)";
/// The same with who sent the client, and what it is.
inline constexpr std::string_view kCombinedLog = R"(%a - - %t "%r" %s %b "%{Referer}i" "%{User-Agent}i")";

/// See the file's comment.
class COROLLA_API AccessLogFormat {
 public:
  /// ValueError for a directive that is none of these.
  explicit AccessLogFormat(std::string_view format);

  /// Appends a line, with its line feed.
  void append(std::string& out, const AccessRecord& record) const;

 private:
  enum class Directive : std::uint8_t {
    kText,
    kRemote,
    kTime,
    kProcess,
    kRequestLine,
    kStatus,
    kBodyBytes,
    kSeconds,
    kFraction,
    kMicroseconds,
    kRequestField,
    kResponseField,
  };
  struct Piece {
    Directive directive;
    std::string text;  // itself, or the field's name
  };
  static Directive directive_of(char letter) noexcept;
  static Directive field_directive_of(char letter) noexcept;
  static void append_piece(std::string& out, const Piece& piece, const AccessRecord& record);

  std::vector<Piece> pieces_;
};

/// Appends a line of JSON: time (seconds since 1970), remote, method, target, version, status, bytes, duration_us, referer, user_agent. Text
/// that is not UTF-8 is repaired.
COROLLA_API void append_json_log(std::string& out, const AccessRecord& record);

}  // namespace corolla::inline v0::http
