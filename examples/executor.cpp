// SPDX-License-Identifier: Apache-2.0
// The counterpart of loop.run_in_executor and asyncio.to_thread: blocking functions in threads, the loop goes on.
//   await asyncio.gather(loop.run_in_executor(None, blocking), coroutine())
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

std::string blocking(int number) {
  std::this_thread::sleep_for(2ms);  // stands for a library that knows nothing of the loop
  return "job " + std::to_string(number);
}

Coro<void> amain() {
  auto ticks = []() -> Coro<int> {
    int count = 0;
    while (count < 3) {
      co_await sleep(100us);
      ++count;
    }
    co_return count;
  };
  const auto [text, count] = co_await gather(to_thread(blocking, 0), ticks());
  std::printf("%s; %d ticks meanwhile\n", text.c_str(), count);

  ThreadPoolExecutor pool(3);
  std::vector<Future<std::string>> jobs;
  for (int i = 1; i <= 6; ++i) jobs.push_back(run_in_executor(pool, blocking, i));
  const auto results = co_await gather(jobs);
  for (const auto& result : results) std::printf("%s\n", result.c_str());
}

int main() { return run_main(amain()); }
