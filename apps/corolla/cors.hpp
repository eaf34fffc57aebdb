// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cors: scripts of which other origins may read what is served. Source: WHATWG Fetch, section 3.2.
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>

#include <string>
#include <vector>

namespace corolla::app {

class Cors {
 public:
  /// Origins as browsers send them, "https://a.example:8443", or "*" for any; none: nobody is told anything. ValueError for what is no
  /// origin.
  explicit Cors(const std::vector<std::string>& origins);

  [[nodiscard]] bool empty() const noexcept { return !any_ && origins_.empty(); }
  /// Adds the fields to a response. With a list it says who asked, so caches are told that it varies.
  void apply(const http::ServerRequest& request, http::ServerResponse& response) const;

 private:
  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace corolla::app
