// SPDX-License-Identifier: Apache-2.0
#include "corolla/cors.hpp"

#include <corolla/http/error.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/error.hpp>

#include <algorithm>

namespace corolla::app {

Cors::Cors(const std::vector<std::string>& origins) {
  for (const std::string& text : origins) {
    if (text == "*") {
      any_ = true;
      continue;
    }
    const auto url = http::Url::try_parse(text);
    const std::string origin = url ? url->origin() : std::string();
    if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->href() != origin + "/")
      throw ValueError("\"" + text + "\" is no origin: a scheme, a host, and a port unless it is the scheme's");
    origins_.push_back(origin);
  }
}

void Cors::apply(const http::ServerRequest& request, http::ServerResponse& response) const {
  http::Headers& fields = response.headers();
  if (any_) {
    fields.set("Access-Control-Allow-Origin", "*");
  } else {
    fields.add("Vary", "Origin");
    const std::string_view origin = request.headers().get("Origin", "");
    if (std::find(origins_.begin(), origins_.end(), origin) == origins_.end()) return;
    fields.set("Access-Control-Allow-Origin", origin);
  }
  fields.set("Access-Control-Expose-Headers", "*");
  if (request.method() != "OPTIONS") return;
  fields.set("Access-Control-Allow-Methods", "GET, HEAD");
  fields.set("Access-Control-Allow-Headers", "*");
}

}  // namespace corolla::app
