// SPDX-License-Identifier: Apache-2.0
/// \file
/// One GET: its head, and as much of its body as the crawl has use for.
#pragma once

#include <corolla/http/session.hpp>
#include <corolla/runtime/coro.hpp>

#include "crawl/engine/page_parser.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace corolla::inline v0::crawl {

/// Trivially destructible: it is a temporary in co_await expressions (g++ 12).
struct FetchPolicy {
  bool keep_any_body = false;  ///< otherwise only what can be parsed is kept
};

struct Fetched {
  Fetched() {}
  int status = 0;
  std::string content_type;
  bool is_redirect = false;
  std::string location;
  std::optional<std::string> retry_after;
  BodyKind kind = BodyKind::kOther;
  std::string body;              ///< empty where it is of no use
  std::uint64_t bytes = 0;       ///< of the body, decoded
  std::uint64_t wire_bytes = 0;  ///< as received
  bool left_unread = false;      ///< the connection was closed rather than reading on
};

/// What is read of a body only to be able to use the connection again.
inline constexpr std::uint64_t kDrainBytes = std::uint64_t{1} << 20U;

/// `buffer` gives its memory to the body. Throws what the HTTP client throws.
[[nodiscard]] Coro<Fetched> fetch(http::Session& session, http::Url url, std::string buffer, FetchPolicy policy);

/// GETs a robots.txt, following redirections; at most RobotsTxt::kMaxBytes of it.
[[nodiscard]] Coro<Fetched> fetch_robots(http::Session& session, http::Url url);

}  // namespace corolla::inline v0::crawl
