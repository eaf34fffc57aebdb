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

void TaskMaker::launch(TaskBase& task, const TaskOptions& options) const {
  if (!options.name().empty()) task.set_name(options.name());
  if (options.context()) task.context() = options.context();
  if (const TaskFactory& factory = loop.get_task_factory()) {
    try {
      factory(loop, task, options);
    } catch (...) {
      if (!task.begun()) task.discard();
      throw;
    }
  } else if (options.eager_start().value_or(false)) {
    task.run_eagerly();
  } else {
    task.start();
  }
}

Task<> current_task() { return current_task(get_running_loop()); }
Task<> current_task(EventLoop& loop) { return Task<>(FutureRef<FutureBase>::share(loop.core().current_task())); }

std::vector<Task<>> all_tasks(EventLoop& loop) {
  std::vector<Task<>> tasks;
  for (TaskBase* task = loop.core().first_task(); task; task = task->next_task())
    tasks.emplace_back(FutureRef<FutureBase>::share(task));
  return tasks;
}

}  // namespace v0
}  // namespace corolla
