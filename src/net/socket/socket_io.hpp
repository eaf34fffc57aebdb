// SPDX-License-Identifier: Apache-2.0
/// \file
/// SocketIo: what stands behind a Socket: its descriptor, its loop, and a wait for each direction.
///
/// Who asks the kernel first. A call is tried at once when nothing is known of the descriptor, and when the direction is
/// sending, which works most of the time. What arrives is another matter: epoll's table remembers whether there can be
/// anything, so from the first wait on it decides (see epoll_backend.hpp), and a server that answers message after
/// message costs a receive and a send each. io_uring has no such memory; there ask_first_ holds the last answer.
///
/// A wait is an operation, made when it is first needed and used again and again. One that lost its task is cancelled;
/// the backend may hold it a little longer, and the next wait then gets a new one. It calls the kernel only while its task
/// still waits, in the same turn in which that task resumes: nothing is taken that nobody gets.
#pragma once

#include "backend/backend.hpp"
#include "backend/readiness_operation.hpp"
#include "net/socket/socket_calls.hpp"

#include <corolla/net/socket.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/task_base.hpp>

#include <cstdint>

namespace corolla {
inline namespace v0 {

/// A task that waits for a call on a socket. Counted by its SocketIo and while it is in flight.
class SocketWait final : public ReadinessOperation, public FromBlockCache {
 public:
  SocketWait(Backend& io, int descriptor, Direction direction) noexcept
      : ReadinessOperation(io, descriptor, direction) {}
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  void set_request(const SocketRequest& request) noexcept {
    request_ = request;
    result_ = -ECANCELED;
  }
  void set_task(TaskBase* task) noexcept { task_ = task; }
  [[nodiscard]] bool has_task() const noexcept { return task_ != nullptr; }
  [[nodiscard]] int result() const noexcept { return result_; }
  /// The next call of the kind would wait.
  [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }
  /// Ends the task's wait with a failure, in the loop's next iteration.
  void fail(int result) noexcept {
    result_ = result;
    if (task_ && task_->waiting()) task_->wake();
  }

  int attempt() noexcept override;
  [[nodiscard]] bool tries_first() const noexcept override { return true; }
  void done(int result) noexcept override;
  void retain_owner() noexcept override { retain(); }
  void release_owner() noexcept override { release(); }

 private:
  ~SocketWait() = default;

  SocketRequest request_;
  TaskBase* task_ = nullptr;
  int result_ = -ECANCELED;
  std::uint32_t references_ = 1;
};

/// See the file's comment. Counted by its Socket and by awaiters that are suspended.
class SocketIo final : public FromBlockCache {
 public:
  using Direction = Operation::Direction;

  /// Takes a descriptor that does not block.
  SocketIo(int descriptor, Socket::Type type, SocketAddress::Family family) noexcept;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] Socket::Type type() const noexcept { return type_; }
  [[nodiscard]] SocketAddress::Family family() const noexcept { return family_; }

  /// The result of the call, or -errno; or Operation::kPending, and suspend() must follow. RuntimeError when a task waits
  /// in that direction already, or when the socket belongs to another loop.
  [[nodiscard]] int begin(Direction direction, SocketRequest request);
  void suspend(Direction direction, TaskBase& task) noexcept;
  /// The task does not wait any more; the result.
  int leave(Direction direction) noexcept;
  /// Whoever waits gets ECONNABORTED; the descriptor is the caller's.
  [[nodiscard]] int detach() noexcept;

 private:
  ~SocketIo();
  void belong_to_running_loop();
  void drop_waits() noexcept;
  [[nodiscard]] SocketWait& idle_wait(Direction direction);

  int descriptor_;
  std::uint32_t references_ = 1;
  Socket::Type type_;
  SocketAddress::Family family_;
  bool remembers_ = false;  // the backend knows what it was told about readiness
  bool ask_first_ = true;   // of receiving
  LoopCore* core_ = nullptr;
  const LoopCore* clean_in_ = nullptr;  // the loop it was made in, whose backend knows that the number is a new one's
  SocketWait* waits_[2] = {nullptr, nullptr};  // by Direction
};

}  // namespace v0
}  // namespace corolla
