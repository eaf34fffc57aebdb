// SPDX-License-Identifier: Apache-2.0
#include "parser.hpp"

#include <llhttp.h>

namespace corolla::inline v0::http {

ResponseParser::ResponseParser(const ParserLimits& limits) : MessageParser(Kind::kResponse, limits) { start("GET"); }

void ResponseParser::start(std::string_view request_method) {
  reset_message(response_);
  response_.status = 0;
  response_.reason.clear();
  to_head_ = request_method == "HEAD";
  to_connect_ = request_method == "CONNECT";
}

void ResponseParser::append_start_line(const char* text, std::size_t size) { response_.reason.append(text, size); }

// RFC 9112, section 6.3, for a client.
MessageParser::State ResponseParser::frame_body(const llhttp__internal_s& parser) {
  if (parser.http_major != 1) fail("unsupported version", 505);
  fill_common(parser, response_);
  const int status = response_.status = parser.status_code;
  if (status < 100 || status > 599) fail("status code out of range");
  bool until_close = false;
  if ((parser.flags & F_TRANSFER_ENCODING) != 0) {
    if (response_.version == HttpVersion::kHttp10) fail("Transfer-Encoding in HTTP/1.0");
    const std::string_view coding = response_.headers.get("Transfer-Encoding", "");
    const bool single = response_.headers.count("Transfer-Encoding") == 1;
    until_close = single && iequals(coding, "identity");  // obsolete, harmless: the connection is not used again
    response_.chunked = single && iequals(coding, "chunked");
    if (!response_.chunked && !until_close) fail("unsupported Transfer-Encoding", 501);
  }
  if (status == 101 || (to_connect_ && status / 100 == 2)) {
    response_.upgrade = true;
    response_.keep_alive = response_.chunked = false;
    response_.content_length.reset();
    return State::kDone;
  }
  if (to_head_ || status / 100 == 1 || status == 204 || status == 304) return State::kDone;
  if (response_.chunked) return State::kChunked;
  if (response_.content_length && !until_close) return State::kFixed;
  response_.keep_alive = false;
  return State::kUntilClose;
}

}  // namespace corolla::inline v0::http
