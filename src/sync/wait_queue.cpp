// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/wait_queue.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/loop_core.hpp>

namespace corolla {
inline namespace v0 {

void LoopBound::bind(LoopCore& core) {
  if (core_) {
    if (core_->loop()) throw RuntimeError("this primitive belongs to another event loop");
    core_->release();
  }
  core.retain();
  core_ = &core;
}

WaitQueue::~WaitQueue() {
  while (list_.pop_front()) {
  }
}

}  // namespace v0
}  // namespace corolla
