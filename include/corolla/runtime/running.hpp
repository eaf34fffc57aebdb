// SPDX-License-Identifier: Apache-2.0
/// \file
/// What runs in this thread: a loop, its task and their context. For the library's own use; users have
/// get_running_loop(), current_task() and copy_context().
#pragma once

#include <corolla/runtime/api.hpp>

namespace corolla {
inline namespace v0 {

class ContextRef;
class EventLoop;
class TaskBase;

/// See the file's comment.
struct Running {
  EventLoop* loop;      ///< null when none runs
  TaskBase* task;       ///< null in a callback
  ContextRef* context;  ///< null outside of tasks and callbacks, until a variable is set there
};
COROLLA_API extern constinit thread_local Running running_now __attribute__((tls_model("initial-exec")));

}  // namespace v0
}  // namespace corolla
