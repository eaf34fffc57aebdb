// SPDX-License-Identifier: Apache-2.0
#include "http/urlencoded.hpp"

#include <corolla/http/percent.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

std::string decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

std::optional<std::pair<std::string, std::string>> take_pair(std::string_view& text) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    return std::pair(decode(pair.substr(0, equals)), decode(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return std::nullopt;
}

}  // namespace corolla::inline v0::http
