// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/outcome.hpp>

#include "crawl/engine/crawl_state.hpp"

#include <algorithm>
#include <utility>

namespace corolla::inline v0::crawl {

Coro<void> Crawler::Impl::dispatch(TaskGroup& group) {
  for (;;) {
    wake_.clear();
    if (!stopping_) start_due_pages(group);
    if (stopping_) break;
    if (frontier_.is_finished() && free_slots_.size() == slots_.size()) break;
    arm_timer();
    co_await wake_.wait();
    due_timer_.cancel();
  }
  cancel_pages();
}

void Crawler::Impl::start_due_pages(TaskGroup& group) {
  const TimePoint now = loop_->time();
  while (has_room()) {
    std::optional<Request> request = frontier_.next(now);
    if (!request) break;
    const std::size_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot].busy = true;
    slots_[slot].task = group.create_task(run_page(slot, std::move(*request)));
  }
  ask_store_for_refills();
}

// Back pressure: what the disk cannot take is not fetched.
bool Crawler::Impl::has_room() {
  if (free_slots_.empty()) return false;
  if (!writer_->is_congested()) return true;
  waits_for_store_ = true;
  return !writer_->is_congested();  // it may have caught up before it was told
}

void Crawler::Impl::ask_store_for_refills() {
  for (RefillRequest& refill : frontier_.take_refills()) {
    writer_->call([anchor = anchor_, door = loop_->door(), refill = std::move(refill)](Store& store) {
      call_through(*door, [anchor, refill, rows = store.pending(refill)] {
        if (anchor->impl != nullptr) anchor->impl->take_refill(refill, rows);
      });
    });
  }
}

void Crawler::Impl::take_refill(const RefillRequest& refill, const std::vector<StoredPage>& rows) {
  try {
    frontier_.refill(refill, rows);
    wake_.set();
  } catch (...) {
    output_failed(std::current_exception());
  }
}

void Crawler::Impl::arm_timer() {
  if (free_slots_.empty() || waits_for_store_) return;
  if (const auto when = frontier_.next_event()) due_timer_ = loop_->call_at(*when, [this] { wake_.set(); });
}

void Crawler::Impl::cancel_pages() {
  for (const Slot& slot : slots_)
    if (slot.busy) slot.task.cancel();
}

// Called whenever hosts may have been added, before the next page is handed out.
void Crawler::Impl::limit_new_hosts() {
  if (!options_.robots.obey) return;
  for (; limited_hosts_ < frontier_.host_count(); ++limited_hosts_)
    frontier_.set_per_host(static_cast<HostId>(limited_hosts_), 1);
}

// The failure of a page is stored with it; what arrives here ends the crawl.
Coro<void> Crawler::Impl::run_page(std::size_t slot, Request request) {
  const Outcome<void> ended = co_await outcome(visit(std::move(request)));
  slots_[slot].busy = false;
  free_slots_.push_back(slot);
  wake_.set();
  if (!ended && !ended.cancelled() && !failure_) {
    failure_ = ended.error();
    stop(CrawlOutcome::kStopped);
  }
}

}  // namespace corolla::inline v0::crawl
