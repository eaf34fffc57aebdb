// SPDX-License-Identifier: Apache-2.0
/// \file
/// RateLimit: how many requests a session sends in a period, in all and to each host.
///
/// A token bucket: it holds `burst` tokens and gets `requests` of them in each `period`, evenly; a request takes one, or waits for
/// one, in the order of asking. What is cancelled meanwhile leaves its place to the next. Redirects and repeated requests count,
/// answers from a cache do not.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>

namespace corolla::inline v0::http {

/// So many requests a period.
struct Rate {
  Rate() {}
  Rate(unsigned count, std::chrono::nanoseconds time, unsigned at_once = 0)
      : requests(count), period(time), burst(at_once) {}
  unsigned requests = 0;  ///< 0: no limit
  std::chrono::nanoseconds period = std::chrono::seconds(1);
  unsigned burst = 0;  ///< how many may leave at once after a pause; 0: as many as `requests`
};

/// See the file's comment.
struct RateLimit {
  RateLimit() {}
  explicit RateLimit(const Rate& in_all, const Rate& of_each_host = Rate()) : overall(in_all), per_host(of_each_host) {}
  Rate overall;
  Rate per_host;  ///< to one host and port
};

/// The middleware behind SessionOptions::rate_limit. ValueError for a period that is not positive.
[[nodiscard]] COROLLA_API ClientMiddleware limit_rate(const RateLimit& limit);

}  // namespace corolla::inline v0::http
