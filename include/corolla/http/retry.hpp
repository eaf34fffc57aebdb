// SPDX-License-Identifier: Apache-2.0
/// \file
/// RetryPolicy: which requests are sent again, how often and when.
///
/// Source: RFC 9110, sections 9.2.2 (idempotent methods) and 10.2.3 (Retry-After). The waits are exponential with full jitter:
/// the n-th is a random part of backoff × 2ⁿ⁻¹. What is not repeated: a method that is not idempotent, once its request may have
/// reached the server; a body that is a stream; what would begin after the request's total time. Then, and after the last
/// attempt, the last response is returned as it is, or the last error thrown.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment.
struct RetryPolicy {
  RetryPolicy() {}
  explicit RetryPolicy(unsigned most_attempts) : attempts(most_attempts) {}
  /// How often a request is sent, the first time included; 1: once, whatever happens.
  unsigned attempts = 3;
  /// Bound of the first wait; each further one is twice as long.
  std::chrono::nanoseconds backoff = std::chrono::milliseconds(200);
  /// Bound of all of them.
  std::chrono::nanoseconds max_backoff = std::chrono::seconds(30);
  /// A server that asks with Retry-After for a longer wait gets no other attempt.
  std::chrono::nanoseconds max_retry_after = std::chrono::minutes(2);
  /// Responses that are no answer yet. Retry-After counts with these only.
  std::vector<int> statuses{429, 500, 502, 503, 504};
  /// Connections that cannot be made, are not made in time, or break before the head of a response is there.
  bool connection_errors = true;
  /// POST and PATCH are repeated like the others: for requests that say themselves how often they count.
  bool any_method = false;
  /// For tests: the waits are the same each time. Nothing: random.
  std::optional<std::uint64_t> seed;
};

/// The middleware behind SessionOptions::retry and Request::retry. ValueError for no attempt or a negative wait.
[[nodiscard]] COROLLA_API ClientMiddleware retry(const RetryPolicy& policy);

}  // namespace corolla::inline v0::http
