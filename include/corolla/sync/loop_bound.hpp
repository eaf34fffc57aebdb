// SPDX-License-Identifier: Apache-2.0
/// \file
/// LoopBound: a primitive belongs to the first loop that makes it wait.
///
/// Source: asyncio's _LoopBoundMixin. A task of another loop that would have to wait gets RuntimeError instead of a data
/// race. Unlike there, the bond ends when that loop is closed, so that a primitive may serve several runs in a row.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/task_base.hpp>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API LoopBound {
 public:
  LoopBound() noexcept = default;
  LoopBound(const LoopBound&) = delete;
  LoopBound& operator=(const LoopBound&) = delete;
  ~LoopBound() {
    if (core_) core_->release();
  }

  /// Called before `task` waits; RuntimeError when this belongs to another loop that is still open.
  void require_loop_of(const TaskBase& task) {
    if (core_ != &task.core()) [[unlikely]]
      bind(task.core());
  }

 private:
  void bind(LoopCore& core);
  LoopCore* core_ = nullptr;  // counted, so that no other loop can have its address
};

}  // namespace v0
}  // namespace corolla
