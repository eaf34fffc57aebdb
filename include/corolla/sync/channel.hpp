// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channel<T>: a bounded stream of items with two ends, each of which closes by itself.
///
/// Source: trio's open_memory_channel. asyncio has Queue only, whose shutdown() does not say which of several producers
/// calls it. Here each producer has a Sender of its own and each consumer a Receiver: clone() makes another. When the last
/// Sender is gone and all items are taken, next() gives nullopt; when the last Receiver is gone, the items left are
/// destroyed and send() throws BrokenChannelError.
///
/// Senders and receivers are each served in the order in which they came, and nobody overtakes. With capacity 0 a send
/// waits until the item is taken. An operation that waits keeps its side open, like one more clone. A next() that is
/// cancelled has taken nothing: an item that was meant for it goes to the next receiver, in order. A send() that is
/// cancelled has sent nothing; if its item had been taken before the cancellation came, it returns, and the cancellation
/// is delivered at the task's next wait. Not thread safe; belongs to the first loop that makes it wait (LoopBound).
#pragma once

#include <corolla/runtime/task_base.hpp>
#include <corolla/sync/channel_base.hpp>
#include <corolla/sync/channel_state.hpp>
#include <corolla/sync/would_block.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

namespace corolla {
inline namespace v0 {

/// What send() returns; it holds the item until that is taken.
template <class T>
class [[nodiscard]] ChannelSend : private WaitingItem<T> {
  using State = ChannelBase::WaitingSender::State;

 public:
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(ChannelSend& send) noexcept : send_(send) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (send_.state == State::kInLine) send_.channel_->remove_sender(send_);
    }
    [[nodiscard]] bool await_ready() const noexcept {
      return !send_.channel_->has_receivers() || send_.channel_->has_room();
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
      send_.channel_->enter_sender(send_, self.promise().task());
    }
    void await_resume() {
      if (send_.task) {
        if (send_.state == State::kTaken) return;
        if (send_.state == State::kInLine) send_.channel_->remove_sender(send_);
        send_.task->resumed();
      }
      if (!send_.channel_->has_receivers()) throw BrokenChannelError();
      send_.channel_->push(std::move(send_.item));
    }

   private:
    ChannelSend& send_;
  };
  static_assert(sizeof(Awaiter) <= 24);

  explicit ChannelSend(const ChannelShare<T, true>& channel, T&& item)
      : WaitingItem<T>(std::move(item)), channel_(channel) {}
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }

 private:
  ChannelShare<T, true> channel_;
};

/// What next() returns.
template <class T>
class [[nodiscard]] ChannelNext {
 public:
  explicit ChannelNext(const ChannelShare<T, false>& channel) noexcept : channel_(channel) {}
  ChannelNext(ChannelNext&&) noexcept = default;
  ChannelNext& operator=(ChannelNext&&) = delete;
  ~ChannelNext() {
    if (task_ && task_->linked()) channel_->abandon_receiver(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return channel_->has_item() || !channel_->has_senders(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    channel_->enter_receiver(task);
    task_ = &task;
  }
  std::optional<T> await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      if (task->resumes_cancelled()) {
        channel_->abandon_receiver(*task);
        task->resumed();
      }
      channel_->leave_receiver(*task);
    }
    if (channel_->has_item()) return channel_->take();
    return std::nullopt;
  }

 private:
  ChannelShare<T, false> channel_;
  TaskBase* task_ = nullptr;  // while suspended
};

/// The end of a channel that items are sent from. Closed when it dies.
template <class T>
class ChannelSender {
 public:
  explicit ChannelSender(ChannelState<T>& channel) noexcept : channel_(channel) {}
  ChannelSender(ChannelSender&&) noexcept = default;
  ChannelSender& operator=(ChannelSender&&) noexcept = default;

  /// One more end of the same side. RuntimeError when this one is closed.
  [[nodiscard]] ChannelSender clone() const { return ChannelSender(channel_.require_open()); }
  /// `co_await sender.send(item)`: waits while there is no room. BrokenChannelError when there are no receivers, or none
  /// any more; RuntimeError when this end is closed.
  [[nodiscard]] ChannelSend<T> send(T item) const { return ChannelSend<T>(channel_.require_open(), std::move(item)); }
  /// Sends without waiting: WouldBlock when there is no room.
  void send_nowait(T item) const {
    if (!channel_.require_open()->has_receivers()) throw BrokenChannelError();
    if (!channel_->has_room()) throw WouldBlock();
    channel_->push(std::move(item));
  }
  /// Idempotent.
  void close() noexcept { channel_.reset(); }
  [[nodiscard]] bool closed() const noexcept { return !channel_; }

 private:
  explicit ChannelSender(const ChannelShare<T, true>& channel) noexcept : channel_(channel) {}
  ChannelShare<T, true> channel_;
};

/// The end of a channel that items come out of. Closed when it dies.
template <class T>
class ChannelReceiver {
 public:
  explicit ChannelReceiver(ChannelState<T>& channel) noexcept : channel_(channel) {}
  ChannelReceiver(ChannelReceiver&&) noexcept = default;
  ChannelReceiver& operator=(ChannelReceiver&&) noexcept = default;

  /// One more end of the same side. RuntimeError when this one is closed.
  [[nodiscard]] ChannelReceiver clone() const { return ChannelReceiver(channel_.require_open()); }
  /// `while (auto item = co_await receiver.next())`: waits for an item; nullopt when there will be none any more.
  /// RuntimeError when this end is closed.
  [[nodiscard]] ChannelNext<T> next() const { return ChannelNext<T>(channel_.require_open()); }
  /// As next(), without waiting: WouldBlock when there is no item yet.
  std::optional<T> next_nowait() const {
    if (channel_.require_open()->has_item()) return channel_->take();
    if (channel_->has_senders()) throw WouldBlock();
    return std::nullopt;
  }
  /// Idempotent.
  void close() noexcept { channel_.reset(); }
  [[nodiscard]] bool closed() const noexcept { return !channel_; }
  /// Items that were sent and not taken.
  [[nodiscard]] std::size_t buffered() const noexcept { return channel_ ? channel_->buffered() : 0; }

 private:
  explicit ChannelReceiver(const ChannelShare<T, false>& channel) noexcept : channel_(channel) {}
  ChannelShare<T, false> channel_;
};

/// The two ends: `auto [sender, receiver] = Channel<int>(10);`
template <class T>
struct Channel {
  using value_type = T;
  using Sender = ChannelSender<T>;
  using Receiver = ChannelReceiver<T>;

  /// Holds up to `capacity` items that were sent and not taken; ValueError when negative.
  explicit Channel(std::ptrdiff_t capacity) : Channel(*new ChannelState<T>(capacity)) {}

  Sender sender;
  Receiver receiver;

 private:
  explicit Channel(ChannelState<T>& state) noexcept : sender(state), receiver(state) {}
};

}  // namespace v0
}  // namespace corolla
