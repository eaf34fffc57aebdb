// SPDX-License-Identifier: Apache-2.0
#include "http/http2/fields.hpp"

#include <string>

namespace corolla::inline v0::http {

bool is_connection_field(std::string_view name) noexcept {
  switch (name.size()) {
    case 2: return iequals(name, "TE");
    case 7: return iequals(name, "Upgrade");
    case 10: return iequals(name, "Connection") || iequals(name, "Keep-Alive");
    case 16: return iequals(name, "Proxy-Connection");
    case 17: return iequals(name, "Transfer-Encoding");
    default: return false;
  }
}

void join_cookies(Headers& headers) {
  if (headers.count("cookie") < 2) return;
  std::string joined;
  for (const std::string_view crumb : headers.get_all("cookie")) {
    if (!joined.empty()) joined += "; ";
    joined += crumb;
  }
  headers.set("cookie", joined);
}

}  // namespace corolla::inline v0::http
