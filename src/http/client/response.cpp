// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/response.hpp>

#include <corolla/http/content_disposition.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/link.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/multipart_reader.hpp>

#include "http/charset.hpp"
#include "http/client/response_state.hpp"

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

Response::Response(std::unique_ptr<ResponseState> state) noexcept : state_(std::move(state)) {}
Response::Response(int status, Headers headers, std::string body, Url url)
    : state_(std::make_unique<ResponseState>(std::move(url), FutureRef<ConnectionPool>())) {
  ResponseHead& head = state_->head;
  head.status = status;
  head.reason = reason_phrase(status);
  head.headers = std::move(headers);
  head.content_length = body.size();
  state_->max_body_bytes = body.size();
  state_->stored = std::make_shared<const std::string>(std::move(body));
}
Response::Response(Response&&) noexcept = default;
Response& Response::operator=(Response&&) noexcept = default;
Response::~Response() = default;

int Response::status() const noexcept { return state_->head.status; }
const std::string& Response::reason() const noexcept { return state_->head.reason; }
HttpVersion Response::version() const noexcept { return state_->head.version; }
const Headers& Response::headers() const noexcept { return state_->head.headers; }
const Url& Response::url() const noexcept { return state_->url; }
bool Response::from_cache() const noexcept { return state_->from_cache; }
unsigned Response::attempts() const noexcept { return state_->attempts; }
const std::vector<Url>& Response::history() const noexcept { return state_->history; }
std::optional<std::uint64_t> Response::content_length() const noexcept { return state_->head.content_length; }
std::uint64_t Response::wire_bytes() const noexcept { return state_->wire_bytes; }
const Headers& Response::trailers() const noexcept { return state_->trailers; }
bool Response::complete() const noexcept { return state_->complete; }
void Response::close() noexcept { state_->drop_connection(); }
std::unique_ptr<ResponseState> Response::take_state() noexcept { return std::move(state_); }

void Response::raise_for_status() const {
  if (ok()) return;
  throw ClientResponseError(status(), std::to_string(status()) + " " + reason() + ": " + url().href());
}

std::string Response::charset() const {
  const auto media_type = MediaType::parse(headers().get("Content-Type", ""));
  return media_type ? media_type->charset() : std::string();
}

std::vector<Link> Response::links() const {
  constexpr std::size_t kMost = 256;
  std::vector<Link> all;
  for (const std::string_view field : headers().get_all("Link")) {
    std::vector<Link> of_field = Link::parse(field, url(), kMost - all.size());
    std::move(of_field.begin(), of_field.end(), std::back_inserter(all));
  }
  return all;
}

std::optional<Link> Response::link(std::string_view rel) const {
  for (Link& link : links())
    if (link.has_rel(rel) && !link.parameters.get("anchor")) return std::move(link);
  return std::nullopt;
}

std::optional<ContentDisposition> Response::content_disposition() const {
  const auto field = headers().get("Content-Disposition");
  if (!field) return std::nullopt;
  return ContentDisposition::parse(*field);
}

Coro<std::string_view> Response::chunk() { return state_->chunk(); }

Coro<std::string> Response::read() {
  ResponseState& state = *state_;
  if (!state.complete) {
    if (state.body.empty() && state.head.content_length && !state.decoder)
      state.body.reserve(std::min<std::uint64_t>(*state.head.content_length, std::uint64_t{1} << 20U));
    for (;;) {
      const std::string_view piece = co_await state.chunk();
      if (piece.empty()) break;
      state.body.append(piece);
    }
    if (!state.complete) throw ClientPayloadError("the response was closed before its body was read");
  }
  co_return state.body;
}

MultipartReader Response::multipart() { return multipart(MultipartLimits()); }

MultipartReader Response::multipart(const MultipartLimits& limits) {
  return MultipartReader(headers().get("Content-Type", ""), [state = state_.get()] { return state->chunk(); }, limits);
}

Coro<std::string> Response::text() {
  std::string bytes = co_await read();
  const auto media_type = MediaType::parse(headers().get("Content-Type", ""));
  std::string name = media_type ? media_type->charset() : std::string();
  if (name.empty() && state_->fallback_charset_resolver && !(media_type && media_type->is_json()))
    name = state_->fallback_charset_resolver(*this, bytes);
  co_return decode_to_utf8(std::move(bytes), name);
}

Coro<nlohmann::json> Response::json(bool any_content_type) {
  const std::string_view type = headers().get("Content-Type", "");
  const auto media_type = MediaType::parse(type);
  if (!any_content_type && !(media_type && media_type->is_json())) {
    throw ContentTypeError(status(), url().href() + " is not JSON but \"" + std::string(type) + "\"");
  }
  const std::string body = co_await text();
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(body);
  } catch (const nlohmann::json::exception& error) {
    throw ValueError(url().href() + ": " + error.what());
  }
  co_return document;
}

}  // namespace corolla::inline v0::http
