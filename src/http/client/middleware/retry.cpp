// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/retry.hpp>

#include <corolla/http/date.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/sleep.hpp>

#include "http/client/redirect.hpp"
#include "http/client/response_state.hpp"
#include "http/methods.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <random>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using std::chrono::nanoseconds;

// The server cannot have seen the request.
enum class Failure : std::uint8_t { kFinal, kUnsent, kBroken };

Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ClientSSLError&) {
    return Failure::kFinal;  // a certificate does not become another one
  } catch (const ServerFingerprintMismatch&) {
    return Failure::kFinal;
  } catch (const ClientConnectorError&) {
    return Failure::kUnsent;
  } catch (const ConnectionTimeoutError&) {
    return Failure::kUnsent;
  } catch (const ClientConnectionError&) {
    return Failure::kBroken;
  } catch (...) {
    return Failure::kFinal;
  }
}

// Retry-After: seconds, or a date, which is compared with the response's own, since clocks differ.
std::optional<nanoseconds> retry_after(const Headers& headers) {
  const auto field = headers.get("Retry-After");
  if (!field) return std::nullopt;
  constexpr std::int64_t kMost = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::years(100)).count();
  std::uint64_t seconds = 0;
  const char* const end = field->data() + field->size();
  const auto number = std::from_chars(field->data(), end, seconds);
  if (number.ptr == end && number.ec != std::errc::invalid_argument) {
    if (number.ec == std::errc::result_out_of_range) seconds = kMost;
    return std::chrono::seconds(std::min<std::uint64_t>(seconds, kMost));
  }
  const auto date = parse_http_date(*field);
  if (!date) return std::nullopt;
  const auto now = parse_http_date(headers.get("Date", ""))
                       .value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  return std::clamp<std::chrono::seconds>(*date - now, std::chrono::seconds(0), std::chrono::seconds(kMost));
}

class Retrying {
 public:
  explicit Retrying(const RetryPolicy& policy)
      : policy_(policy), random_(policy.seed ? *policy.seed : std::random_device()()) {
    if (policy.attempts == 0) throw ValueError("a request is sent at least once");
    for (const nanoseconds wait : {policy.backoff, policy.max_backoff, policy.max_retry_after})
      if (wait < nanoseconds(0)) throw ValueError("a wait between attempts must not be negative");
  }

  Coro<Response> send(RequestData& request, ClientHandler next) {
    for (unsigned attempt = 1;; ++attempt) {
      auto sending = next(request);
      auto result = co_await outcome(std::move(sending));
      const std::optional<nanoseconds> wait = wait_before_next(attempt, request, result);
      if (!wait) {
        Response response = std::move(result).value();
        std::unique_ptr<ResponseState> state = response.take_state();
        state->attempts = attempt;
        co_return Response(std::move(state));
      }
      if (result) {
        const std::unique_ptr<ResponseState> state = result->take_state();
        auto discarding = discard_body(*state);
        const auto discarded = co_await outcome(std::move(discarding));
        static_cast<void>(discarded);  // a body that breaks off is no loss
      }
      co_await sleep(*wait);
    }
  }

 private:
  // Nothing: what came is final.
  std::optional<nanoseconds> wait_before_next(unsigned attempt, const RequestData& request,
                                              const Outcome<Response>& result) {
    if (attempt >= policy_.attempts || !request.repeatable()) return std::nullopt;
    const bool any_time = policy_.any_method || is_idempotent(request.method);
    nanoseconds wait = next_backoff(attempt);
    if (result) {
      const auto& statuses = policy_.statuses;
      if (!any_time || std::find(statuses.begin(), statuses.end(), result.value().status()) == statuses.end())
        return std::nullopt;
      if (const auto asked = retry_after(result.value().headers())) {
        if (*asked > policy_.max_retry_after) return std::nullopt;
        wait = std::max(wait, *asked);
      }
    } else {
      const Failure failure = policy_.connection_errors ? failure_of(result.error()) : Failure::kFinal;
      if (failure == Failure::kFinal || (failure == Failure::kBroken && !any_time)) return std::nullopt;
    }
    if (request.deadline && get_running_loop().time() + wait >= *request.deadline) return std::nullopt;
    return wait;
  }

  nanoseconds next_backoff(unsigned attempt) {
    nanoseconds bound = std::min(policy_.backoff, policy_.max_backoff);
    for (unsigned i = 1; i < attempt && bound < policy_.max_backoff; ++i)
      bound = bound > policy_.max_backoff / 2 ? policy_.max_backoff : bound * 2;
    return nanoseconds(std::uniform_int_distribution<std::int64_t>(0, bound.count())(random_));
  }

  const RetryPolicy policy_;
  std::mt19937_64 random_;
};

}  // namespace

ClientMiddleware retry(const RetryPolicy& policy) {
  return [state = std::make_shared<Retrying>(policy)](RequestData& request, ClientHandler next) {
    return state->send(request, next);
  };
}

}  // namespace corolla::inline v0::http
