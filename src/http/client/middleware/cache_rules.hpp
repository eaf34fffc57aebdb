// SPDX-License-Identifier: Apache-2.0
/// \file
/// What RFC 9111 says about one response: whether it may be kept, for how long, and for which requests.
#pragma once

#include <corolla/http/cache.hpp>
#include <corolla/http/headers.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace corolla::inline v0::http {

/// The directives of Cache-Control fields that a private cache knows. Times that are malformed count as 0, of one given twice the
/// first; names in any case.
struct CacheControl {
  CacheControl() {}
  /// Of a message's fields.
  explicit CacheControl(const Headers& headers);
  bool no_store = false;
  bool no_cache = false;
  bool must_revalidate = false;
  bool must_understand = false;
  bool is_public = false;
  bool only_if_cached = false;
  bool any_stale = false;  // max-stale without a value
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> min_fresh;
  std::optional<std::chrono::seconds> max_stale;
  std::optional<std::chrono::seconds> stale_if_error;
  std::optional<std::chrono::seconds> stale_while_revalidate;
};

/// A request's, where Pragma: no-cache counts when there is no Cache-Control (section 5.4).
[[nodiscard]] CacheControl request_cache_control(const Headers& headers);

/// Section 3, for a response to GET.
[[nodiscard]] bool may_store(int status, const Headers& response);
/// Section 4.2.1 and 4.2.2.
[[nodiscard]] std::chrono::seconds freshness_lifetime(const CachedResponse& response,
                                                      std::chrono::seconds max_heuristic);
/// Section 4.2.3.
[[nodiscard]] std::chrono::seconds current_age(const CachedResponse& response, std::chrono::sys_seconds now);
/// Section 4.1: the request's fields that choose among variants; nothing when none ever matches ("*").
[[nodiscard]] std::optional<Headers> selecting_fields(const Headers& response, const Headers& request);
/// The response was kept for a request with the same selecting fields.
[[nodiscard]] bool selects(const CachedResponse& response, const Headers& request);
/// Without those that are for one connection only (section 3.1).
[[nodiscard]] Headers storable_fields(const Headers& response);
/// Section 4.3.5: what a 200 to HEAD says of a stored response to GET, whose body it would have now.
[[nodiscard]] bool head_confirms(const Headers& kept, const Headers& head);
/// Section 3.2: the fields of a 304 in place of the kept ones.
void update_fields(Headers& kept, const Headers& fresh);

}  // namespace corolla::inline v0::http
