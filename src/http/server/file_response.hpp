// SPDX-License-Identifier: Apache-2.0
/// \file
/// A response from a file: validators, conditions, ranges.
#pragma once

#include <corolla/http/static_files.hpp>

#include <string_view>

namespace corolla::inline v0::http {

/// A file and what is to be said about it.
struct FileRepresentation {
  explicit FileRepresentation(OpenFile open_file) noexcept : file(std::move(open_file)) {}
  OpenFile file;
  std::string_view media_type;
  std::string_view content_encoding;
  std::string_view cache_control;
  /// There are several of the same name: "Vary: Accept-Encoding".
  bool varies = false;
};

/// Answers a GET or HEAD.
[[nodiscard]] ServerResponse respond_with_file(ServerRequest& request, FileRepresentation representation);

}  // namespace corolla::inline v0::http
