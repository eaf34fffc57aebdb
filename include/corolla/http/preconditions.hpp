// SPDX-License-Identifier: Apache-2.0
/// \file
/// check_preconditions: a handler's answer to If-Match, If-None-Match and their kin; requested_ranges: to Range.
///
///     Coro<http::ServerResponse> replace(http::ServerRequest& request) {
///       Note& note = notes.at(request.match<int>("id"));
///       const http::Validators now(http::ETag(note.version));
///       if (auto failed = http::check_preconditions(request, now)) co_return std::move(*failed);  // 412: somebody was faster
///       note.write(co_await request.read());
///       co_return http::ServerResponse(204);
///     }
///
/// Source: RFC 9110, sections 13 and 14; aiohttp's if_match, if_none_match, if_modified_since, if_unmodified_since, if_range and
/// http_range. StaticFiles and file_response do all that by themselves. Pure functions, safe from any thread.
#pragma once

#include <corolla/http/etag.hpp>
#include <corolla/http/range.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace corolla::inline v0::http {

/// By what clients recognize the representation that a resource has now.
struct Validators {
  /// There is none: "If-None-Match: *" holds then, which is how a client creates without replacing, and "If-Match: *" does not.
  static Validators nothing() {
    Validators none;
    none.exists = false;
    return none;
  }
  Validators() {}
  explicit Validators(ETag tag, std::optional<std::chrono::sys_seconds> time = std::nullopt)
      : etag(std::move(tag)), last_modified(time) {}
  explicit Validators(std::chrono::sys_seconds time) : last_modified(time) {}

  std::optional<ETag> etag;
  std::optional<std::chrono::sys_seconds> last_modified;
  /// It did not change twice in the second that last_modified names: a range may be appended to what a client has of that time.
  bool strong_time = false;
  bool exists = true;
};

/// Nothing when the request is to go on. Else what is to be answered: 412 when a condition failed; 304 to GET and HEAD, with the
/// validators, when the client has it already. Fields that are no dates count as absent, as the RFC wants.
[[nodiscard]] COROLLA_API std::optional<ServerResponse> check_preconditions(ServerRequest& request,
                                                                            const Validators& validators);

/// The ranges that a GET asks of a representation of `size` bytes: kIgnore also when If-Range names another one. parse_range.
[[nodiscard]] COROLLA_API Ranges requested_ranges(const ServerRequest& request, std::uint64_t size,
                                                  const Validators& validators);

/// ETag and Last-Modified, as far as they are known.
COROLLA_API void add_validators(Headers& headers, const Validators& validators);

}  // namespace corolla::inline v0::http
