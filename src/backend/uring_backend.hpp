// SPDX-License-Identifier: Apache-2.0
/// \file
/// The io_uring backend: operations are submitted in batches, one system call an iteration; one submission accepts or
/// receives for as long as the socket lives, into blocks that all connections share (receive_ring.hpp).
///
/// The ring is made on the thread that first uses it and accepts submissions from that thread alone, which spares the
/// kernel work. If it cannot be made there after all, an epoll backend takes over for good. When the loop goes on in
/// another thread, the ring is ended and a new one made: what was in flight is submitted again.
///
/// Nothing is freed while the kernel may write to it: an operation in flight holds its owner, a cancelled one until its
/// answer came, and shut_down() waits for all answers.
#pragma once

#include "backend/backend.hpp"

#include <memory>
#include <thread>

namespace corolla {
inline namespace v0 {

struct Uring;

class UringBackend final : public Backend {
 public:
  /// 0 when a ring can be made in this process, else the -errno that says why not: EINVAL or EOPNOTSUPP for a kernel before
  /// 6.1, EPERM (seccomp, sysctl), ENOMEM (RLIMIT_MEMLOCK), ENOSYS.
  [[nodiscard]] static int probe() noexcept;

  UringBackend(ReadyQueue& ready, int wake_up);
  ~UringBackend() override;

  [[nodiscard]] std::string_view name() const noexcept override { return fallback_ ? "epoll" : "io_uring"; }
  [[nodiscard]] std::size_t in_flight() const noexcept override;
  void poll(std::optional<std::chrono::nanoseconds> timeout) override;
  void shut_down() noexcept override;
  [[nodiscard]] int perform(Operation& operation) noexcept override;
  void cancel(Operation& operation) noexcept override;
  void unwant(Operation& operation) noexcept override;
  void stop(Operation& operation) noexcept override;
  void run(Operation& operation) noexcept override;
  void drop(Operation& operation) noexcept override;
  [[nodiscard]] bool nonblocking_sockets() noexcept override;
  void forget(int descriptor) noexcept override;
  [[nodiscard]] bool watch(int descriptor) noexcept override;
  [[nodiscard]] bool readable(int descriptor) const noexcept override;

 private:
  /// Sees to it that there is a ring of this thread, or the fallback.
  void ensure_ring();
  void leave_thread() noexcept;
  [[nodiscard]] io_uring_sqe& next_entry() noexcept;
  void submit(Operation& operation) noexcept;
  void arm_wake_up() noexcept;
  /// Handles the answers that have come; how many there were.
  unsigned reap() noexcept;
  void answered(Operation& operation, int result, unsigned flags) noexcept;
  void queue(Operation& operation) noexcept;
  /// An outrun operation's turn: the attempt's result, or kPending when it found nothing and was submitted.
  [[nodiscard]] int try_itself(Operation& operation) noexcept;
  void become_idle(Operation& operation) noexcept;
  void ask_to_cancel(Operation& operation) noexcept;
  void link(Operation& operation) noexcept;
  void unlink(Operation& operation) noexcept;

  ReadyQueue& ready_;
  int wake_up_;
  bool wake_up_armed_ = false;
  std::unique_ptr<Uring> ring_;
  std::unique_ptr<Backend> fallback_;
  std::thread::id thread_;
  Operation* submitted_ = nullptr;  // the kernel has not answered them; newest first
  std::size_t in_flight_ = 0;       // wanted ones
};

}  // namespace v0
}  // namespace corolla
