// SPDX-License-Identifier: Apache-2.0
// How these tests run: a body writes notes, and the order of the notes is what is asserted. Each body is also run again
// and again, one loop step further each time, and destroyed there; nothing may be left behind.
#pragma once

#include <corolla/runtime.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace corolla_test {

using Notes = std::vector<std::string>;
using Body = corolla::Coro<void> (*)(Notes&);

/// A loop on virtual time that stops when nothing can ever happen again, and notes errors that nobody retrieved.
class TestLoop {
 public:
  explicit TestLoop(Notes& notes) : loop_(options(clock_)) {
    clock_->on_idle([this] {
      loop_.stop();
      return true;
    });
    loop_.set_exception_handler([&notes](corolla::EventLoop&, const corolla::ErrorContext& context) {
      notes.push_back("reported " + corolla::describe(context.exception));
    });
  }
  corolla::EventLoop& operator*() noexcept { return loop_; }
  corolla::EventLoop* operator->() noexcept { return &loop_; }

 private:
  static corolla::EventLoopOptions options(const std::shared_ptr<corolla::testkit::VirtualClock>& clock) {
    corolla::EventLoopOptions result;
    result.clock = clock;
    return result;
  }
  std::shared_ptr<corolla::testkit::VirtualClock> clock_ = std::make_shared<corolla::testkit::VirtualClock>();
  corolla::EventLoop loop_;
};

inline void expect_live_objects(const corolla::LiveObjects& before) {
  const corolla::LiveObjects now = corolla::live_objects();
  EXPECT_EQ(now.frames, before.frames);
  EXPECT_EQ(now.futures, before.futures);
}

/// Destroys the loop after 0, 1, 2 … steps of `body`, until it is done.
inline void destroy_at_every_step(Body body) {
  constexpr int kMostSteps = 2000;
  const corolla::LiveObjects before = corolla::live_objects();
  bool done = false;
  for (int steps = 0; !done && steps < kMostSteps; ++steps) {
    Notes notes;
    {
      TestLoop loop(notes);
      const corolla::Task<void> task = loop->create_task(body(notes));
      for (int i = 0; i < steps && !task.done(); ++i) loop->run_once();
      done = task.done();
    }
    expect_live_objects(before);
  }
  EXPECT_TRUE(done);
}

/// The notes of one run to the end.
inline Notes trace(Body body) {
  const corolla::LiveObjects before = corolla::live_objects();
  Notes notes;
  {
    TestLoop loop(notes);
    loop->run_until_complete(body(notes));
  }
  expect_live_objects(before);
  destroy_at_every_step(body);
  return notes;
}

/// So many trips through the ready queue.
inline corolla::Coro<void> steps(int count) {
  for (int i = 0; i < count; ++i) co_await corolla::sleep(std::chrono::seconds(0));
}

}  // namespace corolla_test
