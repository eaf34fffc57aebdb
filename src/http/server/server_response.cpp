// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/server_response.hpp>

#include <corolla/http/percent.hpp>
#include <corolla/http/protocol.hpp>

#include "http/server/cookie_fields.hpp"
#include "http/server/error_response.hpp"
#include "http/server/server_exchange.hpp"

#include <vector>

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

HttpError::~HttpError() = default;

ServerResponse ServerResponse::error(int status, std::string_view detail) {
  const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><title>" + title + "</title></head>\n<body><h1>" + title + "</h1>";
  if (!detail.empty()) page.append("<p>").append(html_escape(detail)).append("</p>");
  page += "</body></html>\n";
  return ServerResponse(status, std::move(page), "text/html; charset=utf-8");
}

ServerResponse error_response(const HttpError& error) {
  ServerResponse response = ServerResponse::error(error.status(), error.what());
  for (const auto& [name, value] : error.headers()) response.headers().add(name, value);
  return response;
}

ServerResponse ServerResponse::json(const nlohmann::json& document, int status) {
  return ServerResponse(status, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                        "application/json");
}

ServerResponse ServerResponse::redirect(std::string_view location, int status) {
  ServerResponse response = error(status);
  response.headers().add("Location", location);
  return response;
}

void ServerExchange::keep_spare(ServerResponse&& response) noexcept {
  response.reset(200);
  spare_ = std::move(response);
}

ServerResponse ServerExchange::take_spare_response(int status) {
  ServerResponse response = std::move(spare_);
  response.reset(status);
  return response;
}

void ServerResponse::set_cookie(std::string_view name, std::string_view value, CookieAttributes attributes) {
  require_cookie_name(name, attributes);
  require_cookie_value(name, value);
  std::vector<std::string> others;
  for (const std::string_view field : headers_.get_all("Set-Cookie"))
    if (field.substr(0, field.find('=')) != name) others.emplace_back(field);
  headers_.remove("Set-Cookie");
  for (const std::string& other : others) headers_.add("Set-Cookie", other);
  headers_.add("Set-Cookie", set_cookie_field(name, value, attributes));
}

void ServerResponse::del_cookie(std::string_view name, CookieAttributes attributes) {
  attributes.max_age = std::chrono::seconds(0);
  attributes.expires = Cookie::time_point();  // for those who do not know Max-Age
  set_cookie(name, {}, std::move(attributes));
}

}  // namespace corolla::inline v0::http
