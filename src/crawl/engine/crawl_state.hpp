// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a running crawl consists of.
///
/// One task dispatches: while there is room it takes the next page that is due from the frontier and gives it a task of
/// its own; else it sleeps until a page ended, a host is due, the store caught up or a limit was reached. All of that
/// happens in the loop's thread, so nothing here is locked. Two threads' kinds work beside it: parsers, which are given all they
/// need by value, and the store's writer, whose callbacks come in through the loop's door.
///
/// The way of a page: robots -> fetch -> retry? -> parse -> frontier.add for each new link -> writer.submit -> frontier.done.
/// A page becomes durable together with the links it brought; if anything ends the crawl before that, the page is pending
/// in the database and is fetched by the next run.
#pragma once

#include <corolla/crawl/crawler.hpp>
#include <corolla/crawl/frontier.hpp>
#include <corolla/crawl/store_writer.hpp>
#include <corolla/http/session.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/task_group.hpp>
#include <corolla/sync/event.hpp>

#include "crawl/engine/fetch.hpp"
#include "crawl/engine/host_rules.hpp"
#include "crawl/engine/page_parser.hpp"
#include "crawl/engine/redirect_chains.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corolla::inline v0::crawl {

/// door.call(function), or nothing when the loop is gone: then nobody waits for it.
template <class F>
void call_through(ThreadDoor& door, F function) {
  try {
    door.call(std::move(function));
  } catch (const RuntimeError&) {
  }
}

class Crawler::Impl {
 public:
  Impl(CrawlOptions crawl_options, CrawlCallbacks crawl_callbacks);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Coro<void> run();
  void stop(CrawlOutcome why) noexcept;
  [[nodiscard]] const CrawlSummary& summary() const noexcept { return summary_; }
  [[nodiscard]] ProgressSample progress() const noexcept;

 private:
  /// What callbacks of other threads hold on to: null once the Impl is gone.
  struct Anchor {
    Impl* impl;
  };
  struct Slot {
    Task<void> task;
    bool busy = false;
  };

  // crawler.cpp: from the first to the last commit.
  void open_outputs();
  void restore(Store& store);
  void add_seeds();
  Coro<void> crawl();
  Coro<void> close_outputs();
  void settle_outcome(const std::exception_ptr& error) noexcept;
  void output_failed(std::exception_ptr error) noexcept;
  void report_progress();

  // dispatch.cpp: which page is fetched when.
  Coro<void> dispatch(TaskGroup& group);
  void start_due_pages(TaskGroup& group);
  void ask_store_for_refills();
  void take_refill(const RefillRequest& refill, const std::vector<StoredPage>& rows);
  void arm_timer();
  void cancel_pages();
  void limit_new_hosts();
  [[nodiscard]] bool has_room();
  Coro<void> run_page(std::size_t slot, Request request);

  // pages.cpp: the way of one page.
  Coro<void> visit(Request request);
  Coro<bool> may_fetch(const Request& request, const http::Url& url);
  Coro<void> take_answer(Request request, http::Url url, Fetched fetched, std::chrono::microseconds elapsed);
  bool retry_later(const Request& request, std::optional<std::chrono::milliseconds> wait, bool whole_host, int status,
                   std::string_view error);
  void take_redirect(const Request& request, const http::Url& url, const Fetched& fetched, FinishedPage& page);
  void take_links(const Request& request, const StringPile& urls, FinishedPage& page);
  void fail(const Request& request, Failure kind, std::string error, std::chrono::microseconds elapsed);
  void skip(const Request& request, std::string_view reason, std::string error);
  void finish(const Request& request, FinishedPage page, std::size_t found_links);
  [[nodiscard]] std::string take_buffer();
  void keep_buffer(std::string buffer);

  CrawlOptions options_;
  CrawlCallbacks callbacks_;
  std::vector<std::string> seeds_;  // canonical
  std::shared_ptr<ParserSettings> parser_;
  Frontier frontier_;
  RetryPolicy retry_policy_;
  CrawlSummary summary_;

  EventLoop* loop_ = nullptr;         // of run()
  http::Session* session_ = nullptr;  // lives in run()'s frame, and so no longer than the loop
  std::optional<HostRules> rules_;
  RedirectChains redirects_;
  Event wake_;  // the dispatcher has something to look at
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_slots_;
  std::vector<std::string> buffers_;  // memory of bodies that were parsed
  std::chrono::steady_clock::time_point started_;
  TimerHandle due_timer_;
  TimerHandle limit_timer_;
  TimerHandle progress_timer_;
  std::size_t limited_hosts_ = 0;  // hosts that were given one request at a time until their robots.txt is known
  bool stopping_ = false;
  std::exception_ptr failure_;  // not a page's

  std::shared_ptr<Anchor> anchor_;
  std::atomic<bool> waits_for_store_{false};
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<ThreadPoolExecutor> executor_;  // last: its threads end before what they use
};

}  // namespace corolla::inline v0::crawl
