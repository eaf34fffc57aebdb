// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/shield.hpp>

namespace corolla {
inline namespace v0 {

// The inner node: in the inner future's list, then, once that is done, in the ready queue, then unused. The outer node:
// in the outer's own list from the start, so that it is the first to hear that the outer is done; if that came from a
// cancellation, it takes the inner node out one hop later, as asyncio does. Each node keeps alive what it will touch: the
// inner node the outer future, and while queued the inner one, too; the queued outer node the outer future.

void ShieldLink::connect(FutureBase& inner) noexcept {
  inner_ = &inner;
  outer().retain();
  inner.announce_completion();
  inner.add_waiter(inner_node_);
  outer().announce_completion();
  outer().add_waiter(outer_node_);
}

void ShieldLink::disconnect_outer() noexcept {
  if (outer_node_.linked()) outer().remove_waiter(outer_node_);
}

void ShieldLink::InnerNode::future_done() noexcept {
  queued_ = true;
  link_.inner_->retain();
}

void ShieldLink::InnerNode::run() noexcept {
  if (!link_.outer().done()) link_.transfer(*link_.inner_);
  drop();
}

// Also reached when the inner future dies pending, or the loop does.
void ShieldLink::InnerNode::drop() noexcept {
  FutureBase* const inner = std::exchange(link_.inner_, nullptr);
  if (queued_) inner->release();
  link_.outer().release();
}

void ShieldLink::OuterNode::run() noexcept {
  if (link_.inner_ && link_.inner_node_.linked()) {
    link_.inner_->remove_waiter(link_.inner_node_);
    link_.inner_node_.drop();
  }
  drop();
}

}  // namespace v0
}  // namespace corolla
