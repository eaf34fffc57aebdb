// SPDX-License-Identifier: Apache-2.0
#include "crawl/engine/fetch.hpp"

#include <corolla/crawl/robots.hpp>

#include <algorithm>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

constexpr unsigned kRobotsRedirects = 5;  // RFC 9309, section 2.3.1.2
// A body of unknown length grows by doubling; one whose length is announced gets its place at once, but no more than
// this on the word of a server.
constexpr std::uint64_t kTrustedLength = std::uint64_t{8} << 20U;

void read_head(const http::Response& response, Fetched& fetched) {
  const http::Headers& headers = response.headers();
  fetched.status = response.status();
  fetched.content_type = headers.get("Content-Type", "");
  if (const auto value = headers.get("Retry-After")) fetched.retry_after = *value;
}

[[nodiscard]] bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Coro<Fetched> fetch(http::Session& session, http::Url url, std::string buffer, FetchPolicy policy) {
  Fetched fetched;
  http::Request request = session.get(std::move(url)).allow_redirects(false);
  http::Response response = co_await std::move(request).send();
  read_head(response, fetched);
  fetched.is_redirect = is_redirect(fetched.status);
  if (fetched.is_redirect) fetched.location = response.headers().get("Location", "");
  buffer.clear();
  const bool answer = fetched.status >= 200 && fetched.status < 300;
  bool decided = false;
  bool keep = false;
  for (;;) {
    const std::string_view piece = co_await response.chunk();
    if (piece.empty()) break;
    if (!decided) {
      decided = true;
      fetched.kind = kind_of_body(fetched.content_type, piece);
      keep = policy.keep_any_body || (answer && fetched.kind != BodyKind::kOther);
      if (keep)
        buffer.reserve(static_cast<std::size_t>(std::min(response.content_length().value_or(0), kTrustedLength)));
      // What is announced to be long and is of no use is not worth its transfer.
      if (!keep && response.content_length().value_or(0) > kDrainBytes) fetched.left_unread = true;
    }
    fetched.bytes += piece.size();
    if (keep) buffer.append(piece);
    else if (fetched.bytes > kDrainBytes) fetched.left_unread = true;
    if (fetched.left_unread) {
      response.close();
      break;
    }
  }
  fetched.wire_bytes = response.wire_bytes();
  fetched.body = std::move(buffer);
  co_return fetched;
}

Coro<Fetched> fetch_robots(http::Session& session, http::Url url) {
  Fetched fetched;
  http::Request request = session.get(std::move(url)).max_redirects(kRobotsRedirects);
  http::Response response = co_await std::move(request).send();
  read_head(response, fetched);
  while (fetched.body.size() < RobotsTxt::kMaxBytes) {
    const std::string_view piece = co_await response.chunk();
    if (piece.empty()) break;
    fetched.body.append(piece);
  }
  fetched.wire_bytes = response.wire_bytes();
  co_return fetched;
}

}  // namespace corolla::inline v0::crawl
