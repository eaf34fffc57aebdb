// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>
#include <corolla/crawl/charset.hpp>
#include <corolla/crawl/json.hpp>
#include <corolla/runtime/outcome.hpp>

#include "crawl/engine/crawl_state.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Memory of bodies that is kept for the next ones: this many, none larger.
constexpr std::size_t kBuffersKept = 16;
constexpr std::size_t kLargestBufferKept = std::size_t{2} << 20;

FinishedPage page_of(const Request& request, const Fetched& fetched, microseconds elapsed) {
  FinishedPage page;
  page.id = request.id;
  page.status = fetched.status;
  page.content_type = fetched.content_type;
  page.location = fetched.location;
  page.bytes = fetched.bytes;
  page.wire_bytes = fetched.wire_bytes;
  page.fetched_at = std::chrono::system_clock::now();
  page.elapsed = elapsed;
  page.attempts = std::uint32_t{request.attempts} + 1;
  if (fetched.left_unread) page.error = "the body is long and of no use to the crawl: left unread";
  return page;
}

std::string page_line(const Request& request, const FinishedPage& page) {
  JsonObject line;
  line.add("url", request.url).add("status", page.status).add("content_type", page.content_type);
  line.add("depth", request.depth).add("bytes", page.bytes);
  if (!page.location.empty()) line.add("location", page.location);
  return line.finish() + "\n";
}

}  // namespace

Coro<void> Crawler::Impl::visit(Request request) {
  http::Url url = http::Url::parse(request.url);
  if (options_.robots.obey) {
    const bool allowed = co_await may_fetch(request, url);
    if (!allowed) co_return;
  }
  const TimePoint start = loop_->time();
  Outcome<Fetched> fetched =
      co_await outcome(fetch(*session_, url, take_buffer(), FetchPolicy{.keep_any_body = options_.save_bodies}));
  const auto elapsed = std::chrono::duration_cast<microseconds>(loop_->time() - start);
  if (fetched) {
    auto taking = take_answer(std::move(request), std::move(url), std::move(*fetched), elapsed);
    co_await std::move(taking);
    co_return;
  }
  const Failure kind = classify(fetched.error());
  const std::string error = fetched.error_message();
  const auto wait = retry_policy_.after(kind, std::uint32_t{request.attempts} + 1);
  if (!retry_later(request, wait, false, 0, error)) fail(request, kind, error, elapsed);
}

// True when the page may be asked for; else the page has been dealt with.
Coro<bool> Crawler::Impl::may_fetch(const Request& request, const http::Url& url) {
  HostRule& rule = rules_->of(request.host);
  if (rule.state == HostRule::State::kUnknown) {
    http::Url robots_url = http::Url::parse("/robots.txt", url);
    Outcome<Fetched> fetched = co_await outcome(fetch_robots(*session_, std::move(robots_url)));
    std::optional<milliseconds> wait;
    std::string error;
    Failure kind = Failure::kOther;
    int status = 0;
    if (fetched) {
      status = fetched->status;
      if (RetryPolicy::is_transient(status) || status >= 500) {
        error = "robots.txt: HTTP status " + std::to_string(status);
        wait = retry_policy_.after(status, rule.attempts + 1);
      }
    } else {
      kind = classify(fetched.error());
      error = "robots.txt: " + fetched.error_message();
      wait = retry_policy_.after(kind, rule.attempts + 1);
    }
    if (error.empty()) {
      rule.rules = robots_rules_of(status, fetched->body, options_.robots.product_token);
      rule.state = HostRule::State::kKnown;
      frontier_.set_per_host(request.host, options_.frontier.per_host);
      if (const auto delay = rule.rules.crawl_delay())
        frontier_.set_delay(request.host, std::clamp<std::chrono::nanoseconds>(
                                              *delay, options_.frontier.delay,
                                              std::max(options_.robots.longest_delay, options_.frontier.delay)));
    } else {
      ++rule.attempts;
      if (retry_later(request, wait, true, status, error)) co_return false;
      // A site that cannot say what it allows allows nothing (RFC 9309, section 2.3.1.4).
      rule.state = HostRule::State::kUnreachable;
      rule.error = error;
      rule.failure = kind;
      frontier_.set_per_host(request.host, options_.frontier.per_host);
    }
  }
  if (rule.state == HostRule::State::kUnreachable) {
    fail(request, rule.failure, rule.error, microseconds(0));
    co_return false;
  }
  if (!rule.rules.allows(url.request_target())) {
    skip(request, "robots", "disallowed by robots.txt");
    co_return false;
  }
  co_return true;
}

