// SPDX-License-Identifier: Apache-2.0
/// \file
/// RequestPath: a request's path, taken apart into decoded segments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// "/a%2Fb/c" has the segments "a/b" and "c": the path is split first and decoded then, so that an encoded slash belongs to
/// the segment it stands in. Views of `encoded`, which has to live on, and of this object. The storage is used again.
class RequestPath {
 public:
  RequestPath() = default;
  RequestPath(const RequestPath&) = delete;
  RequestPath& operator=(const RequestPath&) = delete;

  /// False for what matches no pattern: a path that does not begin with '/', or a segment "." or "..", encoded or not.
  [[nodiscard]] bool assign(std::string_view encoded);

  [[nodiscard]] std::size_t size() const noexcept { return segments_.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept { return segments_[index].value; }
  /// Where a segment begins in the encoded path.
  [[nodiscard]] std::size_t offset(std::size_t index) const noexcept { return segments_[index].offset; }
  /// The rest of the path from a segment on, decoded but for encoded slashes: its slashes are those that split it. Valid
  /// until it is called again.
  [[nodiscard]] std::string_view tail(std::size_t index);

 private:
  struct Segment {
    std::size_t offset;
    std::string_view value;
  };
  std::string_view encoded_;
  std::string decoded_;
  std::string tail_;
  std::vector<Segment> segments_;
};

}  // namespace corolla::inline v0::http
