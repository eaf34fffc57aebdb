// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/barrier.hpp>

#include <corolla/runtime/error.hpp>

namespace corolla {
inline namespace v0 {

/// A task's place in the barrier, taken when it is let in; the last that leaves lets the next round begin.
class Barrier::Place {
 public:
  explicit Place(Barrier& barrier) noexcept : barrier_(barrier), index_(barrier.count_++) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (--barrier_.count_ > 0) return;
    if (barrier_.state_ == State::kResetting || barrier_.state_ == State::kDraining) barrier_.state_ = State::kFilling;
    barrier_.changed_.wake_all();
  }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

 private:
  Barrier& barrier_;
  std::size_t index_;
};

Barrier::Barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)) {
  if (parties < 1) throw ValueError("a barrier needs at least one party");
}

Coro<std::size_t> Barrier::wait() {
  const Lock::Guard guard = co_await changed_.acquire();
  while (state_ == State::kDraining || state_ == State::kResetting) co_await changed_.wait();
  if (broken()) throw BrokenBarrierError("the barrier was aborted");

  const Place place(*this);
  if (place.index() + 1 == parties_) {
    state_ = State::kDraining;
    changed_.wake_all();
  } else {
    while (state_ == State::kFilling) co_await changed_.wait();
    if (state_ != State::kDraining) throw BrokenBarrierError("the barrier was aborted or reset");
  }
  co_return place.index();
}

Coro<void> Barrier::reset() {
  const Lock::Guard guard = co_await changed_.acquire();
  state_ = count_ > 0 ? State::kResetting : State::kFilling;
  changed_.wake_all();
}

Coro<void> Barrier::abort() {
  const Lock::Guard guard = co_await changed_.acquire();
  state_ = State::kBroken;
  changed_.wake_all();
}

}  // namespace v0
}  // namespace corolla
