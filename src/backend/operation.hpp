// SPDX-License-Identifier: Apache-2.0
/// \file
/// Operation: one thing that is asked of the kernel, the same for epoll and io_uring.
///
/// Its life, in prose. An operation is *idle* until Backend::perform(). There epoll may try the system call at once (those
/// operations that say tries_first()) and be done with it: then the operation was never in flight. Otherwise it is
/// *waiting*: under epoll for its descriptor to become ready, under io_uring for the kernel's answer. Either queues it in
/// the loop's ready queue. When its turn comes, run() makes epoll try again (and wait again after EAGAIN) and io_uring
/// deliver the answer: the operation is idle and then, as the last thing, finished() is called, which may perform it
/// again. Trying as late as that is on purpose: the bytes a task is about to look at are still in the cache.
///
/// cancel() takes an operation out of this: from then on finished() is not called. Under epoll it is idle at once, or
/// when its entry leaves the ready queue; under io_uring when the kernel has answered. What a late answer brought goes to
/// lost(), so that a socket accepted too late is closed. While an operation is not idle its owner is held, and with it
/// every byte the kernel may still write to.
///
/// Accepting and receiving are *multishot* under io_uring: one submission brings many results, each of them at once to
/// brought(), which keeps it; the operation's turn then reports them together, finished(kBrought), and the operation is
/// not idle after it: the kernel has it still. Whether somebody wants more is told by perform(), again, and unwant();
/// a virtual clock waits for wanted operations only. Who cannot take more calls stop(). When the kernel ended it, for that
/// or for reasons of its own, finished(-ECANCELED) says so and the operation is idle: perform() it if more is wanted.
/// A receive that was stopped is *outrun*: the kernel would fill block after block, until they push each other out of the
/// processor's cache before the first is looked at. Performed again it tries the call itself at its turn, as under epoll,
/// and that as long as each brings all there is room for; only then the kernel has it again.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <cstdint>
#include <limits>

struct io_uring_sqe;

namespace corolla {
inline namespace v0 {

class Backend;

/// See the file's comment. Belongs to one loop; at most one operation a descriptor and direction.
class COROLLA_API Operation : public Schedulable {
 public:
  enum class Direction : std::uint8_t { kRead, kWrite };
  /// What perform() returns for an operation in flight.
  static constexpr int kPending = std::numeric_limits<int>::min();
  /// What finished() is told when brought() got something.
  static constexpr int kBrought = std::numeric_limits<int>::max();

  [[nodiscard]] bool idle() const noexcept { return state_ == State::kIdle; }
  /// Not idle, and nothing came for it yet.
  [[nodiscard]] bool waiting() const noexcept { return state_ == State::kWaiting && !cancelled_; }
  /// The answer that its turn will report; kPending: none came.
  [[nodiscard]] int answer() const noexcept { return result_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] Direction direction() const noexcept { return direction_; }

  /// The system call without waiting: its result, or -errno. Sets `exhausted_` when it knows that the next one would wait.
  virtual int attempt() noexcept = 0;
  /// attempt() does not even wait on a blocking descriptor, so that it may be called under io_uring.
  [[nodiscard]] virtual bool never_blocks() const noexcept { return false; }
  /// epoll calls attempt() before it waits.
  [[nodiscard]] virtual bool tries_first() const noexcept { return false; }
  /// Waits for readiness and does nothing else: epoll answers with the poll(2) bits, level triggered.
  [[nodiscard]] virtual bool only_polls() const noexcept { return false; }
  /// Describes the call to io_uring; everything it points to lives in the owner.
  virtual void prepare(io_uring_sqe& entry) noexcept = 0;
  /// io_uring's answer, where it is not the result itself; -EAGAIN submits the operation again.
  virtual int completed(int result) noexcept { return result; }

  /// io_uring, multishot: takes one of several results, and the block the kernel filled if there is one, which is the
  /// operation's from now on. False: it is not one of several but the last one, for finished().
  virtual bool brought(int /*result*/, char* /*block*/) noexcept { return false; }

  /// The result, -errno or kBrought. In an entry of the ready queue.
  virtual void finished(int result) noexcept = 0;
  /// The result of an operation that was cancelled too late; not negative.
  virtual void lost(int /*result*/) noexcept {}
  /// Its turn comes soon: asks the processor for what that will touch; `depth` 0 for what the operation points to, 1 for
  /// what that points to, and so on up to kPrefetchDepth. With thousands of connections none of it is in the cache.
  virtual void prefetch(unsigned /*depth*/) const noexcept {}
  static constexpr unsigned kPrefetchDepth = 3;

  virtual void retain_owner() noexcept = 0;
  virtual void release_owner() noexcept = 0;

  void run() noexcept final;
  void drop() noexcept final;

 protected:
  Operation(int descriptor, Direction direction) noexcept : descriptor_(descriptor), direction_(direction) {}
  ~Operation() = default;

  int descriptor_;
  bool exhausted_ = false;

 private:
  friend class EpollBackend;
  friend class UringBackend;
  enum class State : std::uint8_t { kIdle, kWaiting, kQueued };

  Direction direction_ : 1;
  bool outrun_ : 1 = false;  // io_uring: see the file's comment
  State state_ = State::kIdle;
  bool cancelled_ = false;
  // io_uring alone:
  bool armed_ = false;   // in the kernel's hands
  bool wanted_ = false;  // counted as in flight
  bool stopping_ = false;
  bool brought_ = false;  // something stands with the owner that its turn will report
  int result_ = kPending;
  Backend* backend_ = nullptr;
  Operation* next_ = nullptr;  // UringBackend's list of what is in flight
  Operation* prev_ = nullptr;
};

}  // namespace v0
}  // namespace corolla