Coro<void> Crawler::Impl::take_answer(Request request, http::Url url, Fetched fetched, microseconds elapsed) {
  const int status = fetched.status;
  if (RetryPolicy::is_transient(status)) {
    std::optional<std::chrono::seconds> asked;
    if (fetched.retry_after) asked = parse_retry_after(*fetched.retry_after, std::chrono::system_clock::now());
    const auto wait = retry_policy_.after(status, std::uint32_t{request.attempts} + 1, asked);
    const std::string error = "HTTP status " + std::to_string(status);
    if (retry_later(request, wait, RetryPolicy::concerns_host(status), status, error)) {
      keep_buffer(std::move(fetched.body));
      co_return;
    }
  }
  FinishedPage page = page_of(request, fetched, elapsed);
  std::size_t found = 0;
  if (fetched.is_redirect) {
    take_redirect(request, url, fetched, page);
  } else if (status >= 200 && status < 300 && fetched.kind != BodyKind::kOther && !fetched.body.empty()) {
    PageJob job(parser_, std::move(url));
    job.kind = fetched.kind;
    job.charset = charset_parameter(fetched.content_type);
    job.body = std::move(fetched.body);
    job.link_depth = request.depth + 1;
    ParsedPage parsed;
    if (job.body.size() <= options_.inline_bytes && (job.kind == BodyKind::kCss || parser_->fields.empty())) {
      parsed = parse_page(std::move(job));
    } else {
      Future<ParsedPage> future = run_in_executor(*executor_, parse_page, std::move(job));
      parsed = co_await std::move(future);
    }
    found = parsed.found;
    take_links(request, parsed.urls, page);
    if (parsed.item) page.items.push_back(std::move(*parsed.item));
    page.json_lines = std::move(parsed.json_line);
    if (page.error.empty()) page.error = std::move(parsed.warning);
    fetched.body = std::move(parsed.body);
  }
  if (parser_->wants_json && parser_->fields.empty() && page.state == PageState::kDone)
    page.json_lines = page_line(request, page);
  if (options_.save_bodies) page.body = std::move(fetched.body);
  else keep_buffer(std::move(fetched.body));
  finish(request, std::move(page), found);
}

// A redirection is a link of the same depth, so that it does not count where depth is limited.
void Crawler::Impl::take_redirect(const Request& request, const http::Url& url, const Fetched& fetched,
                                  FinishedPage& page) {
  const std::optional<http::Url> target =
      fetched.location.empty() ? std::nullopt : http::Url::try_parse(fetched.location, url);
  const auto failed = [&page](std::string error) {
    page.state = PageState::kFailed;
    page.error = std::move(error);
  };
  if (fetched.location.empty()) return failed("a redirection without a Location");
  if (!target) return failed("a redirection to what is no URL: " + fetched.location.substr(0, 200));
  const std::string canonical = canonical_url(*target);
  if (canonical == request.url || redirects_.leads_through(request.id, canonical))
    return failed("a redirection loop: back to " + canonical);
  if (request.redirects >= options_.max_redirects)
    return failed("more than " + std::to_string(options_.max_redirects) + " redirections, the last one to " +
                  canonical);
  if (request.depth == 0) {
    const std::unique_lock lock(parser_->scope_mutex);
    parser_->scope.add_seed(*target);
  }
  if (!parser_->scope.contains(*target, canonical, request.depth)) return;
  const auto redirects = static_cast<std::uint16_t>(request.redirects + 1);
  if (const auto id = frontier_.add(canonical, request.depth, request.priority, redirects)) {
    redirects_.add(*id, request.id, request.url);
    page.links.push_back({.id = *id,
                          .url = canonical,
                          .depth = request.depth,
                          .priority = request.priority,
                          .redirects = redirects,
                          .parent = request.id});
    limit_new_hosts();
  }
}

