// SPDX-License-Identifier: Apache-2.0
#include "http/trailers.hpp"

#include <corolla/runtime/error.hpp>

#include <array>

namespace corolla::inline v0::http {

namespace {

constexpr std::array kForbidden = {
    // framing and the connection
    "Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    // routing and what a request asks for
    "Cache-Control", "Expect", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
    "If-Unmodified-Since", "Max-Forwards", "Pragma", "Range",
    // who asks
    "Authorization", "Cookie", "Proxy-Authenticate", "Proxy-Authorization", "Set-Cookie", "WWW-Authenticate",
    // what to do with the answer
    "Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning",
    // how to read the body
    "Content-Encoding", "Content-Range", "Content-Type"};

}  // namespace

void require_trailer(std::string_view name) {
  for (const char* forbidden : kForbidden)
    if (iequals(name, forbidden)) throw ValueError("the field " + std::string(name) + " must not follow the body");
}

void drop_forbidden_trailers(Headers& trailers) {
  if (trailers.empty()) return;
  for (const char* name : kForbidden) trailers.remove(name);
}

std::string last_chunk(const Headers& trailers) {
  std::string text = "0\r\n";
  trailers.write_to(text);
  text += "\r\n";
  return text;
}

}  // namespace corolla::inline v0::http
