// SPDX-License-Identifier: Apache-2.0
// The counterpart of asyncio.wait: which tasks are done, which are not; nothing is cancelled and nothing thrown.
//   done, pending = await asyncio.wait(tasks, return_when=FIRST_COMPLETED)
#include <corolla/corolla.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::string> work(int number) {
  co_await sleep(number * 2ms);
  co_return "task " + std::to_string(number);
}

Coro<void> amain() {
  std::vector<Task<std::string>> tasks;
  for (int i = 1; i <= 3; ++i) tasks.push_back(create_task(work(i)));

  auto first = co_await wait(tasks, ReturnWhen::kFirstCompleted);
  std::printf("first: %s\n", first.done[0].result().c_str());

  auto all = co_await wait(tasks);
  std::printf("%zu done, %zu pending\n", all.done.size(), all.pending.size());
  for (const auto& task : all.done) std::printf("%s\n", task.result().c_str());
}

int main() { return run_main(amain()); }
