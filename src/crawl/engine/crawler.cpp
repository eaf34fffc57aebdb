// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>
#include <corolla/crawl/crawler.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/outcome.hpp>

#include "crawl/engine/crawl_state.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace corolla::inline v0::crawl {
namespace {

CrawlOptions checked(CrawlOptions options) {
  if (options.seeds.empty()) throw ValueError("a crawl needs at least one URL to start from");
  if (options.concurrency == 0) throw ValueError("concurrency must be at least 1");
  if (options.robots.product_token.empty()) options.robots.product_token = product_token_of(options.user_agent);
  // A depth limit cuts the same pages in every run only if depths are shortest paths.
  if (options.scope.max_depth && options.frontier.order == Order::kBreadthFirst) options.frontier.strict_levels = true;
  return options;
}

std::string canonical_seed(const std::string& text, Scope& scope) {
  const http::Url url = http::Url::parse(text);
  if (url.scheme() != "http" && url.scheme() != "https")
    throw http::InvalidUrl("only http and https URLs can be crawled: " + text);
  if (url.has_credentials())
    throw ValueError("a URL with a password would be stored with it; send an Authorization header instead: " +
                     url.without_credentials().href());
  scope.add_seed(url);
  return canonical_url(url);
}

http::SessionOptions session_options(const CrawlOptions& options) {
  http::SessionOptions session;
  session.limit = options.concurrency;
  session.timeout.total = options.timeouts.total;
  session.timeout.sock_connect = options.timeouts.connect;
  session.timeout.sock_read = options.timeouts.read;
  session.max_body_bytes = options.max_body_bytes;
  session.decode.decoded_bytes = options.max_body_bytes;
  session.headers = options.headers;
  session.user_agent = options.user_agent;
  session.ssl = options.ssl;
  session.proxy = options.proxy;
  session.no_proxy = options.no_proxy;
  session.trust_env = options.trust_env;
  session.cookie_jar = options.cookie_jar;
  session.use_cookies = options.use_cookies;
  return session;
}

std::size_t parser_threads(const CrawlOptions& options) {
  if (options.parser_threads > 0) return options.parser_threads;
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

std::vector<std::string> names_of(const std::vector<FieldSpec>& fields) {
  std::vector<std::string> names;
  for (const FieldSpec& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

OutputError::~OutputError() = default;

std::string_view to_string(CrawlOutcome outcome) noexcept {
  switch (outcome) {
    case CrawlOutcome::kRunning: return "running";
    case CrawlOutcome::kFinished: return "finished";
    case CrawlOutcome::kPageLimit: return "page limit reached";
    case CrawlOutcome::kTimeLimit: return "time limit reached";
    case CrawlOutcome::kByteLimit: return "byte limit reached";
    case CrawlOutcome::kStopped: return "stopped";
    case CrawlOutcome::kInterrupted: return "interrupted";
    case CrawlOutcome::kOutputFailed: break;
  }
  return "output failed";
}

Crawler::Impl::Impl(CrawlOptions crawl_options, CrawlCallbacks crawl_callbacks)
    : options_(checked(std::move(crawl_options))),
      callbacks_(std::move(crawl_callbacks)),
      parser_(std::make_shared<ParserSettings>(Scope(options_.scope), FieldSet(options_.fields))),
      frontier_(options_.frontier),
      retry_policy_(options_.retry),
      slots_(options_.concurrency),
      anchor_(std::make_shared<Anchor>(Anchor{this})) {
  parser_->requisites = options_.requisites;
  parser_->obey_nofollow = options_.robots.obey;
  parser_->wants_json = !options_.json_lines.empty();
  parser_->robot = lower_case(options_.robots.product_token);
  parser_->seed = options_.frontier.seed;
  seeds_.reserve(options_.seeds.size());
  for (const std::string& seed : options_.seeds) seeds_.push_back(canonical_seed(seed, parser_->scope));
  for (std::size_t slot = slots_.size(); slot > 0; --slot) free_slots_.push_back(slot - 1);
}

Crawler::Impl::~Impl() {
  anchor_->impl = nullptr;
  due_timer_.cancel();
  limit_timer_.cancel();
  progress_timer_.cancel();
}

Coro<void> Crawler::Impl::run() {
  if (loop_ != nullptr) throw RuntimeError("a Crawler runs once");
  loop_ = &get_running_loop();
  started_ = loop_->time();
  std::exception_ptr error;
  try {
    open_outputs();
    add_seeds();
    rules_.emplace();
    co_await crawl();
  } catch (...) {
    error = std::current_exception();
  }
  limit_timer_.cancel();
  for (Slot& slot : slots_) slot.task = Task<void>();
  settle_outcome(error);
  try {
    co_await close_outputs();
  } catch (...) {
    if (!failure_) output_failed(std::current_exception());
    settle_outcome(nullptr);
  }
  summary_.elapsed = loop_->time() - started_;
  report_progress();
  progress_timer_.cancel();
  if (is_cancelled_error(error)) std::rethrow_exception(error);
  if (failure_) std::rethrow_exception(failure_);
  if (error) std::rethrow_exception(error);
}

void Crawler::Impl::open_outputs() {
  try {
    StoreOptions store_options(names_of(options_.fields));
    store_options.power_safe = options_.power_safe;
    Store store(options_.database, std::move(store_options));
    if (options_.retry_failed) store.retry_failed();
    restore(store);
    std::optional<JsonlFile> lines;
    if (options_.json_lines == "-") lines.emplace("/dev/stdout", std::nullopt);
    else if (!options_.json_lines.empty()) lines.emplace(store.open_jsonl(options_.json_lines));
    store.begin_run(options_.description, std::chrono::system_clock::now());
    writer_ = std::make_unique<StoreWriter>(
        std::move(store), std::move(lines), StoreWriterOptions(),
        [this, anchor = anchor_, door = loop_->door()](const StoreWriter::Commit&) {
          if (waits_for_store_.exchange(false)) {
            call_through(*door, [anchor] {
              if (anchor->impl != nullptr) anchor->impl->wake_.set();
            });
          }
        },
        [anchor = anchor_, door = loop_->door()](const std::exception_ptr& error) {
          call_through(*door, [anchor, error] {
            if (anchor->impl != nullptr) anchor->impl->output_failed(error);
          });
        });
  } catch (...) {
    output_failed(std::current_exception());
    std::rethrow_exception(failure_);
  }
}

void Crawler::Impl::restore(Store& store) {
  store.for_each_page([this](const StoredPage& page, bool pending) {
    frontier_.restore(page, pending);
    // Seeds, and where seeds were redirected to: what belonged to the scope then does so now.
    if (page.depth == 0)
      if (const auto url = http::Url::try_parse(page.url)) parser_->scope.add_seed(*url);
  });
  summary_.resumed = frontier_.finished();
}

void Crawler::Impl::add_seeds() {
  std::vector<NewPage> pages;
  for (const std::string& seed : seeds_)
    if (const auto id = frontier_.add(seed, 0))
      pages.push_back({.id = *id, .url = seed, .depth = 0, .priority = 0, .redirects = 0, .parent = 0});
  if (!pages.empty()) writer_->submit_seeds(std::move(pages));
  limit_new_hosts();
}

Coro<void> Crawler::Impl::crawl() {
  executor_ = std::make_unique<ThreadPoolExecutor>(parser_threads(options_));
  if (options_.max_time)
    limit_timer_ = loop_->call_later(*options_.max_time, [this] { stop(CrawlOutcome::kTimeLimit); });
  report_progress();
  http::Session session(session_options(options_));
  session_ = &session;
  auto body = [this](TaskGroup& group) { return dispatch(group); };
  co_await task_group(body);
}

// The last commit may take a while, so it is waited for in a thread.
Coro<void> Crawler::Impl::close_outputs() {
  if (!writer_) co_return;
  if (!failure_) {
    writer_->call([outcome = std::string(to_string(summary_.outcome))](Store& store) {
      store.finish_run(outcome, std::chrono::system_clock::now());
    });
  }
  if (!executor_) executor_ = std::make_unique<ThreadPoolExecutor>(1);
  auto close = [writer = writer_.get()] { writer->close(); };
  const Future<void> closed = run_in_executor(*executor_, close);
  co_await closed;
}

void Crawler::Impl::settle_outcome(const std::exception_ptr& error) noexcept {
  CrawlOutcome& outcome = summary_.outcome;
  if (failure_) outcome = CrawlOutcome::kOutputFailed;
  else if (outcome == CrawlOutcome::kRunning && error) outcome = CrawlOutcome::kInterrupted;
  else if (outcome == CrawlOutcome::kRunning)
    outcome = frontier_.withheld() > 0 ? CrawlOutcome::kPageLimit : CrawlOutcome::kFinished;
  summary_.known = frontier_.known();
  summary_.finished = frontier_.finished();
}

void Crawler::Impl::output_failed(std::exception_ptr error) noexcept {
  if (!failure_) failure_ = std::make_exception_ptr(OutputError(describe(error)));
  stop(CrawlOutcome::kOutputFailed);
}

void Crawler::Impl::stop(CrawlOutcome why) noexcept {
  if (stopping_) return;
  stopping_ = true;
  if (summary_.outcome == CrawlOutcome::kRunning) summary_.outcome = why;
  wake_.set();
}

ProgressSample Crawler::Impl::progress() const noexcept {
  return {.done = frontier_.finished(),
          .known = frontier_.known() - frontier_.withheld(),
          .bytes = summary_.stats.bytes(),
          .in_flight = frontier_.in_flight(),
          .errors = summary_.stats.errors()};
}

void Crawler::Impl::report_progress() {
  if (!callbacks_.on_progress) return;
  callbacks_.on_progress(progress());
  progress_timer_ = loop_->call_later(callbacks_.progress_interval, [this] { report_progress(); });
}

Crawler::Crawler(CrawlOptions options, CrawlCallbacks callbacks)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(callbacks))) {}
Crawler::~Crawler() = default;

Coro<void> Crawler::run() { return impl_->run(); }
void Crawler::stop() noexcept { impl_->stop(CrawlOutcome::kStopped); }
const CrawlSummary& Crawler::summary() const noexcept { return impl_->summary(); }
ProgressSample Crawler::progress() const noexcept { return impl_->progress(); }

}  // namespace corolla::inline v0::crawl
