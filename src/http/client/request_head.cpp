// SPDX-License-Identifier: Apache-2.0
#include "http/client/request_head.hpp"

#include <corolla/http/percent.hpp>

#include "http/base64.hpp"
#include "http/client/upload.hpp"

#include <algorithm>
#include <vector>

namespace corolla::inline v0::http {

namespace {

[[nodiscard]] bool may_have_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// Not for another origin than the one they were meant for, wherever they stand.
[[nodiscard]] bool is_credential(std::string_view name) {
  return iequals(name, "Authorization") || iequals(name, "Cookie") || iequals(name, "Proxy-Authorization");
}

// The fields that are not the message's own affair: cookies and the length are written apart.
Headers fields_of(const SessionOptions& options, const RequestData& request) {
  Headers fields = request.headers;
  for (const auto& [name, value] : options.headers) {
    if (!request.headers.contains(name) && !(request.crossed_origins && is_credential(name))) fields.add(name, value);
  }
  if (!fields.contains("User-Agent") && !options.user_agent.empty()) fields.add("User-Agent", options.user_agent);
  if (!fields.contains("Accept")) fields.add("Accept", "*/*");
  if (options.auto_decompress && !fields.contains("Accept-Encoding"))
    fields.add("Accept-Encoding", Decoder::accept_encoding());
  if (fields.contains("TE") && !fields.has_token("Connection", "TE")) fields.add("Connection", "TE");
  for (const char* name : {"Content-Length", "Transfer-Encoding", "Expect"}) fields.remove(name);
  fields.remove("Cookie");
  return fields;
}

// "a=1; b=2" has a pair of that name.
bool has_cookie(std::string_view pairs, std::string_view name) {
  while (!pairs.empty()) {
    const std::size_t end = std::min(pairs.find(';'), pairs.size());
    std::string_view pair = pairs.substr(0, end);
    pairs.remove_prefix(std::min(end + 1, pairs.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (pair.substr(0, pair.find('=')) == name) return true;
  }
  return false;
}

// The request's own, then the jar's without those of the same names; empty without any.
std::string cookies_of(const SessionState& session, const RequestData& request) {
  std::string_view own = request.headers.get("Cookie", "");
  if (own.empty() && !request.crossed_origins) own = session.options.headers.get("Cookie", "");
  std::string of_jar;
  if (session.options.use_cookies && session.cookie_jar->size() > 0) {
    std::vector<Cookie> cookies = session.cookie_jar->filter(request.url);
    std::erase_if(cookies, [&](const Cookie& cookie) { return has_cookie(own, cookie.name); });
    of_jar = cookie_header(cookies);
  }
  const std::string_view between = own.empty() || of_jar.empty() ? "" : "; ";
  std::string all(own);
  return all.append(between).append(of_jar);
}

// What a request without an Authorization field has in its URL, or in .netrc; empty without any.
std::string authorization_of(const SessionState& session, const RequestData& request) {
  if (request.headers.contains("Authorization")) return {};
  if (request.url.has_credentials()) {
    const std::string pair = percent_decode(request.url.username()) + ":" + percent_decode(request.url.password());
    return "Basic " + base64_encode(pair);
  }
  const bool of_session = !request.crossed_origins && session.options.headers.contains("Authorization");
  if (of_session || !request.asks_netrc) return {};
  return session.netrc.authorization(request.url.hostname());
}

}  // namespace

std::string make_default_fields(const SessionOptions& options) {
  std::string text;
  fields_of(options, RequestData("GET", Url::parse("http://any/"))).write_to(text);
  return text;
}

Headers fields_as_sent(const SessionState& session, const RequestData& request) {
  Headers fields = fields_of(session.options, request);
  if (const std::string cookies = cookies_of(session, request); !cookies.empty()) fields.add("Cookie", cookies);
  if (const std::string credentials = authorization_of(session, request); !credentials.empty())
    fields.set("Authorization", credentials);
  return fields;
}

void write_request_head(std::string& out, const SessionState& session, const RequestData& request,
                        const Proxy* forwarder, const AltService* alternative) {
  out.clear();
  out.append(request.method).append(" ");
  if (forwarder) out.append(request.url.origin());  // RFC 9112, section 3.2.2
  out.append(request.url.request_target()).append(" HTTP/1.1\r\n");
  if (!request.headers.contains("Host")) out.append("Host: ").append(request.url.host_and_port()).append("\r\n");
  if (request.headers.empty() && !request.crossed_origins) out.append(session.default_fields);
  else fields_of(session.options, request).write_to(out);
  if (alternative) out.append("Alt-Used: ").append(alternative->host_and_port()).append("\r\n");
  if (const std::string cookies = cookies_of(session, request); !cookies.empty())
    out.append("Cookie: ").append(cookies).append("\r\n");
  if (forwarder && !request.headers.contains("Proxy-Authorization")) {
    if (const std::string credentials = forwarder->authorization(); !credentials.empty())
      out.append("Proxy-Authorization: ").append(credentials).append("\r\n");
  }
  if (const std::string credentials = authorization_of(session, request); !credentials.empty())
    out.append("Authorization: ").append(credentials).append("\r\n");
  if (request.in_chunks()) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (request.source || !request.body.empty() || may_have_body(request.method)) {
    const std::uint64_t size = request.source ? *request.source->size : request.body.size();
    out.append("Content-Length: ").append(std::to_string(size)).append("\r\n");
  }
  if (request.source && request.expect_continue) out.append("Expect: 100-continue\r\n");
  out.append("\r\n");
}

}  // namespace corolla::inline v0::http
