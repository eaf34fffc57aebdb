// SPDX-License-Identifier: Apache-2.0
// The debug mode names what blocks the loop and what was never awaited; PYTHONASYNCIODEBUG=1 is COROLLA_DEBUG=1 here.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>

using namespace corolla;
using namespace std::chrono_literals;

Coro<void> forgotten() { co_await sleep(1s); }

Coro<void> amain() {
  {
    const auto never_awaited = forgotten();
  }
  std::this_thread::sleep_for(30ms);  // blocks the loop
  co_await sleep(1ms);
}

int main() {
  bool blocked = false;
  set_log_handler([&blocked](const LogRecord& record) {
    const std::string_view text = record.message;
    if (text.find("never awaited") != text.npos) std::puts("a coroutine was never awaited");
    if (text.starts_with("Executing task main")) blocked = true;
  });
  EventLoopOptions options;
  options.debug = true;
  Runner runner(options);
  runner.loop().set_slow_callback_duration(20ms);
  auto named = []() -> Coro<void> {
    current_task().set_name("main");
    co_await sleep(0ms);
    co_await amain();
  };
  runner.run(named());
  if (blocked) std::puts("the loop was blocked by main");
}
