// SPDX-License-Identifier: Apache-2.0
/// \file
/// The epoll backend: a table of descriptors, each registered once, edge triggered, its readiness remembered.
///
/// Edge triggered, the kernel reports a change once; so what it reported is kept in the descriptor's slot until a call
/// says that it is used up: EAGAIN, or a receive that got less than it had room for. After that nothing is asked of the
/// kernel before it reports again. One exception: once it reported that the peer is gone, reading counts as ready for
/// ever, since the end follows the last byte without a further report. Writing is taken for possible until a call says
/// otherwise. A connection that answers request after request therefore costs a receive and a send, and no epoll_ctl.
///
/// Operations that only poll (add_reader for other libraries) need level-triggered reports; their descriptors are
/// registered one-shot and armed anew for each. The two kinds do not mix on one descriptor.
///
/// An event carries the descriptor's number and its slot's generation; a number that was closed and opened again
/// between the report and its handling has another generation, and the event is ignored.
#pragma once

#include "backend/backend.hpp"

#include <cstdint>
#include <vector>

namespace corolla {
inline namespace v0 {

class EpollBackend final : public Backend {
 public:
  /// OSError when the kernel refuses.
  EpollBackend(ReadyQueue& ready, int wake_up);
  ~EpollBackend() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  [[nodiscard]] std::size_t in_flight() const noexcept override { return in_flight_; }
  void poll(std::optional<std::chrono::nanoseconds> timeout) override;
  void shut_down() noexcept override;
  [[nodiscard]] int perform(Operation& operation) noexcept override;
  void cancel(Operation& operation) noexcept override;
  void unwant(Operation& operation) noexcept override {
    if (operation.waiting()) cancel(operation);
  }
  void stop(Operation& operation) noexcept override { cancel(operation); }
  void run(Operation& operation) noexcept override;
  void drop(Operation& operation) noexcept override;
  [[nodiscard]] bool nonblocking_sockets() noexcept override { return true; }
  void forget(int descriptor) noexcept override;
  [[nodiscard]] bool watch(int descriptor) noexcept override;
  [[nodiscard]] bool readable(int descriptor) const noexcept override;

 private:
  static constexpr std::uint8_t kReadable = 1;
  static constexpr std::uint8_t kWritable = 2;
  static constexpr std::uint8_t kPeerGone = 4;  // reading stays ready: the end or an error is to come
  enum class Registered : std::uint8_t { kNo, kEdge, kOneShot };

  struct Slot {
    Operation* waiting[2] = {nullptr, nullptr};  // by Direction
    std::uint32_t generation = 0;
    std::uint8_t ready = kWritable;
    Registered registered = Registered::kNo;

    [[nodiscard]] bool waited_for() const noexcept { return waiting[0] || waiting[1]; }
  };

  static std::size_t index(const Operation& operation) noexcept {
    return static_cast<std::size_t>(operation.direction());
  }
  static std::uint8_t ready_bit(const Operation& operation) noexcept {
    return operation.direction() == Operation::Direction::kRead ? kReadable : kWritable;
  }
  [[nodiscard]] Slot& slot(int descriptor);
  [[nodiscard]] int start_waiting(Operation& operation);
  [[nodiscard]] int register_edge(int descriptor, Slot& slot) noexcept;
  [[nodiscard]] int arm_one_shot(int descriptor, Slot& slot) noexcept;
  static void note_used_up(Slot& slot, const Operation& operation) noexcept;
  void handle(int descriptor, Slot& slot, std::uint32_t events) noexcept;
  void queue(Operation& operation) noexcept;
  void become_idle(Operation& operation) noexcept;
  [[nodiscard]] int wait(void* events, int capacity, std::optional<std::chrono::nanoseconds> timeout) noexcept;

  ReadyQueue& ready_;
  int descriptor_;
  int wake_up_;
  bool precise_ = true;  // the kernel has epoll_pwait2
  std::size_t in_flight_ = 0;
  std::vector<Slot> slots_;  // by descriptor
};

}  // namespace v0
}  // namespace corolla
