// SPDX-License-Identifier: Apache-2.0
/// \file
/// StaticFiles: a handler that serves a directory; file_response: a response from one file.
///
///     http::StaticFiles files("/srv/www");
///     auto server = co_await http::serve(files, "127.0.0.1", 8080);
///
/// Source: RFC 9110, sections 8.8, 13 and 14; aiohttp's web.static and web.FileResponse. GET and HEAD; Range (single and
/// multipart), If-Range, If-None-Match, If-Modified-Since, If-Match, If-Unmodified-Since; ETag from the time of
/// modification and the size, weak while the file is so young that it may change again unseen.
///
/// Nothing outside the directory is reached, by construction: the kernel resolves the path beneath it (openat2 with
/// RESOLVE_BENEATH; without that system call, a component at a time and no symbolic link at all). A path that holds "..",
/// ".", an empty segment, an encoded slash or NUL is 404 before the file system is asked.
#pragma once

#include <corolla/http/open_file.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// What of a directory is served, and how.
struct StaticFilesOptions {
  StaticFilesOptions() {}
  /// The file that stands for its directory.
  std::string index = "index.html";
  /// A directory without index file is listed; else it is 403.
  bool listing = false;
  /// Names that begin with a dot are served, too. Else they are 404, but for ".well-known" (RFC 8615): what lies in a
  /// directory unseen (.git, .env, .htpasswd) is as a rule not meant for the public.
  bool hidden = false;
  /// Symbolic links may lead out of the directory. Those that stay within it are always followed.
  bool follow_symlinks = false;
  /// "name.br" or "name.gz" is sent for "name", with Content-Encoding, to clients that accept it. One more look-up each.
  bool precompressed = false;
  /// Sent as Cache-Control unless empty.
  std::string cache_control;
};

/// A copy shares the directory. Not thread safe.
class COROLLA_API StaticFiles {
 public:
  /// Opens the directory, whose later renaming does not matter. OSError (ENOENT, ENOTDIR, EACCES …).
  explicit StaticFiles(const std::string& directory, StaticFilesOptions options = StaticFilesOptions());
  /// Answers one request; see the file's comment. This is the handler.
  [[nodiscard]] Coro<ServerResponse> operator()(ServerRequest& request) const { return serve(request, request.path()); }
  /// As above for another path than the request's: an encoded one below the directory, that begins with '/'. It is borrowed
  /// from the request.
  [[nodiscard]] Coro<ServerResponse> serve(ServerRequest& request, std::string_view path) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

/// A response from an open regular file, with ranges and conditions as the request asks for them. `media_type` empty: none.
[[nodiscard]] COROLLA_API ServerResponse file_response(ServerRequest& request, OpenFile file,
                                                       std::string_view media_type);

}  // namespace corolla::inline v0::http