void Crawler::Impl::take_links(const Request& request, const StringPile& urls, FinishedPage& page) {
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (const auto id = frontier_.add(urls[i], request.depth + 1))
      page.links.push_back({.id = *id,
                            .url = std::string(urls[i]),
                            .depth = request.depth + 1,
                            .priority = 0,
                            .redirects = 0,
                            .parent = request.id});
  }
  limit_new_hosts();
}

bool Crawler::Impl::retry_later(const Request& request, std::optional<milliseconds> wait, bool whole_host, int status,
                                std::string_view error) {
  if (!wait) return false;
  summary_.stats.retry();
  const TimePoint when = loop_->time_after(*wait);
  if (whole_host) frontier_.back_off(request.host, when);
  if (callbacks_.on_page) {
    PageEvent event;
    event.url = request.url;
    event.state = PageState::kPending;
    event.status = status;
    event.depth = request.depth;
    event.attempts = std::uint32_t{request.attempts} + 1;
    event.retry_in = *wait;
    event.error = error;
    callbacks_.on_page(event);
  }
  frontier_.retry(request, when);
  return true;
}

void Crawler::Impl::fail(const Request& request, Failure kind, std::string error, microseconds elapsed) {
  FinishedPage page = page_of(request, Fetched(), elapsed);
  page.state = PageState::kFailed;
  page.error = std::move(error);
  summary_.stats.failure(frontier_.host_key(request.host), kind);
  finish(request, std::move(page), 0);
}

void Crawler::Impl::skip(const Request& request, std::string_view reason, std::string error) {
  FinishedPage page = page_of(request, Fetched(), microseconds(0));
  page.state = PageState::kSkipped;
  page.attempts = request.attempts;
  page.error = std::move(error);
  summary_.stats.skipped(reason);
  finish(request, std::move(page), 0);
}

void Crawler::Impl::finish(const Request& request, FinishedPage page, std::size_t found_links) {
  CrawlStats& stats = summary_.stats;
  if (page.status != 0) {
    const std::string& host = frontier_.host_key(request.host);
    if (page.state == PageState::kFailed) stats.failure(host, Failure::kRedirect);
    else stats.page(host, page.status, page.bytes, page.wire_bytes, page.elapsed);
  }
  stats.links(found_links, page.links.size());
  stats.items(page.items.size());
  if (callbacks_.on_page) {
    PageEvent event;
    event.url = request.url;
    event.state = page.state;
    event.status = page.status;
    event.depth = request.depth;
    event.attempts = page.attempts;
    event.bytes = page.bytes;
    event.elapsed = page.elapsed;
    event.new_links = page.links.size();
    event.content_type = page.content_type;
    event.location = page.location;
    event.error = page.error;
    callbacks_.on_page(event);
  }
  try {
    writer_->submit(std::move(page));
  } catch (...) {
    output_failed(std::current_exception());
    return;  // it is pending, as the database says
  }
  frontier_.done(request);
  if (options_.max_bytes > 0 && stats.wire_bytes() >= options_.max_bytes) stop(CrawlOutcome::kByteLimit);
}

std::string Crawler::Impl::take_buffer() {
  if (buffers_.empty()) return std::string();
  std::string buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void Crawler::Impl::keep_buffer(std::string buffer) {
  if (buffers_.size() < kBuffersKept && buffer.capacity() <= kLargestBufferKept) buffers_.push_back(std::move(buffer));
}

}  // namespace corolla::inline v0::crawl
