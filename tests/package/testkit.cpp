// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <chrono>
#include <memory>

int main() {
  using namespace std::chrono_literals;
  corolla::EventLoopOptions options;
  const auto clock = std::make_shared<corolla::testkit::VirtualClock>();
  options.clock = clock;
  auto sleeper = []() -> corolla::Coro<void> { co_await corolla::sleep(24h); };
  corolla::run(sleeper(), options);
  return clock->elapsed() == 24h ? 0 : 1;
}
