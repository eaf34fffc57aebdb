// SPDX-License-Identifier: Apache-2.0
#include "http/server/request_path.hpp"

#include <corolla/http/percent.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

bool RequestPath::assign(std::string_view encoded) {
  encoded_ = encoded;
  segments_.clear();
  decoded_.clear();
  decoded_.reserve(encoded.size());  // decoding makes nothing longer, so views of it stay
  if (!encoded.starts_with('/')) return false;
  for (std::size_t begin = 1; begin <= encoded.size();) {
    const std::size_t end = std::min(encoded.find('/', begin), encoded.size());
    std::string_view value = encoded.substr(begin, end - begin);
    if (value.find('%') != std::string_view::npos) {
      const std::size_t before = decoded_.size();
      decoded_ += percent_decode(value);
      value = std::string_view(decoded_).substr(before);
    }
    if (value == "." || value == "..") return false;
    segments_.push_back({begin, value});
    begin = end + 1;
  }
  return true;
}

std::string_view RequestPath::tail(std::size_t index) {
  if (index >= segments_.size()) return {};
  tail_.clear();
  std::string_view rest = encoded_.substr(segments_[index].offset);
  while (!rest.empty()) {
    std::size_t slash = 0;  // the next encoded one
    while ((slash = rest.find("%2", slash)) != std::string_view::npos) {
      if (slash + 2 < rest.size() && (rest[slash + 2] == 'F' || rest[slash + 2] == 'f')) break;
      ++slash;
    }
    tail_ += percent_decode(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    tail_ += rest.substr(slash, 3);
    rest.remove_prefix(slash + 3);
  }
  return tail_;
}

}  // namespace corolla::inline v0::http
