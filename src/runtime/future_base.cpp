// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/task_base.hpp>

#include "runtime/reports.hpp"

namespace corolla {
inline namespace v0 {

namespace {

// Drops the done-callbacks of a future that will never be done; a waiting task holds a reference, so none is here. A
// callback may own the last handle of another such future, and so on: those of the futures that die meanwhile are moved to
// the first one's list, so that no length of chain uses the stack.
void drop_all(WaiterList& waiters) noexcept {
  if (waiters.empty()) return;
  thread_local WaiterList* being_dropped = nullptr;
  if (being_dropped) {
    while (Waiter* waiter = waiters.pop_front()) being_dropped->push_back(*waiter);
    return;
  }
  being_dropped = &waiters;
  while (Waiter* waiter = waiters.pop_front()) waiter->drop();
  being_dropped = nullptr;
}

}  // namespace

GatherChildren* FutureBase::gather_children() noexcept { return nullptr; }

void FutureBase::destroy_without_result() noexcept {
  drop_all(waiters_);
  report_if_unretrieved();
  if (done()) std::destroy_at(&error_);
}

void FutureBase::report_unretrieved_now() noexcept {
  retrieved_ = true;
  if (is_cancelled_error(error_)) return;  // a cancelled gather: nobody has to look at that
  report_unretrieved(*this, error_);
}

std::exception_ptr FutureBase::exception() {
  switch (state_) {
    case State::kPending: throw InvalidStateError("the exception is not set");
    case State::kCancelled: throw_failure();
    case State::kResult: return nullptr;
    case State::kException: break;
  }
  retrieved_ = true;
  return error_;
}

std::exception_ptr FutureBase::failure() noexcept {
  retrieved_ = true;
  if (state_ == State::kResult) return nullptr;
  if (!error_) error_ = std::make_exception_ptr(CancelledError());
  return error_;
}

void FutureBase::throw_failure() { std::rethrow_exception(failure()); }

void FutureBase::set_exception(std::exception_ptr error) {
  require_pending();
  if (!error) throw ValueError("set_exception needs an exception");
  fail(std::move(error));
}

void FutureBase::become_cancelled(const std::string& message) noexcept {
  std::construct_at(&error_, message.empty() ? nullptr : std::make_exception_ptr(CancelledError(message)));
  complete(State::kCancelled);
}

}  // namespace v0
}  // namespace corolla
