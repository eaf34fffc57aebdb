// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/wait_for.hpp>

namespace corolla {
inline namespace v0 {

// One hop from the future to the callback, one more from there to the task: as CPython's, which has a waiter between.
void DoneSignal::wait(TaskBase& task) {
  task_ = &task;
  callback_ = add_done_callback_to(*future_, [this](FutureBase&) {
    callback_.reset();
    if (task_->waiting()) task_->wake();
  });
  task.wait();
}

void DoneSignal::resumed() {
  if (callback_) remove_done_callback_from(*future_, *std::exchange(callback_, std::nullopt));
  task_->resumed();
}

DoneSignal::~DoneSignal() {
  if (callback_) remove_done_callback_from(*future_, *callback_);
}

}  // namespace v0
}  // namespace corolla
