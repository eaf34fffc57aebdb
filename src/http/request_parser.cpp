// SPDX-License-Identifier: Apache-2.0
#include "parser.hpp"

#include <llhttp.h>

namespace corolla::inline v0::http {

RequestParser::RequestParser(const ParserLimits& limits) : MessageParser(Kind::kRequest, limits) { start(); }

void RequestParser::start() {
  reset_message(request_);
  request_.method.clear();
  request_.target.clear();
  request_.expect_continue = false;
}

void RequestParser::append_start_line(const char* text, std::size_t size) { request_.target.append(text, size); }

// RFC 9112, section 6.3, for a server; Host by section 3.2.
MessageParser::State RequestParser::frame_body(const llhttp__internal_s& parser) {
  if (parser.http_major != 1) fail("unsupported version", 505);
  // llhttp reads RTSP and ICE as well.
  if (!start_line_tail().starts_with("HTTP/")) fail("not HTTP");
  fill_common(parser, request_);
  const auto method = static_cast<llhttp_method_t>(parser.method);
  request_.method = llhttp_method_name(method);
  // llhttp skips any number of spaces between the parts; here each is one (RFC 9112, section 3).
  if (request_.method.size() + request_.target.size() + std::string_view("  HTTP/1.1").size() != start_line_size())
    fail("white space in the request line");
  const std::size_t hosts = request_.headers.count("Host");
  if (hosts > 1) fail("more than one Host");
  if (hosts == 0 && request_.version == HttpVersion::kHttp11) fail("no Host");
  if ((parser.flags & F_TRANSFER_ENCODING) != 0) {
    if (request_.version == HttpVersion::kHttp10) fail("Transfer-Encoding in HTTP/1.0");
    if (request_.headers.count("Transfer-Encoding") != 1 ||
        !iequals(request_.headers.get("Transfer-Encoding", ""), "chunked"))
      fail("unsupported Transfer-Encoding", 501);
    request_.chunked = true;
  }
  request_.expect_continue =
      request_.version == HttpVersion::kHttp11 && iequals(request_.headers.get("Expect", ""), "100-continue");
  request_.upgrade =
      method == HTTP_CONNECT || ((parser.flags & F_UPGRADE) != 0 && (parser.flags & F_CONNECTION_UPGRADE) != 0);
  if (method == HTTP_CONNECT) {
    if (request_.chunked || request_.content_length.value_or(0) > 0) fail("CONNECT with a body");
    request_.keep_alive = false;
    return State::kDone;
  }
  if (request_.chunked) return State::kChunked;
  return State::kFixed;
}

}  // namespace corolla::inline v0::http
