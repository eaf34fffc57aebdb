// SPDX-License-Identifier: Apache-2.0
/// \file
/// CompletionWatch: what wait and as_completed have in common, being told of each of several futures that is done.
///
/// It hears of a child one hop after the child is done, also when that was so from the start, and of the end of its time
/// limit. It never cancels a child. A node in a child's list does not keep it alive, one in the ready queue does.
#pragma once

#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace corolla {
inline namespace v0 {

/// See the file's comment. Counted, not thread safe.
class COROLLA_API CompletionWatch : public FromBlockCache {
 public:
  using Children = std::vector<FutureRef<FutureBase>>;

  CompletionWatch(const CompletionWatch&) = delete;
  CompletionWatch& operator=(const CompletionWatch&) = delete;

  /// The number of children, each counted once.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] FutureBase& at(std::size_t index) const noexcept { return *nodes_[index].child; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 protected:
  /// Keeps the first of several equal children.
  explicit CompletionWatch(Children children);
  virtual ~CompletionWatch();

  /// From now on child_done() is called, in the order of completion.
  void subscribe() noexcept;
  /// timed_out() is called `limit` from now, unless disarm() comes first.
  void arm(EventLoop& loop, EventLoop::duration limit);
  void disarm() noexcept { expiry_.cancel(); }
  /// Nothing is called any more.
  void stop() noexcept;

  virtual void child_done(FutureBase& child) noexcept = 0;
  virtual void timed_out() noexcept = 0;
  /// The task that waits; null when none does.
  [[nodiscard]] virtual FutureBase* awaiter() noexcept { return nullptr; }

 private:
  class COROLLA_API Node final : public Waiter {
   public:
    Node() noexcept = default;
    void future_done() noexcept override { watch->retain(); }
    void run() noexcept override;
    void drop() noexcept override { watch->release(); }
    [[nodiscard]] FutureBase* awaiter() noexcept override { return watch->awaiter(); }
    FutureRef<FutureBase> child;
    CompletionWatch* watch = nullptr;
  };

  std::unique_ptr<Node[]> nodes_;
  std::size_t size_ = 0;
  TimerHandle expiry_;
  std::uint32_t references_ = 1;
  bool stopped_ = false;
};

}  // namespace v0
}  // namespace corolla
