// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChannelBase: what a Channel does whatever its items are. The rules are told in channel.hpp.
///
/// Items stand in a buffer of the derived class, behind each other in the order in which they were sent. A receiver that
/// waits is woken when there is an item for it: the item is *promised*, stays in the buffer, and the receiver takes the
/// first one when it runs. Receivers run in the order in which they were woken, so each finds one. A receiver that is
/// cancelled by then gives up the promise, not the item, so nothing has to be put back and the order is kept. (Those that
/// are woken because the last sender is gone have no promise and run after those that have one.)
///
/// A sender that waits keeps its item in its own awaiter; whoever makes room takes it from there and wakes the sender.
/// Two things hold between any two calls: when a sender waits there is no room and no receiver waits; when a receiver
/// waits every item in the buffer is promised.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/wait_queue.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Nobody will receive what is sent: the last Receiver of the channel is gone.
class COROLLA_API BrokenChannelError : public RuntimeError {
 public:
  explicit BrokenChannelError(std::string message = "the channel has no receivers")
      : RuntimeError(std::move(message)) {}
};

/// See the file's comment.
class COROLLA_API ChannelBase {
 public:
  /// A sender in line; the list is made of these.
  struct WaitingSender {
    enum class State { kIdle, kInLine, kTaken, kBroken };
    TaskBase* task = nullptr;
    WaitingSender* previous = nullptr;
    WaitingSender* next = nullptr;
    State state = State::kIdle;
  };

  ChannelBase(const ChannelBase&) = delete;
  ChannelBase& operator=(const ChannelBase&) = delete;

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t buffered() const noexcept { return size_; }
  [[nodiscard]] bool has_senders() const noexcept { return senders_ > 0; }
  [[nodiscard]] bool has_receivers() const noexcept { return receivers_ > 0; }
  /// True when an item can be sent without waiting.
  [[nodiscard]] bool has_room() noexcept { return free_items() < capacity_ || receivers_in_line_.has_waiting(); }
  /// True when an item can be received without waiting.
  [[nodiscard]] bool has_item() noexcept { return free_items() > 0 || first_sender(); }

  void enter_receiver(TaskBase& task) {
    bound_.require_loop_of(task);
    receivers_in_line_.enter(task);
  }
  /// A receiver goes on, with the promise it may have.
  void leave_receiver(TaskBase& task) noexcept {
    if (receivers_in_line_.leave(task) && promised_ > 0) --promised_;
  }
  /// A receiver is cancelled or destroyed: another has the promise.
  void abandon_receiver(TaskBase& task) noexcept;

  void enter_sender(WaitingSender& sender, TaskBase& task);
  void remove_sender(WaitingSender& sender) noexcept;

 protected:
  /// ValueError when `capacity` is negative.
  explicit ChannelBase(std::ptrdiff_t capacity);
  ~ChannelBase() = default;

  /// An item was added to the buffer, or taken out.
  void added() noexcept {
    ++size_;
    if (receivers_in_line_.wake_next()) ++promised_;
  }
  void removed() noexcept { --size_; }
  void cleared() noexcept { size_ = 0; }
  /// Items that are not promised.
  [[nodiscard]] std::size_t free_items() const noexcept { return size_ - promised_; }
  /// The first sender that waits; those before it were cancelled and are taken out. Null: none.
  WaitingSender* first_sender() noexcept;
  /// Takes the first sender out of the line and wakes it.
  void wake_sender(WaitingSender::State state) noexcept;
  /// The last end of a side is gone.
  void senders_gone() noexcept;
  void receivers_gone() noexcept;

  std::size_t senders_ = 0;  // ends, and operations of ends, that are alive
  std::size_t receivers_ = 0;

 private:
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t promised_ = 0;
  LoopBound bound_;
  WaitQueue receivers_in_line_;
  WaitingSender* first_sender_ = nullptr;
  WaitingSender* last_sender_ = nullptr;
};

}  // namespace v0
}  // namespace corolla
