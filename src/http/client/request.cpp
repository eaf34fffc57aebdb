// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/request.hpp>

#include <corolla/http/multipart.hpp>
#include <corolla/http/percent.hpp>
#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"
#include "http/client/proxy/proxy.hpp"
#include "http/client/upload.hpp"
#include "http/encoder.hpp"

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

void append_pair(std::string& pairs, std::string_view name, std::string_view value) {
  if (!pairs.empty()) pairs += '&';
  pairs.append(percent_encode(name)).append("=").append(percent_encode(value));
}

}  // namespace

bool RequestData::repeatable() const noexcept { return !source || source->repeatable(); }

bool RequestData::in_chunks() const noexcept { return source && (!source->size || has_trailers() || compressed()); }

void RequestData::move_body_apart() { source = std::make_shared<BodySource>(std::exchange(body, {})); }

RequestExtras& Request::extras() {
  if (!data_.extras) data_.extras = std::make_shared<RequestExtras>();
  return *data_.extras;
}

Request&& Request::query(std::string_view name, std::string_view value) && {
  std::string query(data_.url.query());
  append_pair(query, name, value);
  if (data_.url.has_fragment()) query.append("#").append(data_.url.fragment());
  data_.url = Url::parse("?" + query, data_.url);
  return std::move(*this);
}

Request&& Request::cookie(std::string_view name, std::string_view value) && {
  if (name.find_first_of("=; \t") != std::string_view::npos || value.find(';') != std::string_view::npos)
    throw HeaderInjection("a cookie's name and value must not hold its delimiters: " + std::string(name));
  std::string pairs(data_.headers.get("Cookie", ""));
  if (!pairs.empty()) pairs += "; ";
  pairs.append(name).append("=").append(value);
  return std::move(*this).header("Cookie", pairs);
}

Request&& Request::basic_auth(std::string_view user, std::string_view password) && {
  if (user.find(':') != std::string_view::npos) throw ValueError("a user's name must not hold ':'");
  std::string pair(user);
  pair.append(":").append(password);
  return std::move(*this).header("Authorization", "Basic " + base64_encode(pair));
}

Request&& Request::bearer_auth(std::string_view token) && {
  std::string value = "Bearer ";
  value += token;
  return std::move(*this).header("Authorization", value);
}

Request&& Request::json(const nlohmann::json& document) && {
  data_.body = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (!data_.headers.contains("Content-Type")) data_.headers.set("Content-Type", "application/json");
  return std::move(*this);
}

Request&& Request::form(std::string_view name, std::string_view value) && {
  if (!data_.headers.contains("Content-Type")) {
    data_.body.clear();
    data_.headers.set("Content-Type", kForm);
  }
  append_pair(data_.body, name, value);
  return std::move(*this);
}

Request&& Request::body(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> size) && {
  data_.body.clear();
  data_.source = std::make_shared<BodySource>(std::move(pieces), size);
  return std::move(*this);
}

Request&& Request::multipart(Multipart form) && {
  data_.headers.set("Content-Type", form.content_type());
  const std::uint64_t size = form.size();
  return std::move(*this).body(std::move(form).pieces(), size);
}

Request&& Request::compress(std::string_view coding) && {
  for (const ContentCoding known :
       {ContentCoding::kGzip, ContentCoding::kDeflate, ContentCoding::kBrotli, ContentCoding::kZstd}) {
    if (!iequals(coding, name_of(known))) continue;
    extras().compress = known;
    return std::move(*this);
  }
  throw ValueError("not a content coding: \"" + std::string(coding) + "\"");
}

Request&& Request::check_response(ResponseCheck check) && {
  data_.check_response = check ? std::make_shared<const ResponseCheck>(std::move(check)) : nullptr;
  return std::move(*this);
}

Request&& Request::server_hostname(std::string name) && {
  if (name.empty()) throw ValueError("server_hostname is empty");
  extras().server_hostname = std::move(name);
  return std::move(*this);
}

Request&& Request::proxy(const Url& url) && {
  data_.proxy = std::make_shared<Proxy>(url);
  return std::move(*this);
}

}  // namespace corolla::inline v0::http
