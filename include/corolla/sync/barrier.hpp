// SPDX-License-Identifier: Apache-2.0
/// \file
/// Barrier: a place where a number of tasks wait for each other.
///
/// Source: asyncio's Barrier. It is *filling* until `parties` tasks wait; then it is *draining* until all of them have
/// left, and newcomers are held back meanwhile. A task cancelled while the barrier fills leaves, and another may take its
/// place. reset() and abort() throw BrokenBarrierError at those that wait; after abort() the barrier is *broken*, and
/// every wait() fails, until reset(). Not thread safe; see LoopBound for several loops.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/sync/condition.hpp>

#include <cstddef>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API Barrier {
 public:
  /// ValueError when `parties` is less than one.
  explicit Barrier(std::ptrdiff_t parties);

  /// Waits for the others; 0 for the first that came, to parties()-1 for the last. BrokenBarrierError.
  [[nodiscard]] Coro<std::size_t> wait();
  /// Sends away those that wait and begins anew.
  [[nodiscard]] Coro<void> reset();
  /// Sends away those that wait and all that come, until reset().
  [[nodiscard]] Coro<void> abort();

  [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
  /// Tasks that wait for the barrier to fill; 0 in any other state.
  [[nodiscard]] std::size_t n_waiting() const noexcept { return state_ == State::kFilling ? count_ : 0; }
  [[nodiscard]] bool broken() const noexcept { return state_ == State::kBroken; }

 private:
  enum class State { kFilling, kDraining, kResetting, kBroken };
  class Place;

  std::size_t parties_;
  std::size_t count_ = 0;  // tasks between coming and leaving
  State state_ = State::kFilling;
  Condition changed_;
};

}  // namespace v0
}  // namespace corolla
