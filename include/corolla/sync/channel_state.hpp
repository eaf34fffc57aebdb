// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChannelState<T>: what the two ends of a Channel share, and the counted shares of it.
#pragma once

#include <corolla/sync/channel_base.hpp>
#include <corolla/sync/ring_buffer.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A sender in line and its item.
template <class T>
struct WaitingItem : ChannelBase::WaitingSender {
  explicit WaitingItem(T&& value) : item(std::move(value)) {}
  T item;
};

/// Lives until both sides are gone.
template <class T>
class ChannelState final : public ChannelBase {
 public:
  explicit ChannelState(std::ptrdiff_t capacity) : ChannelBase(capacity) {}

  /// Precondition: has_room().
  void push(T&& item) {
    items_.push(std::move(item));
    added();
  }
  /// Precondition: has_item().
  T take() {
    if (free_items() == 0) take_from_line();
    T item = items_.pop();
    removed();
    if (free_items() < capacity() && first_sender()) take_from_line();
    return item;
  }

  void share(std::true_type /*sends*/) noexcept { ++senders_; }
  void share(std::false_type) noexcept { ++receivers_; }
  void drop(std::true_type /*sends*/) noexcept {
    if (--senders_ > 0) return;
    if (receivers_ == 0) delete this;
    else senders_gone();
  }
  void drop(std::false_type) noexcept {
    if (--receivers_ > 0) return;
    ++senders_;  // an item's destructor may drop a Sender
    receivers_gone();
    cleared();
    {
      const RingBuffer<T> dropped(std::move(items_));
    }
    drop(std::true_type());
  }

 private:
  ~ChannelState() = default;
  void take_from_line() {
    items_.push(std::move(static_cast<WaitingItem<T>&>(*first_sender()).item));
    wake_sender(WaitingSender::State::kTaken);
    added();
  }

  RingBuffer<T> items_;
};

/// Keeps one side of a channel open.
template <class T, bool kSends>
class ChannelShare {
 public:
  explicit ChannelShare(ChannelState<T>& state) noexcept : state_(&state) { state_->share(side()); }
  ChannelShare(const ChannelShare& other) noexcept : state_(other.state_) {
    if (state_) state_->share(side());
  }
  ChannelShare(ChannelShare&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ChannelShare& operator=(ChannelShare other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~ChannelShare() { reset(); }
  void reset() noexcept {
    if (ChannelState<T>* state = std::exchange(state_, nullptr)) state->drop(side());
  }
  explicit operator bool() const noexcept { return state_ != nullptr; }
  ChannelState<T>* operator->() const noexcept { return state_; }
  /// RuntimeError when this end was closed or moved from.
  const ChannelShare& require_open() const {
    if (!state_) throw RuntimeError("this end of the channel is closed");
    return *this;
  }

 private:
  using side = std::bool_constant<kSends>;
  ChannelState<T>* state_;
};

}  // namespace v0
}  // namespace corolla
