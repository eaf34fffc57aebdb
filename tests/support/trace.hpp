// SPDX-License-Identifier: Apache-2.0
/// \file
/// trace: a body writes notes, and the order of the notes is what is asserted.
#pragma once

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/runtime.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace corolla_tests {

using Notes = std::vector<std::string>;
using Body = corolla::Coro<void> (*)(Notes&);

/// A loop on virtual time that notes errors which nobody retrieved.
class NotingLoop {
 public:
  explicit NotingLoop(Notes& notes) {
    loop_.loop().set_exception_handler([&notes](corolla::EventLoop&, const corolla::ErrorContext& context) {
      if (!context.exception) return;  // a task that the loop destroyed, which these tests mean to happen
      notes.push_back("reported " + corolla::describe(context.exception));
    });
  }
  corolla::EventLoop* operator->() noexcept { return &loop_.loop(); }
  /// So many iterations, even when nothing is to be done in them.
  void run_steps(int count) {
    for (int i = 0; i < count; ++i) {
      loop_.loop().call_soon([] {});
      loop_.loop().run_once();
    }
  }

 private:
  VirtualLoop loop_;
};

/// The notes of one run to the end. Then `body` is run again and again, destroyed one step later each time; nothing may
/// be left behind.
inline Notes trace(Body body) {
  const corolla::LiveObjects before = corolla::live_objects();
  Notes notes;
  {
    NotingLoop loop(notes);
    loop->run_until_complete(body(notes));
  }
  expect_same_live_objects(before, "by the trace");
  Notes ignored;
  auto again = [body, &ignored] {
    ignored.clear();
    return body(ignored);
  };
  destroy_at_every_step(again);
  return notes;
}

/// So many trips through the ready queue.
inline corolla::Coro<void> steps(int count) {
  for (int i = 0; i < count; ++i) co_await corolla::sleep(std::chrono::seconds(0));
}

}  // namespace corolla_tests
