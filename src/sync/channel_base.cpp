// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/channel_base.hpp>

namespace corolla {
inline namespace v0 {

ChannelBase::ChannelBase(std::ptrdiff_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {
  if (capacity < 0) throw ValueError("the capacity of a channel must not be negative");
}

void ChannelBase::abandon_receiver(TaskBase& task) noexcept {
  const bool woken = receivers_in_line_.leave(task);
  if (!woken || promised_ == 0) return;
  --promised_;
  if (receivers_in_line_.wake_next()) ++promised_;
}

void ChannelBase::enter_sender(WaitingSender& sender, TaskBase& task) {
  bound_.require_loop_of(task);
  sender.task = &task;
  sender.state = WaitingSender::State::kInLine;
  sender.previous = last_sender_;
  (last_sender_ ? last_sender_->next : first_sender_) = &sender;
  last_sender_ = &sender;
  task.wait();
}

void ChannelBase::remove_sender(WaitingSender& sender) noexcept {
  (sender.previous ? sender.previous->next : first_sender_) = sender.next;
  (sender.next ? sender.next->previous : last_sender_) = sender.previous;
  sender.previous = sender.next = nullptr;
  sender.state = WaitingSender::State::kIdle;
}

ChannelBase::WaitingSender* ChannelBase::first_sender() noexcept {
  while (first_sender_ && !first_sender_->task->waiting()) remove_sender(*first_sender_);
  return first_sender_;
}

void ChannelBase::wake_sender(WaitingSender::State state) noexcept {
  WaitingSender& sender = *first_sender_;
  remove_sender(sender);
  sender.state = state;
  sender.task->wake();
}

void ChannelBase::senders_gone() noexcept {
  while (receivers_in_line_.wake_next()) {
  }
}

void ChannelBase::receivers_gone() noexcept {
  while (first_sender()) wake_sender(WaitingSender::State::kBroken);
}

}  // namespace v0
}  // namespace corolla
