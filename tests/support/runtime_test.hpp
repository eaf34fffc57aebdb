// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fixture of the runtime's tests: a loop on a virtual clock, a log of events, and no object left behind.
#pragma once

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/runtime.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace corolla_tests {

using namespace corolla;
using namespace std::chrono_literals;

using Log = std::vector<std::string>;

class RuntimeTest : public testing::Test {
 protected:
  RuntimeTest() : before_(live_objects()), virtual_(std::make_unique<VirtualLoop>()) {
    loop().set_exception_handler([this](EventLoop&, const ErrorContext& context) {
      reports.push_back(context.message + (context.exception ? ": " + describe(context.exception) : ""));
    });
  }
  ~RuntimeTest() override {
    virtual_.reset();
    expect_same_live_objects(before_, "by the test");
  }

  [[nodiscard]] EventLoop& loop() { return virtual_->loop(); }
  [[nodiscard]] testkit::VirtualClock& clock() { return virtual_->clock(); }
  [[nodiscard]] std::chrono::nanoseconds elapsed() { return clock().elapsed(); }
  /// Destroys the loop before the end of the test.
  void destroy_loop() { virtual_.reset(); }

  template <class T>
  T run(Coro<T> coro) {
    return loop().run_until_complete(std::move(coro));
  }

  /// Runs `body` once in this fixture's loop, where its expectations count, then again on loops that are destroyed after
  /// each step. `body` must not touch the fixture but the log, which is cleared before each run.
  template <class Body>
  void run_and_destroy(Body body) {
    log.clear();
    loop().run_until_complete(body());
    const Log kept = log;
    auto cleared = [&]() -> Coro<void> {
      log.clear();
      return body();
    };
    if (!HasFailure()) destroy_at_every_step(cleared);
    log = kept;
  }

  Log log;
  Log reports;  // what the exception handler was told

 private:
  LiveObjects before_;
  std::unique_ptr<VirtualLoop> virtual_;
};

/// Tells a log of its end.
class Farewell {
 public:
  Farewell(Log& log, std::string text) : log_(&log), text_(std::move(text)) {}
  Farewell(Farewell&& other) noexcept : log_(std::exchange(other.log_, nullptr)), text_(std::move(other.text_)) {}
  Farewell& operator=(Farewell&&) = delete;
  ~Farewell() {
    if (log_) log_->push_back(text_);
  }

 private:
  Log* log_;
  std::string text_;
};

/// Suspends for `turns` iterations.
inline Coro<void> turns(int count) {
  for (int i = 0; i < count; ++i) co_await sleep(0ns);
}

/// Never ends by itself.
inline Coro<void> forever() { co_await sleep(1000h); }

}  // namespace corolla_tests
