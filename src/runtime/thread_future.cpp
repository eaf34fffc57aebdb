// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/thread_future.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include <algorithm>

namespace corolla {
inline namespace v0 {

namespace {

constexpr auto kLongestWait = std::chrono::hours(24 * 365);  // beyond, now + timeout could overflow

}  // namespace

bool ThreadFutureBase::cancel() noexcept {
  std::unique_lock lock(mutex_);
  if (state_ == State::kCancelled) return true;
  if (state_ != State::kPending) return false;
  error_ = std::make_exception_ptr(CancelledError());
  finish(std::move(lock), State::kCancelled);
  return true;
}

bool ThreadFutureBase::cancelled() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_ == State::kCancelled;
}

bool ThreadFutureBase::running() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_ == State::kRunning;
}

bool ThreadFutureBase::done() const noexcept {
  const std::lock_guard lock(mutex_);
  return is_done();
}

bool ThreadFutureBase::set_running() noexcept {
  const std::lock_guard lock(mutex_);
  if (is_done()) return false;
  state_ = State::kRunning;
  return true;
}

void ThreadFutureBase::wait(std::optional<std::chrono::nanoseconds> timeout) const {
  std::unique_lock lock(mutex_);
  if (is_done()) return;
  if (running_loop_or_null()) {
    throw RuntimeError("waiting for a ThreadFuture would block the event loop of this thread: await wrap_future()");
  }
  const auto ready = [this] { return is_done(); };
  if (!timeout) changed_.wait(lock, ready);
  else if (!changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(*timeout, kLongestWait), ready))
    throw TimeoutError();
}

std::unique_lock<std::mutex> ThreadFutureBase::begin_completion() {
  std::unique_lock lock(mutex_);
  if (is_done()) throw InvalidStateError("the future is done already");
  return lock;
}

void ThreadFutureBase::set_exception(std::exception_ptr error) {
  if (!error) throw ValueError("set_exception needs an exception");
  std::unique_lock lock = begin_completion();
  error_ = std::move(error);
  finish(std::move(lock), State::kFinished);
}

// The callbacks are called without the lock, and may let go of the last other handle.
void ThreadFutureBase::finish(std::unique_lock<std::mutex> lock, State state) noexcept {
  const auto keep = FutureRef<ThreadFutureBase>::share(this);
  state_ = state;
  const std::vector<std::unique_ptr<Callback>> callbacks = std::move(callbacks_);
  changed_.notify_all();
  lock.unlock();
  for (const auto& callback : callbacks) call(*callback);
}

void ThreadFutureBase::add_callback(std::unique_ptr<Callback> callback) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!is_done()) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  call(*callback);
}

void ThreadFutureBase::call(Callback& callback) noexcept {
  try {
    callback.call(*this);
  } catch (...) {
    try {
      log(LogLevel::kError, "Exception in done callback of a ThreadFuture: " + describe(std::current_exception()));
    } catch (...) {
      log(LogLevel::kError, "a done callback of a ThreadFuture failed");
    }
  }
}

}  // namespace v0
}  // namespace corolla
