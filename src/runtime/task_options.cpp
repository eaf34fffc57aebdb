// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/task_options.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task.hpp>

#include <memory>

namespace corolla {
inline namespace v0 {

void eager_task_factory(EventLoop& /*loop*/, TaskBase& task, const TaskOptions& options) {
  if (options.eager_start().value_or(true)) task.run_eagerly();
  else task.start();
}

void TaskMaker::launch(TaskBase& task) const {
  const TaskOptions usual;
  const TaskOptions& how = options ? *options : usual;
  if (!how.name().empty()) task.set_name(how.name());
  if (how.context()) task.context() = how.context();
  if (const TaskFactory& factory = loop.get_task_factory()) {
    try {
      factory(loop, task, how);
    } catch (...) {
      if (!task.begun()) task.discard();
      throw;
    }
  } else if (how.eager_start().value_or(false)) {
    task.run_eagerly();
  } else {
    task.start();
  }
}

Task<> current_task() { return current_task(get_running_loop()); }
Task<> current_task(EventLoop& loop) {
  return Task<>(FutureRef<FutureBase>::share(loop.is_running() ? running_now.task : nullptr));
}

std::vector<Task<>> all_tasks(EventLoop& loop) {
  std::vector<Task<>> tasks;
  for (TaskBase* task = loop.core().first_task(); task; task = task->next_task())
    tasks.emplace_back(FutureRef<FutureBase>::share(task));
  return tasks;
}

}  // namespace v0
}  // namespace corolla
