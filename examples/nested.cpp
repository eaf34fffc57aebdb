// SPDX-License-Identifier: Apache-2.0
// The counterpart of a coroutine that makes tasks and returns what they returned:
//   async def main(): return await asyncio.gather(*[work(x) for x in (1, 2, 3)])
//   for result in loop.run_until_complete(main()): print(result)
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::string> work(int x) {
  std::printf("waiting %d\n", x);
  co_await sleep(x * 1ms);
  co_return "done after " + std::to_string(x) + " ms";
}

Coro<std::vector<std::string>> amain() {
  std::vector<Task<std::string>> tasks;
  for (int x : {1, 2, 3}) tasks.push_back(create_task(work(x)));
  co_return co_await gather(tasks);
}

int main() {
  EventLoop loop;
  for (const auto& result : loop.run_until_complete(amain())) std::printf("%s\n", result.c_str());
}
