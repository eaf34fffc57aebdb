// SPDX-License-Identifier: Apache-2.0
/// \file
/// download: a response's body as a file, taken up again where it broke off.
///
///     auto done = co_await http::download(session, "https://example.org/large.iso", "large.iso");
///
/// Source: RFC 9110, sections 13.1.5 (If-Range) and 14. The body is written to PATH.part, which becomes PATH once it is whole. What
/// breaks off stays there, and PATH.part.from says of which URL and version it is: the next download() asks for the rest only, and
/// the server sends the whole again if it has another version by then. Without a strong ETag or a Last-Modified that tells versions
/// apart nothing is taken up again. Bodies are asked for without a coding. One download of a path at a time.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

class Session;

struct DownloadOptions {
  /// No limit of the whole; sock_read is a minute.
  DownloadOptions() {
    timeout.total.reset();
    timeout.sock_read = std::chrono::minutes(1);
  }
  /// False: what is there of an earlier attempt is not used.
  bool resume = true;
  /// More is ContentTooLarge.
  std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();
  ClientTimeout timeout;
  /// Further fields of the request.
  Headers headers;
  /// Told after each piece that was written: bytes in the file, and how many there will be, if that is known.
  std::function<void(std::uint64_t done, std::optional<std::uint64_t> total)> progress;
};

struct DownloadResult {
  DownloadResult() {}
  /// Of the file.
  std::uint64_t bytes = 0;
  /// Those of them that were there before.
  std::uint64_t resumed_from = 0;
  /// Where they came from, after redirects.
  std::optional<Url> url;
};

/// Writes the body of `url` to the file `path`. ClientResponseError for a status that is neither 200 nor 206; ClientPayloadError when
/// the server sends another part than was asked for; OSError of files; others as a request's. After an error, or cancelled, the part
/// stays for the next time. The session outlives the call.
[[nodiscard]] COROLLA_API Coro<DownloadResult> download(Session& session, std::string url, std::string path,
                                                        DownloadOptions options = DownloadOptions());

}  // namespace corolla::inline v0::http
