// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/capacity_limiter.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// A set that keeps the nodes of those that left, so that borrowing allocates only while the number of borrowers grows.
struct CapacityLimiter::Borrowers {
  struct Hash {
    std::size_t operator()(const Borrower& borrower) const noexcept { return borrower.hash(); }
  };
  using Set = std::unordered_set<Borrower, Hash>;

  void add(const Borrower& borrower) {
    if (spare.empty()) {
      spare.reserve(set.size() + 1);  // so that remove() does not allocate
      set.insert(borrower);
      return;
    }
    Set::node_type node = std::move(spare.back());
    spare.pop_back();
    node.value() = borrower;
    set.insert(std::move(node));
  }
  void remove(const Borrower& borrower) noexcept {
    Set::node_type node = set.extract(borrower);
    if (spare.size() < spare.capacity()) spare.push_back(std::move(node));
  }

  Set set;
  std::vector<Set::node_type> spare;
};

std::size_t CapacityLimiter::Borrower::hash() const noexcept { return std::hash<const void*>()(address_) ^ number_; }

CapacityLimiter::CapacityLimiter(std::ptrdiff_t total_tokens)
    : total_(total_tokens), borrowers_(std::make_unique<Borrowers>()) {
  if (total_tokens < 0) throw ValueError("the total of a CapacityLimiter must not be negative");
}

CapacityLimiter::~CapacityLimiter() = default;

void CapacityLimiter::set_total_tokens(std::ptrdiff_t total_tokens) {
  if (total_tokens < 0) throw ValueError("the total of a CapacityLimiter must not be negative");
  total_ = total_tokens;
  wake();
}

CapacityLimiter::Borrower CapacityLimiter::running_task() {
  const TaskBase* task = running_now.task;
  if (!task) throw RuntimeError("there is no task here that could borrow a token");
  return Borrower(*task);
}

bool CapacityLimiter::holds(const Borrower& borrower) const noexcept { return borrowers_->set.contains(borrower); }

void CapacityLimiter::require_no_borrower(const Borrower& borrower) const {
  if (holds(borrower)) throw RuntimeError("this borrower already holds one of this CapacityLimiter's tokens");
}

void CapacityLimiter::add(const Borrower& borrower) { borrowers_->add(borrower); }

CapacityLimiter::Token CapacityLimiter::take(const Borrower& borrower) {
  require_no_borrower(borrower);
  if (available_tokens() <= 0) throw WouldBlock("no token of the CapacityLimiter is free");
  add(borrower);
  ++borrowed_;
  return Token(*this, borrower);
}

CapacityLimiter::Token CapacityLimiter::acquire_nowait() { return take(running_task()); }
CapacityLimiter::Token CapacityLimiter::acquire_on_behalf_of_nowait(const void* object) {
  return take(Borrower(object));
}

CapacityLimiter::Token CapacityLimiter::Acquire::adopt(const Borrower& borrower) const {
  try {
    limiter_->require_no_borrower(borrower);
    limiter_->add(borrower);
  } catch (...) {
    limiter_->give_back();
    throw;
  }
  return Token(*limiter_, borrower);
}

void CapacityLimiter::release(const Borrower& borrower) noexcept {
  borrowers_->remove(borrower);
  give_back();
}

void CapacityLimiter::enter(TaskBase& task) {
  waiters_.require_loop_of(task);
  waiters_.enter(task);
  ++waiting_;
}

bool CapacityLimiter::leave(TaskBase& task) noexcept {
  --waiting_;
  return waiters_.leave(task);
}

void CapacityLimiter::give_back() noexcept {
  --borrowed_;
  wake();
}

void CapacityLimiter::wake() noexcept {
  while (available_tokens() > 0 && waiters_.wake_next()) ++borrowed_;
}

}  // namespace v0
}  // namespace corolla
