// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether a failed request is tried again, and when.
#pragma once

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>

namespace corolla::inline v0::crawl {

/// What ended a request without a usable answer.
enum class Failure : std::uint8_t {
  kConnect,  ///< refused, unreachable
  kReset,    ///< the connection broke before the answer was whole
  kTimeout,
  kResolve,      ///< the resolver gave no answer, now
  kUnknownHost,  ///< there is no such name
  kTls,          ///< no TLS with the server, or its certificate is refused
  kProtocol,     ///< what came is not HTTP
  kTooLarge,     ///< a limit on the body was hit
  kRedirect,     ///< redirections in a circle, too many, or to nowhere
  kOther,
};
[[nodiscard]] COROLLA_API std::string_view to_string(Failure failure) noexcept;

/// The kind of an error thrown by the HTTP client or the runtime; of an ExceptionGroup, its first member's.
[[nodiscard]] COROLLA_API Failure classify(const std::exception_ptr& error) noexcept;

struct RetryOptions {
  std::uint32_t attempts = 3;  ///< requests for one page, the first included
  std::chrono::milliseconds base{500};
  std::chrono::milliseconds cap{std::chrono::seconds{30}};
  /// A server that asks for more than this (Retry-After) is not waited for: the page failed.
  std::chrono::milliseconds longest_retry_after{std::chrono::minutes{10}};
  std::uint64_t seed = 0;
};

/// Exponential back-off with full jitter: before the n-th retry a wait drawn evenly from 0 to base·2ⁿ⁻¹, at most cap, so
/// that requests which failed together do not come back together. A Retry-After is waited out, with jitter on top.
/// The sequence depends on the seed and the calls alone. Not thread safe.
///
/// Retried: connect, reset, time-out and resolver failures; 408, 425, 429, 500, 502, 503, 504. Not retried: an
/// unknown name, a refused certificate, what is not HTTP or too large, because it would be so again.
/// Source: RFC 9110, section 10.2.3 (Retry-After); RFC 6585 (429); RFC 8470 (425).
class COROLLA_API RetryPolicy {
 public:
  explicit RetryPolicy(RetryOptions options = {});

  [[nodiscard]] static bool is_transient(Failure failure) noexcept;
  [[nodiscard]] static bool is_transient(int status) noexcept;
  /// 429 and 503: the whole host asks for a pause, not just this page.
  [[nodiscard]] static bool concerns_host(int status) noexcept { return status == 429 || status == 503; }

  /// How long to wait before the next attempt after `attempts` were made (at least 1); nothing when the page failed.
  std::optional<std::chrono::milliseconds> after(Failure failure, std::uint32_t attempts);
  std::optional<std::chrono::milliseconds> after(int status, std::uint32_t attempts,
                                                 std::optional<std::chrono::seconds> retry_after = std::nullopt);

 private:
  std::chrono::milliseconds back_off(std::uint32_t attempts);
  std::uint64_t random_below(std::uint64_t bound);

  RetryOptions options_;
  std::uint64_t state_;
};

/// The value of a Retry-After field, seconds or a date, as a wait from `now`; 0 for a date in the past, nothing for
/// what is neither.
[[nodiscard]] COROLLA_API std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace corolla::inline v0::crawl
