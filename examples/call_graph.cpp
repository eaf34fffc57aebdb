// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, as asyncio.print_call_graph() shows it.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> query() { co_await sleep(1h); }
Coro<void> load_page() { co_await query(); }
Coro<void> serve(Task<> page) { co_await page; }

Coro<void> amain() {
  auto page = create_task(load_page(), TaskOptions().name("page"));
  auto client = create_task(serve(page), TaskOptions().name("client"));
  co_await sleep(1ms);

  const CallGraph graph = capture_call_graph(page);
  for (const FutureCallGraph& task : graph.futures) {
    std::printf("%s\n", task.name.c_str());
    for (const FrameCallGraphEntry& frame : task.call_stack) {
      const std::string_view file = frame.where.file_name();
      std::printf("  %s:%u\n", file.substr(file.rfind('/') + 1).data(), frame.where.line());
    }
  }
  std::fputs(format_call_graph(graph).c_str(), stderr);  // the same with paths and functions, indented
  page.cancel();
  co_await outcome(client);
}

int main() { return run_main(amain()); }
