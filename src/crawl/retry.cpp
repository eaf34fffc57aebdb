// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/retry.hpp>
#include <corolla/http/date.hpp>
#include <corolla/http/error.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/exception_group.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <netdb.h>

namespace corolla::inline v0::crawl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array kTransientStatus{408, 425, 429, 500, 502, 503, 504};

Failure classify_code(const std::error_code& code) noexcept {
  if (code.category() == gai_category()) return code.value() == EAI_AGAIN ? Failure::kResolve : Failure::kUnknownHost;
  for (const auto reset :
       {std::errc::connection_reset, std::errc::broken_pipe, std::errc::connection_aborted, std::errc::not_connected})
    if (code == reset) return Failure::kReset;
  for (const auto connect :
       {std::errc::connection_refused, std::errc::host_unreachable, std::errc::network_unreachable,
        std::errc::network_down, std::errc::address_not_available, std::errc::no_such_file_or_directory})
    if (code == connect) return Failure::kConnect;
  if (code == std::errc::timed_out) return Failure::kTimeout;
  return Failure::kOther;
}

}  // namespace

std::string_view to_string(Failure failure) noexcept {
  switch (failure) {
    case Failure::kConnect: return "connect";
    case Failure::kReset: return "reset";
    case Failure::kTimeout: return "timeout";
    case Failure::kResolve: return "resolve";
    case Failure::kUnknownHost: return "unknown host";
    case Failure::kTls: return "tls";
    case Failure::kProtocol: return "protocol";
    case Failure::kTooLarge: return "too large";
    case Failure::kRedirect: return "redirect";
    case Failure::kOther: break;
  }
  return "other";
}

Failure classify(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const TimeoutError&) {
    return Failure::kTimeout;
  } catch (const http::ContentTooLarge&) {
    return Failure::kTooLarge;
  } catch (const http::ClientPayloadError&) {
    return Failure::kReset;
  } catch (const http::ServerDisconnectedError&) {
    return Failure::kReset;
  } catch (const http::ClientSSLError&) {
    return Failure::kTls;
  } catch (const http::ClientConnectorError& connector_error) {
    const Failure kind = classify_code(connector_error.code());
    return kind == Failure::kOther || kind == Failure::kReset ? Failure::kConnect : kind;
  } catch (const http::ClientOSError& os_error) {
    return classify_code(os_error.code());
  } catch (const http::ClientConnectionError&) {
    return Failure::kConnect;
  } catch (const http::TooManyRedirects&) {
    return Failure::kRedirect;
  } catch (const http::HttpProtocolError&) {
    return Failure::kProtocol;
  } catch (const IncompleteReadError&) {
    return Failure::kReset;
  } catch (const ExceptionGroup& group) {
    return classify(group.exceptions().front());
  } catch (const OSError& os_error) {
    return classify_code(os_error.code());
  } catch (...) {
    return Failure::kOther;
  }
}

RetryPolicy::RetryPolicy(RetryOptions options) : options_(options), state_(options.seed) {
  if (options_.attempts == 0) throw ValueError("attempts must be at least 1");
  if (options_.base.count() < 0 || options_.cap < options_.base)
    throw ValueError("the longest back-off must not be shorter than the first one");
}

bool RetryPolicy::is_transient(Failure failure) noexcept {
  return failure == Failure::kConnect || failure == Failure::kReset || failure == Failure::kTimeout ||
         failure == Failure::kResolve;
}

bool RetryPolicy::is_transient(int status) noexcept {
  return std::find(kTransientStatus.begin(), kTransientStatus.end(), status) != kTransientStatus.end();
}

/// SplitMix64: one word of state, and the same numbers on every platform.
std::uint64_t RetryPolicy::random_below(std::uint64_t bound) {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return z % bound;  // the bound is some milliseconds, so the bias is below 1e-12
}

milliseconds RetryPolicy::back_off(std::uint32_t attempts) {
  const std::uint32_t doublings = std::min(attempts - 1, 30U);
  const auto cap = static_cast<std::uint64_t>(options_.cap.count());
  const auto base = static_cast<std::uint64_t>(options_.base.count());
  const std::uint64_t most = base > cap >> doublings ? cap : base << doublings;
  return milliseconds(random_below(most + 1));
}

std::optional<milliseconds> RetryPolicy::after(Failure failure, std::uint32_t attempts) {
  if (attempts >= options_.attempts || !is_transient(failure)) return std::nullopt;
  return back_off(std::max(attempts, 1U));
}

std::optional<milliseconds> RetryPolicy::after(int status, std::uint32_t attempts, std::optional<seconds> retry_after) {
  if (attempts >= options_.attempts || !is_transient(status)) return std::nullopt;
  const milliseconds wait = back_off(std::max(attempts, 1U));
  if (!retry_after) return wait;
  if (*retry_after > std::chrono::floor<seconds>(options_.longest_retry_after)) return std::nullopt;
  return *retry_after + wait;
}

std::optional<seconds> parse_retry_after(std::string_view value, std::chrono::system_clock::time_point now) {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    // More digits than fit are still a number: a wait longer than anybody's limit.
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    std::int64_t count = kMost;
    if (std::from_chars(value.data(), value.data() + value.size(), count).ec != std::errc()) count = kMost;
    return seconds(std::min(count, kMost));
  }
  const auto now_seconds = std::chrono::floor<seconds>(now);
  const auto date = http::parse_http_date(value, now_seconds);
  if (!date) return std::nullopt;
  return std::max(seconds(0), *date - now_seconds);
}

}  // namespace corolla::inline v0::crawl
