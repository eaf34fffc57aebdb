// SPDX-License-Identifier: Apache-2.0
#include "backend/uring_backend.hpp"

#include "backend/epoll_backend.hpp"
#include "backend/uring.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <liburing.h>
#include <poll.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint64_t kIgnored = 0;
constexpr std::uint64_t kWakeUp = 1;

}  // namespace

int UringBackend::probe() noexcept {
  const Uring ring;
  return ring.error;
}

UringBackend::UringBackend(ReadyQueue& ready, int wake_up) : ready_(ready), wake_up_(wake_up) {}
UringBackend::~UringBackend() = default;

std::size_t UringBackend::in_flight() const noexcept { return fallback_ ? fallback_->in_flight() : in_flight_; }

void UringBackend::ensure_ring() {
  if (ring_) {
    if (thread_ == std::this_thread::get_id()) [[likely]]
      return;
    leave_thread();
  }
  if (fallback_) return;
  auto ring = std::make_unique<Uring>();
  if (ring->error != 0) {
    log_fallback(-ring->error);
    fallback_ = std::make_unique<EpollBackend>(ready_, wake_up_);
    return;
  }
  ring_ = std::move(ring);
  thread_ = std::this_thread::get_id();
  wake_up_armed_ = false;
  // What was in flight in another thread.
  Operation* operation = submitted_;
  submitted_ = nullptr;
  while (operation) {
    Operation* const older = operation->next_;
    submit(*operation);
    operation = older;
  }
}

// A ring serves one thread. What was answered there is handled, the rest ends with the ring and begins anew in the next.
void UringBackend::leave_thread() noexcept {
  io_uring_cqe* entry = nullptr;
  while (::io_uring_peek_cqe(&ring_->ring, &entry) == 0) {
    const std::uint64_t tag = entry->user_data;
    const int result = entry->res;
    const unsigned flags = entry->flags;
    ::io_uring_cqe_seen(&ring_->ring, entry);
    if (tag == kIgnored || tag == kWakeUp) continue;
    Operation& operation = *reinterpret_cast<Operation*>(tag);  // NOLINT(performance-no-int-to-ptr)
    if (result != -ECANCELED || operation.cancelled_) answered(operation, result, flags);
  }
  ring_->end();
  ring_.reset();
  Operation* operation = submitted_;
  while (operation) {
    Operation* const older = operation->next_;
    operation->stopping_ = false;
    if (operation->cancelled_) {
      unlink(*operation);
      operation->armed_ = false;
      if (operation->state_ == Operation::State::kWaiting) drop(*operation);
    }
    operation = older;
  }
}

io_uring_sqe& UringBackend::next_entry() noexcept {
  for (;;) {
    if (io_uring_sqe* entry = ::io_uring_get_sqe(&ring_->ring)) return *entry;
    // A full completion queue keeps the kernel from taking more.
    if (::io_uring_submit(&ring_->ring) < 0) reap();
  }
}

void UringBackend::link(Operation& operation) noexcept {
  operation.prev_ = nullptr;
  operation.next_ = submitted_;
  if (submitted_) submitted_->prev_ = &operation;
  submitted_ = &operation;
}

void UringBackend::unlink(Operation& operation) noexcept {
  (operation.prev_ ? operation.prev_->next_ : submitted_) = operation.next_;
  if (operation.next_) operation.next_->prev_ = operation.prev_;
}

void UringBackend::submit(Operation& operation) noexcept {
  operation.armed_ = true;
  link(operation);
  if (thread_ != std::this_thread::get_id()) return;  // ensure_ring() will
  io_uring_sqe& entry = next_entry();
  operation.prepare(entry);
  ::io_uring_sqe_set_data(&entry, &operation);
}

int UringBackend::perform(Operation& operation) noexcept {
  try {
    ensure_ring();
  } catch (...) {
    return -EIO;
  }
  if (fallback_) return fallback_->perform(operation);
  if (!operation.wanted_) {
    operation.wanted_ = true;
    ++in_flight_;
  }
  if (!operation.idle()) return Operation::kPending;
  operation.backend_ = this;
  operation.state_ = Operation::State::kWaiting;
  operation.retain_owner();
  if (operation.outrun_) queue(operation);
  else submit(operation);
  return Operation::kPending;
}

