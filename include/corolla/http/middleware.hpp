// SPDX-License-Identifier: Apache-2.0
/// \file
/// Middleware: a coroutine around an application's handlers; normalize_path and compress, two of them.
///
///     Coro<http::ServerResponse> authenticate(http::ServerRequest& request, http::NextHandler next) {
///       if (!request.headers().contains("Authorization")) throw http::HttpError(401);
///       auto response = co_await next(request);
///       response.headers().set("Cache-Control", "private");
///       co_return response;
///     }
///     app.add_middleware(authenticate);
///
/// Source: aiohttp's "Middlewares" and normalize_path_middleware. What comes out of next() is a response for an HttpError, too
/// (aiohttp throws it through the middlewares), and for a path without a route (404) or without one for the method (405). Any
/// other exception passes through them as it is. A middleware answers by itself, calls next() once, or again after it failed.
#pragma once

#include <corolla/http/compression.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// What stands behind a middleware: the next one, or at last the handler. Refers to the application; a middleware gets its own.
class COROLLA_API NextHandler {
 public:
  explicit NextHandler(std::size_t index) noexcept : index_(index) {}
  [[nodiscard]] Coro<ServerResponse> operator()(ServerRequest& request) const;

 private:
  std::size_t index_;
};

using Middleware = std::function<Coro<ServerResponse>(ServerRequest&, NextHandler)>;

/// What normalize_path tries on a path that has no route.
struct NormalizePathOptions {
  /// "/users" becomes "/users/"; not together with remove_slash.
  bool append_slash = true;
  /// "/users/" becomes "/users".
  bool remove_slash = false;
  /// "/a//b" becomes "/a/b".
  bool merge_slashes = true;
  /// 308 keeps the method and the body; 301 does not.
  int status = 308;
};

/// A middleware that sends clients to the path that has a route, where theirs has none. For the outermost application. The
/// target is always a path of this site, never "//host". ValueError for options that contradict each other.
[[nodiscard]] COROLLA_API Middleware normalize_path(NormalizePathOptions options = NormalizePathOptions());

/// Which responses compress() takes, and how.
struct CompressOptions {
  CompressOptions() {}
  CompressionOptions compression;
  /// Bodies that are known to be smaller are sent as they are.
  std::size_t minimum_size = 1024;
  /// Media types: "application/json", "text/*", "*+json".
  std::vector<std::string> types = {
      "text/*",           "*+json",   "*+xml",    "application/json", "application/xml", "application/javascript",
      "application/wasm", "font/ttf", "font/otf", "image/bmp"};
};

/// A middleware that enables the compression of responses whose media type and size make it worth while, and that did not
/// do so themselves.
[[nodiscard]] COROLLA_API Middleware compress(CompressOptions options = CompressOptions());

}  // namespace corolla::inline v0::http
