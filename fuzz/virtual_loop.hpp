// SPDX-License-Identifier: Apache-2.0
/// \file
/// A conversation under fuzz: a loop of its own, on virtual time, where every wait has an end.
#pragma once

#include <corolla/runtime.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include "fuzz/require.hpp"

#include <memory>
#include <utility>

namespace corolla_fuzz {

/// Runs to its end; aborts when it waits for what never comes. The loop's exception handler is silent.
inline void run_on_virtual_clock(corolla::Coro<void> conversation) {
  const auto clock = std::make_shared<corolla::testkit::VirtualClock>();
  clock->on_idle([]() -> bool {
    require(false, "every wait has an end");
    return false;
  });
  corolla::EventLoopOptions options;
  options.clock = clock;
  corolla::EventLoop loop(options);
  loop.set_exception_handler([](corolla::EventLoop&, const auto&) {});
  loop.run_until_complete(std::move(conversation));
}

}  // namespace corolla_fuzz