void UringBackend::unwant(Operation& operation) noexcept {
  if (fallback_) return fallback_->unwant(operation);
  if (std::exchange(operation.wanted_, false)) --in_flight_;
}

void UringBackend::ask_to_cancel(Operation& operation) noexcept {
  if (!operation.armed_ || thread_ != std::this_thread::get_id()) return;
  io_uring_sqe& entry = next_entry();
  ::io_uring_prep_cancel(&entry, &operation, 0);
  ::io_uring_sqe_set_data64(&entry, kIgnored);
}

void UringBackend::cancel(Operation& operation) noexcept {
  if (fallback_) return fallback_->cancel(operation);
  if (operation.idle() || std::exchange(operation.cancelled_, true)) return;
  ask_to_cancel(operation);
}

void UringBackend::stop(Operation& operation) noexcept {
  if (fallback_) return fallback_->stop(operation);
  if (operation.idle() || std::exchange(operation.stopping_, true)) return;
  operation.outrun_ = operation.never_blocks();
  ask_to_cancel(operation);
}

void UringBackend::queue(Operation& operation) noexcept {
  if (operation.state_ == Operation::State::kQueued) return;
  operation.state_ = Operation::State::kQueued;
  ready_.push(operation);
}

void UringBackend::answered(Operation& operation, int result, unsigned flags) noexcept {
  char* const block = ring_->received.filled(flags);
  if (result == -ENOBUFS && !ring_->received.refill()) result = -ENOMEM;
  const bool last = !(flags & IORING_CQE_F_MORE);
  if (last) {
    unlink(operation);
    operation.armed_ = false;
  }
  if (operation.cancelled_) {
    if (block) give_receive_block(block);
    if (result >= 0) operation.lost(result);
    if (last && operation.state_ == Operation::State::kWaiting) drop(operation);
    return;
  }
  if (operation.brought(result, block)) {
    operation.brought_ = true;
    if (last) operation.result_ = -ECANCELED;
  } else {
    result = operation.completed(result);
    if (result == -EAGAIN || result == -EINTR) {
      if (!operation.stopping_) {
        submit(operation);
        return;
      }
      result = -ECANCELED;  // it ended before the kernel came to the request to stop it, which will find nothing
    }
    operation.result_ = result;
  }
  queue(operation);
}

void UringBackend::become_idle(Operation& operation) noexcept {
  unwant(operation);
  operation.state_ = Operation::State::kIdle;
  operation.cancelled_ = operation.stopping_ = operation.brought_ = false;
  operation.result_ = Operation::kPending;
}

// What comes when nobody waits any more is for the kernel to bring: the owner's own memory may be in use.
int UringBackend::try_itself(Operation& operation) noexcept {
  if (operation.wanted_) {
    operation.exhausted_ = false;
    const int result = operation.attempt();
    operation.outrun_ = result > 0 && !operation.exhausted_;
    if (result != -EAGAIN) return result;
  }
  operation.state_ = Operation::State::kWaiting;
  submit(operation);
  return Operation::kPending;
}

// What was brought is reported first; the operation is not idle meanwhile, so that only one who still wants more after
// the last result submits it again.
void UringBackend::run(Operation& operation) noexcept {
  if (operation.cancelled_) {
    drop(operation);
    return;
  }
  if (operation.outrun_ && !operation.armed_ && operation.result_ == Operation::kPending) {
    operation.result_ = try_itself(operation);
    if (operation.result_ == Operation::kPending) return;
  }
  if (std::exchange(operation.brought_, false)) {
    unwant(operation);
    if (operation.armed_) operation.state_ = Operation::State::kWaiting;
    const bool last = !operation.armed_;
    operation.finished(Operation::kBrought);
    if (!last) return;
    if (operation.cancelled_) {
      drop(operation);
      return;
    }
  }
  const int result = operation.result_;
  become_idle(operation);
  operation.finished(result);
  operation.release_owner();
}

