// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/staggered_race.hpp>

#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/wait_for.hpp>

#include <algorithm>
#include <string>

namespace corolla {
inline namespace v0 {

namespace {

// A coroutine between, so that giving up the wait never cancels more than the wait.
Coro<void> until(Future<> future) { co_await future; }

}  // namespace

StaggeredRace::StaggeredRace(std::size_t count, std::optional<EventLoop::duration> delay)
    : loop_(get_running_loop()), delay_(delay), count_(count) {
  exceptions_.reserve(count);
}

StaggeredRace::~StaggeredRace() = default;

// A runner that is started at once must not go on before it stands among those that run: it may have to cancel them.
void StaggeredRace::start(Future<> previous_failed) {
  const Future<> entered = loop_.create_future();
  running_.push_back(loop_.create_task(runner(entered, std::move(previous_failed))));
  running_.back().add_done_callback([this](const Future<>& task) { runner_done(task); });
  entered.set_result();
}

void StaggeredRace::runner_done(const Future<>& task) {
  std::erase_if(running_, [&](const Task<>& other) { return other == task; });
  if (running_.empty() && all_done_.valid() && !all_done_.done()) all_done_.set_result();
  if (task.cancelled()) return;
  if (std::exception_ptr error = task.exception()) unhandled_.push_back(std::move(error));
}

void StaggeredRace::cancel_others(const FutureBase* winner, const std::string& message) {
  for (const Task<>& task : running_)
    if (task.state().get() != winner) task.cancel(message);
}

Coro<void> StaggeredRace::runner(Future<> entered, Future<> previous_failed) {
  co_await entered;
  if (previous_failed.valid()) {
    try {
      auto turn = wait_for(until(previous_failed), delay_);
      co_await std::move(turn);
    } catch (const TimeoutError&) {  // its turn has come
    }
  }
  if (started_ == count_) co_return;
  const std::size_t index = started_++;
  const Future<> failed = loop_.create_future();
  start(failed);
  exceptions_.emplace_back();
  try {
    auto own = attempt(index);
    co_await std::move(own);
  } catch (...) {
    exceptions_[index] = std::current_exception();
  }
  if (exceptions_[index]) {
    if (!failed.done()) failed.set_result();
  } else if (!winner_) {
    winner_ = index;
    cancel_others(running_now.task, {});
  }
}

Coro<void> StaggeredRace::run() {
  std::exception_ptr cancelled;
  start(Future<>());
  while (!running_.empty()) {
    all_done_ = loop_.create_future();
    std::optional<std::string> message;
    try {
      co_await all_done_;
    } catch (const CancelledError& error) {
      cancelled = std::current_exception();
      message = error.message();
    }
    if (message) cancel_others(nullptr, *message);
    all_done_ = Future<>();
  }
  if (!unhandled_.empty()) throw ExceptionGroup("staggered race failed", std::move(unhandled_));
  if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace v0
}  // namespace corolla
