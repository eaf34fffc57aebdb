// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/access_log.hpp>

#include <corolla/http/access_log_format.hpp>
#include <corolla/http/date.hpp>
#include <corolla/runtime/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>

#include <unistd.h>

namespace corolla::inline v0::http {

namespace {

void append_escaped(std::string& out, std::string_view text, char least = ' ') {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= static_cast<unsigned char>(least) && byte < 0x7F && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
}

void append_time(std::string& out, std::chrono::sys_seconds time) {
  // "Sun, 06 Nov 1994 08:49:37 GMT" has what is needed, in another order.
  const std::string date = format_http_date(time);
  const std::string_view view = date;
  out.append("[").append(view.substr(5, 2)).append("/").append(view.substr(8, 3)).append("/");
  out.append(view.substr(12, 4)).append(":").append(view.substr(17, 8)).append(" +0000]");
}

void append_request_line(std::string& out, const AccessRecord& record) {
  if (record.method.empty()) {
    out += '-';
    return;
  }
  append_escaped(out, record.method);
  out += ' ';
  append_escaped(out, record.target);
  out.append(" ").append(to_string(record.version));
}

void append_field(std::string& out, const Headers* headers, std::string_view name) {
  const auto value = headers == nullptr ? std::nullopt : headers->get(name);
  if (value && !value->empty()) append_escaped(out, *value);
  else out += '-';
}

std::int64_t microseconds(const AccessRecord& record) {
  return std::chrono::duration_cast<std::chrono::microseconds>(record.duration).count();
}

}  // namespace

// -- AccessLogFormat ------------------------------------------------------------------------------------------------

AccessLogFormat::Directive AccessLogFormat::directive_of(char letter) noexcept {
  switch (letter) {
    case 'a': return Directive::kRemote;
    case 't': return Directive::kTime;
    case 'P': return Directive::kProcess;
    case 'r': return Directive::kRequestLine;
    case 's': return Directive::kStatus;
    case 'b': return Directive::kBodyBytes;
    case 'T': return Directive::kSeconds;
    case 'D': return Directive::kMicroseconds;
    default: return Directive::kText;
  }
}

AccessLogFormat::Directive AccessLogFormat::field_directive_of(char letter) noexcept {
  if (letter == 'i') return Directive::kRequestField;
  return letter == 'o' ? Directive::kResponseField : Directive::kText;
}

AccessLogFormat::AccessLogFormat(std::string_view format) {
  std::string text;
  const auto add = [&](Directive directive, std::string_view name = {}) {
    if (!text.empty()) pieces_.push_back({Directive::kText, std::exchange(text, {})});
    pieces_.push_back({directive, std::string(name)});
  };
  const auto refuse = [&](std::string_view what) {
    throw ValueError("\"" + std::string(what) + "\" is no directive of an access log");
  };
  while (!format.empty()) {
    const auto percent = format.find('%');
    text += format.substr(0, percent);
    if (percent == std::string_view::npos) break;
    format.remove_prefix(percent);
    if (format.starts_with("%%")) {
      text += '%';
      format.remove_prefix(2);
    } else if (format.starts_with("%{")) {
      const auto end = format.find('}');
      if (end == std::string_view::npos || end + 1 == format.size()) refuse(format);
      const std::string_view name = format.substr(2, end - 2);
      const Directive directive = field_directive_of(format[end + 1]);
      if (directive == Directive::kText || !is_token(name)) refuse(format.substr(0, end + 2));
      add(directive, name);
      format.remove_prefix(end + 2);
    } else if (format.starts_with("%Tf")) {
      add(Directive::kFraction);
      format.remove_prefix(3);
    } else {
      const Directive directive = format.size() < 2 ? Directive::kText : directive_of(format[1]);
      if (directive == Directive::kText) refuse(format.substr(0, 2));
      add(directive);
      format.remove_prefix(2);
    }
  }
  if (!text.empty()) pieces_.push_back({Directive::kText, std::move(text)});
}

void AccessLogFormat::append_piece(std::string& out, const Piece& piece, const AccessRecord& record) {
  switch (piece.directive) {
    case Directive::kText: out += piece.text; break;
    case Directive::kRemote:  // one word
      append_escaped(out, record.remote.empty() ? std::string_view("-") : record.remote, '!');
      break;
    case Directive::kTime: append_time(out, record.time); break;
    case Directive::kProcess: out += std::to_string(::getpid()); break;
    case Directive::kRequestLine: append_request_line(out, record); break;
    case Directive::kStatus: out += std::to_string(record.status); break;
    case Directive::kBodyBytes: out += record.body_bytes == 0 ? "-" : std::to_string(record.body_bytes); break;
    case Directive::kSeconds: out += std::to_string(microseconds(record) / 1'000'000); break;
    case Directive::kFraction: {
      const std::int64_t count = microseconds(record);
      const std::string digits = std::to_string(1'000'000 + count % 1'000'000);
      out.append(std::to_string(count / 1'000'000)).append(".").append(digits, 1);
      break;
    }
    case Directive::kMicroseconds: out += std::to_string(microseconds(record)); break;
    case Directive::kRequestField: append_field(out, record.request_headers, piece.text); break;
    case Directive::kResponseField: append_field(out, record.response_headers, piece.text); break;
  }
}

void AccessLogFormat::append(std::string& out, const AccessRecord& record) const {
  for (const Piece& piece : pieces_) append_piece(out, piece, record);
  out += '\n';
}

// -- the ready-made ones --------------------------------------------------------------------------------------------

void append_common_log(std::string& out, const AccessRecord& record) {
  static const AccessLogFormat format(kCommonLog);
  format.append(out, record);
}

void append_json_log(std::string& out, const AccessRecord& record) {
  const auto field = [&](std::string_view name) {
    return std::string(record.request_headers == nullptr ? std::string_view() : record.request_headers->get(name, ""));
  };
  const nlohmann::ordered_json line = {{"time", record.time.time_since_epoch().count()},
                                       {"remote", std::string(record.remote)},
                                       {"method", std::string(record.method)},
                                       {"target", std::string(record.target)},
                                       {"version", std::string(to_string(record.version))},
                                       {"status", record.status},
                                       {"bytes", record.body_bytes},
                                       {"duration_us", microseconds(record)},
                                       {"referer", field("Referer")},
                                       {"user_agent", field("User-Agent")}};
  out += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  out += '\n';
}

}  // namespace corolla::inline v0::http