// One that the kernel still has waits for its answer.
void UringBackend::drop(Operation& operation) noexcept {
  if (operation.armed_) {
    operation.state_ = Operation::State::kWaiting;
    return;
  }
  const int result = operation.result_;
  become_idle(operation);
  if (result >= 0) operation.lost(result);
  operation.release_owner();
}

void UringBackend::arm_wake_up() noexcept {
  if (wake_up_armed_) return;
  io_uring_sqe& entry = next_entry();
  ::io_uring_prep_poll_add(&entry, wake_up_, POLLIN);
  ::io_uring_sqe_set_data64(&entry, kWakeUp);
  wake_up_armed_ = true;
}

// Answers are copied out first: handling one may need an entry of the ring, and so come back here.
unsigned UringBackend::reap() noexcept {
  constexpr unsigned kBatch = 64;
  unsigned total = 0;
  for (;;) {
    io_uring_cqe* entries[kBatch];
    const unsigned count = ::io_uring_peek_batch_cqe(&ring_->ring, entries, kBatch);
    if (count == 0) return total;
    struct Answer {
      std::uint64_t tag;
      int result;
      unsigned flags;
    };
    Answer answers[kBatch];
    for (unsigned i = 0; i < count; ++i) answers[i] = {entries[i]->user_data, entries[i]->res, entries[i]->flags};
    ::io_uring_cq_advance(&ring_->ring, count);
    total += count;
    for (unsigned i = 0; i < count; ++i) {
      if (answers[i].tag == kIgnored) continue;
      if (answers[i].tag == kWakeUp) {
        std::uint64_t value = 0;
        [[maybe_unused]] const auto got = ::read(wake_up_, &value, sizeof value);
        wake_up_armed_ = false;
        continue;
      }
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      answered(*reinterpret_cast<Operation*>(answers[i].tag), answers[i].result, answers[i].flags);
    }
  }
}

void UringBackend::poll(std::optional<std::chrono::nanoseconds> timeout) {
  ensure_ring();
  if (fallback_) return fallback_->poll(timeout);
  arm_wake_up();
  int result = 0;
  if (!timeout) {
    result = ::io_uring_submit_and_wait(&ring_->ring, 1);
  } else if (timeout->count() <= 0) {
    result = ::io_uring_submit_and_get_events(&ring_->ring);
  } else {
    __kernel_timespec limit{};
    limit.tv_sec = timeout->count() / 1'000'000'000;
    limit.tv_nsec = timeout->count() % 1'000'000'000;
    io_uring_cqe* entry = nullptr;
    result = ::io_uring_submit_and_wait_timeout(&ring_->ring, &entry, 1, &limit, nullptr);
  }
  if (result < 0 && result != -ETIME && result != -EINTR && result != -EAGAIN && result != -EBUSY)
    throw OSError(-result, "io_uring_enter");
  reap();
}

void UringBackend::shut_down() noexcept {
  if (fallback_) return fallback_->shut_down();
  if (!ring_) return;
  for (Operation* operation = submitted_; operation; operation = operation->next_) cancel(*operation);
  if (thread_ != std::this_thread::get_id()) {
    leave_thread();
    return;
  }
  while (submitted_) {
    ::io_uring_submit_and_wait(&ring_->ring, 1);
    reap();
  }
  ring_.reset();
}

bool UringBackend::nonblocking_sockets() noexcept {
  try {
    ensure_ring();
  } catch (...) {
    return false;
  }
  return fallback_ != nullptr;
}

void UringBackend::forget(int descriptor) noexcept {
  Backend::forget(descriptor);
  if (fallback_) fallback_->forget(descriptor);
}

bool UringBackend::watch(int descriptor) noexcept { return fallback_ && fallback_->watch(descriptor); }

bool UringBackend::readable(int descriptor) const noexcept { return fallback_ && fallback_->readable(descriptor); }

}  // namespace v0
}  // namespace corolla
