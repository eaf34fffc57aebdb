// SPDX-License-Identifier: Apache-2.0
// The counterpart of task.add_done_callback(functools.partial(callback, url)):
// a task's result handed to a callback, which here needs no partial, since a lambda captures.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<int> status(std::string url) {
  co_await sleep(1ms);
  if (url == "http://bad.example/") throw ValueError("no such host");
  co_return 200;
}

Coro<void> amain() {
  std::vector<Task<int>> tasks;
  for (const std::string url : {"http://good.example/", "http://bad.example/"}) {
    tasks.push_back(create_task(status(url)));
    tasks.back().add_done_callback([url](const Future<int>& done) {
      if (auto error = done.exception()) std::printf("%s: %s\n", url.c_str(), describe(error).c_str());
      else std::printf("%s: %d\n", url.c_str(), done.result());
    });
  }
  co_await gather(return_exceptions, tasks);
}

int main() { return run_main(amain()); }
