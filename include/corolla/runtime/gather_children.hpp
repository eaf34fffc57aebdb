// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part of a gather that does not depend on the types gathered.
///
/// Source: asyncio's gather. Children that are done at the call are taken note of at once, in order; the others when
/// they are done, one hop later. Without return_exceptions the first failure (a cancelled child counts as one) completes
/// the gather and the others run on. When all are done it completes with their values; but if a cancel() of the gather
/// was accepted by a child, with CancelledError, as an exception. A future gathered twice is subscribed to once.
#pragma once

#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// See the file's comment. While a child is pending its node holds a reference to the gather's future, and the node
/// holds the child: a circle that breaks when the child is done. A child that nobody ever completes would keep both for
/// good, so the loop knows its gathers and has them let go when it closes.
class COROLLA_API GatherChildren {
 public:
  /// `made_here`: nobody else has a handle of the futures, so their values may be moved out.
  explicit GatherChildren(bool return_exceptions) noexcept : return_exceptions_(return_exceptions) {}
  GatherChildren(const GatherChildren&) = delete;
  GatherChildren& operator=(const GatherChildren&) = delete;
  virtual ~GatherChildren();
  /// The loop dies: leaves the children that are pending.
  void abandon() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] FutureBase& at(std::size_t index) const noexcept { return *nodes_[index].future; }

  /// For cancel(): false when the walk is inside this gather already.
  [[nodiscard]] bool enter_walk() noexcept { return !std::exchange(walking_, true); }
  void leave_walk(bool any_accepted, const std::string& message) {
    walking_ = false;
    if (!any_accepted) return;
    cancel_requested_ = true;
    cancel_message_ = message;
  }

 protected:
  /// Reserves room; add() never moves nodes.
  void reserve(std::size_t count) { nodes_.reserve(count); }
  void add(FutureRef<FutureBase> child) { nodes_.emplace_back(*this, std::move(child)); }
  /// Subscribes to the children, then takes note of those that are done.
  void subscribe() noexcept;

  [[nodiscard]] virtual FutureBase& outer() noexcept = 0;
  /// All children are done: sets the outer future's result.
  virtual void collect() = 0;
  virtual void fail_outer(std::exception_ptr error) noexcept = 0;

 private:
  class COROLLA_API Node final : public Waiter {
   public:
    Node(GatherChildren& gather, FutureRef<FutureBase> child) noexcept : future(std::move(child)), owner(&gather) {}
    Node(Node&& other) noexcept : Waiter(), future(std::move(other.future)), owner(other.owner) {}
    void run() noexcept override { owner->node_done(*this, true); }
    void drop() noexcept override { owner->node_done(*this, false); }
    [[nodiscard]] FutureBase* awaiter() noexcept override { return &owner->outer(); }
    FutureRef<FutureBase> future;
    GatherChildren* owner;
  };

  void node_done(Node& node, bool ran) noexcept;
  void child_done(FutureBase& child) noexcept;
  void link(LoopCore& core) noexcept;
  void unlink() noexcept;

  std::vector<Node> nodes_;
  GatherChildren** link_ = nullptr;  // what points at this in the loop's list; null when it is in none
  GatherChildren* next_ = nullptr;
  std::size_t unfinished_ = 0;  // distinct children not taken note of yet
  std::string cancel_message_;
  bool return_exceptions_;
  bool cancel_requested_ = false;
  bool walking_ = false;
};

}  // namespace v0
}  // namespace corolla
