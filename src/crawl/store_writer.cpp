// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/store_writer.hpp>
#include <corolla/runtime/error.hpp>

#include <future>
#include <utility>

#include <pthread.h>
#include <signal.h>

namespace corolla::inline v0::crawl {
namespace {

/// What a queued page costs, nearly: enough for a bound.
std::size_t weight(const FinishedPage& page) {
  std::size_t bytes = sizeof(FinishedPage) + page.json_lines.size() + page.error.size();
  if (page.body) bytes += page.body->size();
  for (const NewPage& link : page.links) bytes += sizeof(NewPage) + link.url.size();
  for (const Item& item : page.items)
    for (const FieldValue& field : item) {
      bytes += sizeof(FieldValue);
      for (const std::string& value : field.values) bytes += sizeof(std::string) + value.size();
    }
  return bytes;
}

std::size_t weight(const std::vector<NewPage>& pages) {
  std::size_t bytes = 0;
  for (const NewPage& page : pages) bytes += sizeof(NewPage) + page.url.size();
  return bytes;
}

}  // namespace

StoreWriter::StoreWriter(Store store, std::optional<JsonlFile> lines, StoreWriterOptions options,
                         CommitCallback on_commit, FailureCallback on_failure)
    : options_(options),
      store_(std::move(store)),
      lines_(std::move(lines)),
      on_commit_(std::move(on_commit)),
      on_failure_(std::move(on_failure)) {
  // Signals belong to the loop's thread, and SIGPIPE (lines may go to a pipe) to nobody: the thread starts with all
  // of them blocked.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

StoreWriter::~StoreWriter() {
  try {
    close();
  } catch (...) {  // was told by on_failure
  }
}

void StoreWriter::throw_if_failed() const {
  if (failure_) std::rethrow_exception(failure_);
}

void StoreWriter::push(Job job, std::size_t bytes, bool urgent) {
  const std::lock_guard lock(mutex_);
  throw_if_failed();
  if (closing_) throw InvalidStateError("the store's writer is closed");
  const bool first = jobs_.empty();
  const bool was_due = urgent_ || waiting_pages_ >= options_.batch_pages || waiting_bytes_ >= options_.batch_bytes;
  if (std::holds_alternative<FinishedPage>(job)) ++waiting_pages_;
  jobs_.push_back(std::move(job));
  waiting_bytes_ += bytes;
  urgent_ = urgent_ || urgent;
  const bool is_due = urgent_ || waiting_pages_ >= options_.batch_pages || waiting_bytes_ >= options_.batch_bytes;
  // The thread needs to know when its clock starts and when it may stop waiting, not of each page between.
  if (first || (is_due && !was_due)) wake_.notify_one();
}

void StoreWriter::submit(FinishedPage page) {
  const std::size_t bytes = weight(page);
  push(std::move(page), bytes, false);
}

void StoreWriter::submit_seeds(std::vector<NewPage> pages) {
  const std::size_t bytes = weight(pages);
  push(std::move(pages), bytes, false);
}

void StoreWriter::call(std::function<void(Store&)> function) { push(std::move(function), sizeof(Job), true); }

void StoreWriter::flush() {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> committed = done->get_future();
  call([done](Store&) { done->set_value(); });
  done.reset();
  try {
    committed.get();
  } catch (const std::future_error&) {  // the call was dropped
    const std::lock_guard lock(mutex_);
    throw_if_failed();
  }
}

void StoreWriter::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  lines_.reset();
  store_.reset();
  throw_if_failed();
}

std::size_t StoreWriter::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_ + writing_bytes_;
}

void StoreWriter::run() noexcept {
  for (;;) {
    std::vector<Job> jobs;
    {
      std::unique_lock lock(mutex_);
      writing_bytes_ = 0;
      wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      wake_.wait_for(lock, options_.interval, [this] {
        return closing_ || urgent_ || waiting_pages_ >= options_.batch_pages || waiting_bytes_ >= options_.batch_bytes;
      });
      jobs.swap(jobs_);
      writing_bytes_ = std::exchange(waiting_bytes_, 0);
      waiting_pages_ = 0;
      urgent_ = false;
    }
    try {
      work(jobs);
    } catch (...) {
      std::vector<Job> dropped;
      {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
        dropped.swap(jobs_);
        waiting_bytes_ = writing_bytes_ = waiting_pages_ = 0;
      }
      // Dropped calls wake those who wait in flush(); hence after failure_ is set.
      jobs.clear();
      dropped.clear();
      if (on_failure_) on_failure_(failure_);
      return;
    }
  }
}

void StoreWriter::work(std::vector<Job>& jobs) {
  Batch batch;
  for (Job& job : jobs) {
    if (auto* page = std::get_if<FinishedPage>(&job)) {
      batch.pages.push_back(std::move(*page));
    } else if (auto* seeds = std::get_if<Seeds>(&job)) {
      // Seeds come first in a batch, so a page that was queued before them must not share it.
      if (!batch.pages.empty()) commit(batch);
      batch.seeds.insert(batch.seeds.end(), std::make_move_iterator(seeds->begin()),
                         std::make_move_iterator(seeds->end()));
    } else {
      commit(batch);
      std::get<Call>(job)(*store_);
    }
  }
  commit(batch);
}

void StoreWriter::commit(Batch& batch) {
  if (batch.seeds.empty() && batch.pages.empty()) return;
  const auto start = std::chrono::steady_clock::now();
  Commit report;
  report.pages = store_->commit(batch, lines_ ? &*lines_ : nullptr);
  for (const FinishedPage& page : batch.pages) report.items += page.items.size();
  report.elapsed = std::chrono::steady_clock::now() - start;
  batch = Batch();
  if (on_commit_) on_commit_(report);
}

}  // namespace corolla::inline v0::crawl
