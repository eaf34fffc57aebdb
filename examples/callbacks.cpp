// SPDX-License-Identifier: Apache-2.0
// The counterpart of loop.call_soon, call_later and call_at with loop.run_forever and loop.stop:
//   loop.call_later(0.002, callback, 2); loop.call_soon(callback, 0); loop.run_forever()
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>

using namespace corolla;
using namespace std::chrono_literals;

int main() {
  EventLoop loop;
  const auto callback = [](const char* text) { std::printf("%s\n", text); };
  const auto now = loop.time();
  loop.call_later(2ms, callback, "after 2 ms");
  auto cancelled = loop.call_later(1ms, callback, "never");
  loop.call_at(now + 1ms, callback, "at 1 ms");
  loop.call_soon(callback, "soon");
  loop.call_soon(callback, "then");
  cancelled.cancel();
  loop.call_at(loop.time() + 3ms, [&loop] {  // behind the others, however long it took to get here
    std::puts("after 3 ms: stop");
    loop.stop();
  });
  loop.run_forever();
}
