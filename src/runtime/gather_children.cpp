// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/gather_children.hpp>

namespace corolla {
inline namespace v0 {

GatherChildren::~GatherChildren() { unlink(); }

void GatherChildren::link(LoopCore& core) noexcept {
  link_ = &core.gathers_;
  next_ = core.gathers_;
  core.gathers_ = this;
  if (next_) next_->link_ = &next_;
}

void GatherChildren::unlink() noexcept {
  if (!link_) return;
  *link_ = next_;
  if (next_) next_->link_ = link_;
  link_ = nullptr;
}

void GatherChildren::abandon() noexcept {
  unlink();
  const FutureRef<FutureBase> keep = FutureRef<FutureBase>::share(&outer());
  for (Node& node : nodes_) {
    if (!node.linked()) continue;
    node.future->remove_waiter(node);
    outer().release();
  }
}

void GatherChildren::subscribe() noexcept {
  link(outer().core());
  for (Node& node : nodes_) {
    if (!node.future->marked_) ++unfinished_;
    node.future->marked_ = true;
  }
  const bool empty = nodes_.empty();
  // Unmarking on the way, so that only the first of several equal children is subscribed to.
  for (Node& node : nodes_) {
    FutureBase& child = *node.future;
    if (!child.marked_ || child.done()) continue;
    child.marked_ = false;
    outer().retain();
    child.add_waiter(node);
  }
  for (Node& node : nodes_) {
    if (!node.future->marked_) continue;
    node.future->marked_ = false;
    child_done(*node.future);
  }
  if (empty) collect();
}

void GatherChildren::node_done(Node& node, bool ran) noexcept {
  FutureBase& outer_future = outer();
  if (ran) child_done(*node.future);
  outer_future.release();
}

void GatherChildren::child_done(FutureBase& child) noexcept {
  --unfinished_;
  child.mark_retrieved();
  if (outer().done()) return;
  if (!return_exceptions_ && child.state() != FutureBase::State::kResult) {
    fail_outer(child.failure());
    return;
  }
  if (unfinished_ > 0) return;
  if (cancel_requested_) {
    fail_outer(child.cancelled() ? child.failure() : std::make_exception_ptr(CancelledError(cancel_message_)));
    return;
  }
  try {
    collect();
  } catch (...) {
    fail_outer(std::current_exception());
  }
}

}  // namespace v0
}  // namespace corolla
