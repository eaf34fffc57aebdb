// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/completion_watch.hpp>

#include <utility>

namespace corolla {
inline namespace v0 {

CompletionWatch::CompletionWatch(Children children) : nodes_(std::make_unique<Node[]>(children.size())) {
  for (FutureRef<FutureBase>& child : children) {
    if (child->marked_) continue;
    child->marked_ = true;
    nodes_[size_].watch = this;
    nodes_[size_++].child = std::move(child);
  }
  for (std::size_t i = 0; i < size_; ++i) at(i).marked_ = false;
}

CompletionWatch::~CompletionWatch() { stop(); }

void CompletionWatch::Node::run() noexcept {
  if (!watch->stopped_) watch->child_done(*child);
  watch->release();
}

void CompletionWatch::subscribe() noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    Node& node = nodes_[i];
    node.child->announce_completion();
    if (node.child->done()) retain();
    node.child->add_waiter(node);
  }
}

void CompletionWatch::arm(EventLoop& loop, EventLoop::duration limit) {
  expiry_ = loop.call_later(limit, [this] { timed_out(); });
}

void CompletionWatch::stop() noexcept {
  stopped_ = true;
  disarm();
  for (std::size_t i = 0; i < size_; ++i) {
    if (nodes_[i].linked()) nodes_[i].child->remove_waiter(nodes_[i]);
  }
}

}  // namespace v0
}  // namespace corolla
