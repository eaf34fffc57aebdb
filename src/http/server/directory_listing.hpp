// SPDX-License-Identifier: Apache-2.0
/// \file
/// A directory as a page of links.
#pragma once

#include <corolla/http/open_file.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// An HTML page of what is in the open directory, subdirectories first, by name; at most kMostListed entries, and a line
/// that says so. `path` is shown as the title; `parent`: with a link to "../". Blocks on the disk. OSError.
[[nodiscard]] std::string list_directory(const OpenFile& directory, const std::string& path, bool parent, bool hidden);

inline constexpr std::size_t kMostListed = 10000;

}  // namespace corolla::inline v0::http
