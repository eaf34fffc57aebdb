// SPDX-License-Identifier: Apache-2.0
#include "http/server/response_head.hpp"

#include <corolla/http/protocol.hpp>

#include <charconv>

namespace corolla::inline v0::http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

bool is_framing_field(std::string_view name, bool trailers_may_follow) noexcept {
  switch (name.size()) {
    case 4: return iequals(name, "Date");
    case 7: return iequals(name, "Upgrade") || (iequals(name, "Trailer") && !trailers_may_follow);
    case 10: return iequals(name, "Connection") || iequals(name, "Keep-Alive");
    case 14: return iequals(name, "Content-Length");
    case 17: return iequals(name, "Transfer-Encoding");
    default: return false;
  }
}

void append_response_head(std::string& out, int status, const Headers& headers, std::string_view common,
                          const ResponseFraming& framing) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
  }
  out += common;
  const bool trailers_may_follow = framing.body == BodyFraming::kChunked;
  const bool offers_upgrade = status == 426 && headers.contains("Upgrade");
  for (const auto& [name, value] : headers)
    if (!is_framing_field(name, trailers_may_follow) || (offers_upgrade && iequals(name, "Upgrade")))
      out.append(name).append(": ").append(value).append("\r\n");
  switch (framing.body) {
    case BodyFraming::kLength:
      out += "Content-Length: ";
      append_number(out, framing.length);
      out += "\r\n";
      break;
    case BodyFraming::kChunked: out += "Transfer-Encoding: chunked\r\n"; break;
    case BodyFraming::kNone:
    case BodyFraming::kUntilClose: break;
  }
  if (offers_upgrade) out += framing.close ? "Connection: close, Upgrade\r\n" : "Connection: Upgrade\r\n";
  else if (framing.close) out += "Connection: close\r\n";
  else if (framing.say_keep_alive) out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

}  // namespace corolla::inline v0::http
