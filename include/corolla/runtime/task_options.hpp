// SPDX-License-Identifier: Apache-2.0
/// \file
/// TaskOptions: create_task's keywords. TaskFactory: who decides how tasks begin.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

class EventLoop;
class TaskBase;

/// `create_task(work(), TaskOptions().name("worker").eager_start())`; asyncio's name=, context= and eager_start=.
class COROLLA_API TaskOptions {
 public:
  TaskOptions() noexcept {}
  /// Instead of "Task-7".
  TaskOptions& name(std::string name) & {
    name_ = std::move(name);
    return *this;
  }
  TaskOptions&& name(std::string name) && { return std::move(this->name(std::move(name))); }
  /// The task runs in this very context instead of a copy of the current one.
  TaskOptions& context(const Context& context) & {
    context_ = context.state();
    return *this;
  }
  TaskOptions&& context(const Context& context) && { return std::move(this->context(context)); }
  /// Its first step runs inside create_task. False: not even when the loop's task factory is eager.
  TaskOptions& eager_start(bool eager = true) & {
    eager_start_ = eager;
    return *this;
  }
  TaskOptions&& eager_start(bool eager = true) && { return std::move(this->eager_start(eager)); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const ContextRef& context() const noexcept { return context_; }
  [[nodiscard]] std::optional<bool> eager_start() const noexcept { return eager_start_; }

 private:
  std::string name_;
  ContextRef context_;
  std::optional<bool> eager_start_;
};

/// Called for each new task of a loop in place of queueing its first step: it calls task.start() or task.run_eagerly(),
/// once. The options' name and context have been given to the task by then. What it throws comes out of create_task, and
/// a task that was not begun by then is undone.
using TaskFactory = std::function<void(EventLoop&, TaskBase&, const TaskOptions&)>;

/// A TaskFactory: `loop.set_task_factory(eager_task_factory)` makes each task eager unless its options say otherwise.
COROLLA_API void eager_task_factory(EventLoop& loop, TaskBase& task, const TaskOptions& options);

}  // namespace v0
}  // namespace corolla
