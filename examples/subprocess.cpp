// SPDX-License-Identifier: Apache-2.0
// Child processes: a pipeline's worth of text through sort, and a child that takes too long.
//   proc = await asyncio.create_subprocess_exec("sort", stdin=PIPE, stdout=PIPE)
#include <corolla/corolla.hpp>

#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> sorted(std::string text) {
  SubprocessOptions options;
  options.stdin_from = Stdio::kPipe;
  options.stdout_to = Stdio::kPipe;
  Process process = co_await create_subprocess_exec(options, "sort");
  auto [output, errors] = co_await process.communicate(text);
  std::printf("%ssort ended with %d\n", output.c_str(), *process.returncode());
}

Coro<int> run_for(std::chrono::milliseconds limit, std::string command) {
  Process process = co_await create_subprocess_shell(command);
  auto ended = co_await outcome(wait_for(process.wait(), limit));
  if (ended) co_return *ended;
  process.terminate();
  co_return co_await process.wait();
}

Coro<void> amain() {
  co_await sorted("pear\napple\nfig\n");
  int in_time = co_await run_for(60s, "exit 3");
  int too_late = co_await run_for(50ms, "exec sleep 1000");
  std::printf("%d and %d\n", in_time, too_late);
}

int main() { return run_main(amain()); }
