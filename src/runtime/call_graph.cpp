// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/call_graph.hpp>

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/promise.hpp>

#include <algorithm>
#include <unordered_map>

namespace corolla {
inline namespace v0 {

namespace {

std::string name_of(const FutureBase& future) {
  switch (future.kind()) {
    case FutureBase::Kind::kTask: return static_cast<const TaskBase&>(future).name();
    case FutureBase::Kind::kGather: return "gather";
    case FutureBase::Kind::kPlain: break;
  }
  return "Future";
}

// The running task's innermost coroutine is not suspended: it stands where the graph is asked for.
std::vector<FrameCallGraphEntry> call_stack(FutureBase& future, std::size_t limit, const std::source_location& here) {
  std::vector<FrameCallGraphEntry> frames;
  if (future.kind() != FutureBase::Kind::kTask) return frames;
  auto& task = static_cast<TaskBase&>(future);
  PromiseBase* promise = task.innermost();
  bool running = running_now.task == &task;
  while (promise && frames.size() < limit) {
    frames.emplace_back(std::exchange(running, false) ? here : promise->where());
    promise = promise->link() ? promise->link()->parent : nullptr;
  }
  return frames;
}

class Capture {
 public:
  explicit Capture(std::size_t limit, const std::source_location& here) : limit_(limit), here_(here) {}

  CallGraph run(FutureBase& root) {
    add(root);
    for (std::size_t i = 0; i < graph_.futures.size(); ++i) {
      FutureBase& future = *graph_.futures[i].future;
      for (Waiter* waiter = future.waiters().front(); waiter; waiter = future.waiters().next(*waiter)) {
        FutureBase* const awaiter = waiter->awaiter();
        if (!awaiter) continue;
        const std::size_t index = add(*awaiter);
        graph_.futures[i].awaited_by.push_back(index);
      }
    }
    return std::move(graph_);
  }

 private:
  std::size_t add(FutureBase& future) {
    const auto [place, is_new] = indexes_.try_emplace(&future, graph_.futures.size());
    if (is_new) {
      graph_.futures.emplace_back(FutureRef<FutureBase>::share(&future), name_of(future));
      graph_.futures.back().call_stack = call_stack(future, limit_, here_);
    }
    return place->second;
  }

  std::size_t limit_;
  const std::source_location& here_;
  CallGraph graph_;
  std::unordered_map<const FutureBase*, std::size_t> indexes_;
};

void append_stack(std::string& text, const FutureCallGraph& entry, const std::string& indent) {
  if (entry.call_stack.empty()) return;
  text += indent + "  + Call stack:\n";
  for (const FrameCallGraphEntry& frame : entry.call_stack) {
    text += indent + "  |   " + frame.where.file_name() + ":" + std::to_string(frame.where.line());
    if (*frame.where.function_name() != '\0') text.append(", in ").append(frame.where.function_name());
    text += '\n';
  }
}

}  // namespace

CallGraph capture_call_graph(const FutureRef<FutureBase>& future, std::size_t limit, std::source_location here) {
  return Capture(limit, here).run(*future);
}

std::optional<CallGraph> capture_call_graph(std::source_location here) {
  const Task<> task = current_task();
  if (!task.valid()) return std::nullopt;
  return capture_call_graph(task.state(), std::numeric_limits<std::size_t>::max(), here);
}

// Depth first, with a stack of what is left to write: (entry, depth).
std::string format_call_graph(const CallGraph& graph) {
  constexpr std::size_t kDeepestIndent = 40;  // a chain of any length stays readable, and linear in size
  std::string text;
  std::vector<bool> shown(graph.futures.size());
  std::vector<std::pair<std::size_t, std::size_t>> open;
  if (!graph.futures.empty()) open.emplace_back(0, 0);
  while (!open.empty()) {
    const auto [index, depth] = open.back();
    open.pop_back();
    const FutureCallGraph& entry = graph.futures[index];
    const std::string indent(4 * std::min(depth, kDeepestIndent), ' ');
    text += indent + "* " + entry.name + (shown[index] ? " (see above)\n" : "\n");
    if (shown[index]) continue;
    shown[index] = true;
    append_stack(text, entry, indent);
    if (entry.awaited_by.empty()) continue;
    text += indent + "  + Awaited by:\n";
    for (std::size_t i = entry.awaited_by.size(); i-- > 0;) open.emplace_back(entry.awaited_by[i], depth + 1);
  }
  return text;
}

void print_call_graph(std::FILE* out, std::source_location here) {
  if (const auto graph = capture_call_graph(here)) std::fputs(format_call_graph(*graph).c_str(), out);
}

std::string format_all_tasks(EventLoop& loop) {
  std::string text;
  for (const Task<>& task : all_tasks(loop)) {
    FutureCallGraph entry(task.state(), task.get_name());
    entry.call_stack = call_stack(*task.state(), std::numeric_limits<std::size_t>::max(), std::source_location());
    text += "* " + entry.name + "\n";
    append_stack(text, entry, "");
    WaiterList& waiters = task.state()->waiters();
    for (Waiter* waiter = waiters.front(); waiter; waiter = waiters.next(*waiter)) {
      if (FutureBase* awaiter = waiter->awaiter()) text += "  + Awaited by: " + name_of(*awaiter) + "\n";
    }
  }
  return text;
}

}  // namespace v0
}  // namespace corolla
