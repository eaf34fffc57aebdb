// SPDX-License-Identifier: Apache-2.0
/// \file
/// Opening a path that a client chose, beneath a directory and nowhere else.
#pragma once

#include <corolla/http/open_file.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// How an open ended: a file of any kind, or an errno.
struct OpenResult {
  explicit OpenResult(OpenFile opened) noexcept : file(std::move(opened)) {}
  explicit OpenResult(int errno_value) noexcept : error(errno_value) {}
  OpenFile file;
  int error = 0;
};

/// Opens `path` (relative, no "..") to read it. Symbolic links are followed while they stay beneath `directory`; EXDEV or
/// ELOOP for those that do not. Never waits for a FIFO's writer. Blocks no longer than a look-up in the directory cache does,
/// as a rule.
[[nodiscard]] OpenResult open_beneath(int directory, const std::string& path);
/// The same for kernels without openat2 (before 5.6, or where a sandbox forbids it): a component at a time, and a symbolic
/// link anywhere is ELOOP or ENOTDIR.
[[nodiscard]] OpenResult open_beneath_by_steps(int directory, std::string_view path);
/// The same, but symbolic links may lead anywhere.
[[nodiscard]] OpenResult open_following_links(int directory, const std::string& path);

/// Turns the encoded path of a URL into one for these functions: "/a%20b/" into "a b/", "/" into "". False for what no file
/// is to be looked up for: "." and ".." (encoded or not), empty segments but a last one, an encoded slash, NUL, a path that
/// does not begin with '/'; and for names that begin with a dot, but for a first ".well-known", unless `hidden`.
[[nodiscard]] bool relative_path(std::string_view encoded, bool hidden, std::string& path);

}  // namespace corolla::inline v0::http
