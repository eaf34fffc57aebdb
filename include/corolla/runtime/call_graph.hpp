// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who waits for whom: capture_call_graph, format_call_graph, print_call_graph.
///
/// Source: asyncio's call graph introspection (Python 3.14). The graph of a future holds the chain of coroutines a task
/// is suspended in, innermost first, each with file, line and function, and then the same for whatever awaits that task,
/// up to the tasks nobody awaits. It is a plain list of entries that refer to each other by index, so that chains of a
/// million tasks and futures awaited in many ways are captured without recursion and each only once.
///
/// All functions belong to the loop's thread; they cost time in the size of the graph and nothing when not called.
#pragma once

#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>

#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// One coroutine of a task's chain: the co_await at which it is suspended.
struct FrameCallGraphEntry {
  explicit FrameCallGraphEntry(const std::source_location& place) noexcept : where(place) {}
  std::source_location where;
};

/// A future or task in a CallGraph.
struct FutureCallGraph {
  FutureCallGraph(FutureRef<FutureBase> which, std::string what) : future(std::move(which)), name(std::move(what)) {}
  FutureRef<FutureBase> future;
  std::string name;                             ///< a task's name; "Future" or "gather" for others
  std::vector<FrameCallGraphEntry> call_stack;  ///< innermost first; empty for what is no task
  std::vector<std::size_t> awaited_by;  ///< indexes into CallGraph::futures, in the order in which they began to
};

/// What capture_call_graph() returns.
struct CallGraph {
  CallGraph() = default;
  std::vector<FutureCallGraph> futures;  ///< the first is the one that was asked for
};

/// The graph of a task or future. `limit` bounds the frames kept of each task.
[[nodiscard]] COROLLA_API CallGraph capture_call_graph(const FutureRef<FutureBase>& future,
                                                       std::size_t limit = std::numeric_limits<std::size_t>::max(),
                                                       std::source_location here = std::source_location::current());
template <class T>
[[nodiscard]] CallGraph capture_call_graph(const Future<T>& future,
                                           std::size_t limit = std::numeric_limits<std::size_t>::max(),
                                           std::source_location here = std::source_location::current()) {
  return capture_call_graph(future.state(), limit, here);
}
/// The current task's; nullopt in a callback. RuntimeError without a running loop.
[[nodiscard]] COROLLA_API std::optional<CallGraph> capture_call_graph(
    std::source_location here = std::source_location::current());

/// A graph as an indented text that ends with a newline. An entry that occurs again is named but not shown twice.
[[nodiscard]] COROLLA_API std::string format_call_graph(const CallGraph& graph);

/// Writes the current task's graph, or that of `future`, to `out`; nothing in a callback.
COROLLA_API void print_call_graph(std::FILE* out = stdout, std::source_location here = std::source_location::current());
template <class T>
void print_call_graph(const Future<T>& future, std::FILE* out = stdout,
                      std::source_location here = std::source_location::current()) {
  std::fputs(
      format_call_graph(capture_call_graph(future.state(), std::numeric_limits<std::size_t>::max(), here)).c_str(),
      out);
}

/// Each task of the loop that is not done, in order of creation, with its chain of coroutines and the names of those that
/// await it: what to look at when a program hangs.
[[nodiscard]] COROLLA_API std::string format_all_tasks(EventLoop& loop);

}  // namespace v0
}  // namespace corolla
