// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/access_log.hpp>

#include <corolla/http/date.hpp>

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

}  // namespace

void append_common_log(std::string& out, const AccessRecord& record) {
  // "Sun, 06 Nov 1994 08:49:37 GMT" has what is needed, in another order.
  const std::string date = format_http_date(record.time);
  const std::string_view view = date;
  append_escaped(out, record.remote.empty() ? std::string_view("-") : record.remote, '!');  // one word
  out.append(" - - [");
  out.append(view.substr(5, 2)).append("/").append(view.substr(8, 3)).append("/").append(view.substr(12, 4));
  out.append(":").append(view.substr(17, 8)).append(" +0000] \"");
  if (record.method.empty()) {
    out += '-';
  } else {
    append_escaped(out, record.method);
    out += ' ';
    append_escaped(out, record.target);
    out.append(" ").append(to_string(record.version));
  }
  out.append("\" ").append(std::to_string(record.status)).append(" ");
  out.append(record.body_bytes == 0 ? std::string("-") : std::to_string(record.body_bytes)).append("\n");
}

}  // namespace corolla::inline v0::http
