// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/server_response.hpp>

#include <corolla/http/percent.hpp>
#include <corolla/http/protocol.hpp>

#include "http/server/error_response.hpp"
#include "http/server/server_exchange.hpp"

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

}  // namespace corolla::inline v0::http
