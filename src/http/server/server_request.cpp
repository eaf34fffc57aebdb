// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/server_request.hpp>

#include <corolla/http/form_data.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/multipart_reader.hpp>
#include <corolla/http/server_response.hpp>

#include "http/server/cookie_fields.hpp"
#include "http/server/request_context.hpp"
#include "http/server/server_exchange.hpp"
#include "http/urlencoded.hpp"

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

namespace {

// A target taken apart (RFC 9112, section 3.2).
struct Target {
  std::string_view authority;  // of "http://host/path" and of CONNECT's "host:port"
  std::string_view path;       // with the query
};

Target take_apart(std::string_view target, bool connect) {
  if (target.starts_with('/') || target == "*") return {{}, target};
  if (connect) return {target, "/"};
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return {{}, target};
  target.remove_prefix(scheme + 3);
  const auto end = target.find_first_of("/?");
  const std::string_view authority = target.substr(0, end);
  if (end == std::string_view::npos) return {authority, "/"};
  return {authority, target.substr(end)};
}

}  // namespace

ServerRequest::ServerRequest(ServerExchange& exchange) noexcept : exchange_(exchange) {}
ServerRequest::~ServerRequest() = default;

const std::string& ServerRequest::method() const noexcept { return exchange_.head().method; }
const std::string& ServerRequest::target() const noexcept { return exchange_.head().target; }

const Headers& ServerRequest::trailers() const noexcept { return exchange_.trailers(); }

std::string_view ServerRequest::path() const noexcept {
  const std::string_view path = take_apart(target(), method() == "CONNECT").path;
  const std::string_view before_query = path.substr(0, path.find('?'));
  return before_query.empty() ? std::string_view("/") : before_query;
}

std::string_view ServerRequest::query() const noexcept {
  const std::string_view path = take_apart(target(), method() == "CONNECT").path;
  const auto mark = path.find('?');
  return mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
}

std::string_view ServerRequest::host() const noexcept {
  const RequestOrigin* origin = RequestContext::origin_of(*this);
  if (origin != nullptr && !origin->host.empty()) return origin->host;
  const std::string_view authority = take_apart(target(), method() == "CONNECT").authority;
  return authority.empty() ? headers().get("Host", "") : authority;
}

HttpVersion ServerRequest::version() const noexcept { return exchange_.head().version; }
const Headers& ServerRequest::headers() const noexcept { return exchange_.head().headers; }

std::optional<std::uint64_t> ServerRequest::content_length() const noexcept { return exchange_.head().content_length; }

bool ServerRequest::has_body() const noexcept {
  return exchange_.head().chunked || exchange_.head().content_length.value_or(0) > 0;
}

std::optional<std::string> ServerRequest::query(std::string_view name) const {
  std::string_view text = query();
  while (auto pair = take_pair(text))
    if (pair->first == name) return std::move(pair->second);
  return std::nullopt;
}

std::vector<std::string> ServerRequest::query_all(std::string_view name) const {
  std::vector<std::string> values;
  std::string_view text = query();
  while (auto pair = take_pair(text))
    if (pair->first == name) values.push_back(std::move(pair->second));
  return values;
}

std::optional<std::string> ServerRequest::cookie(std::string_view name) const {
  CookiePairs pairs(headers());
  while (const auto pair = pairs.next())
    if (pair->first == name) return std::string(pair->second);
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ServerRequest::cookies() const {
  std::vector<std::pair<std::string, std::string>> all;
  CookiePairs pairs(headers());
  while (const auto pair = pairs.next()) all.emplace_back(pair->first, pair->second);
  return all;
}

std::string ServerRequest::remote() const {
  const RequestOrigin* origin = RequestContext::origin_of(*this);
  return origin == nullptr || origin->remote.empty() ? peername().host() : origin->remote;
}

std::string_view ServerRequest::scheme() const noexcept {
  const RequestOrigin* origin = RequestContext::origin_of(*this);
  if (origin != nullptr && !origin->scheme.empty()) return origin->scheme;
  return tls() != nullptr ? "https" : "http";
}

const TlsConnection* ServerRequest::tls() const noexcept { return exchange_.stream().tls(); }

SocketAddress ServerRequest::peername() const { return exchange_.stream().peername(); }
Coro<std::string_view> ServerRequest::chunk() { return exchange_.next_piece(); }
void ServerRequest::set_max_body_bytes(std::uint64_t bytes) noexcept { exchange_.set_max_body_bytes(bytes); }
ServerResponse ServerRequest::respond(int status) { return exchange_.take_spare_response(status); }

Coro<std::string> ServerRequest::read() {
  std::string body;
  for (;;) {
    auto reading = exchange_.next_piece();
    const std::string_view piece = co_await std::move(reading);
    if (piece.empty()) co_return body;
    body += piece;
  }
}

Coro<FormData> ServerRequest::post() { return read_form(*this); }
Coro<FormData> ServerRequest::post(const FormOptions& options) { return read_form(*this, options); }

MultipartReader ServerRequest::multipart() { return multipart(MultipartLimits()); }
MultipartReader ServerRequest::multipart(const MultipartLimits& limits) {
  return MultipartReader(
      headers().get("Content-Type", ""), [this] { return chunk(); }, limits, MultipartReader::Role::kRequest);
}

Coro<nlohmann::json> ServerRequest::json(bool any_content_type) {
  const auto media_type = MediaType::parse(headers().get("Content-Type", ""));
  if (!any_content_type && !(media_type && media_type->is_json())) throw HttpError(415, "a JSON document is expected");
  auto reading = read();
  const std::string body = co_await std::move(reading);
  nlohmann::json document = nlohmann::json::parse(body, nullptr, false);
  if (document.is_discarded()) throw HttpError(400, "the body is not JSON");
  co_return document;
}

}  // namespace corolla::inline v0::http
