// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of Barrier share: tasks that all do the same.
#pragma once

#include <corolla/sync/barrier.hpp>

#include "tests/support/trace.hpp"

#include <vector>

namespace corolla_tests {

inline constexpr int kParties = 5;

/// `count` tasks of `body`, which outlives them.
template <class F>
std::vector<corolla::Task<void>> tasks_of(int count, F& body) {
  std::vector<corolla::Task<void>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(corolla::create_task(body()));
  return tasks;
}

/// Ends when that many tasks of `body` have ended.
template <class F>
corolla::Coro<void> gather_tasks_of(int count, F& body) {
  auto tasks = tasks_of(count, body);
  co_await corolla::gather(tasks);
}

/// Nobody waits, and it can be waited for.
inline void expect_empty(const corolla::Barrier& barrier) {
  EXPECT_EQ(barrier.n_waiting(), 0U);
  EXPECT_FALSE(barrier.broken());
}
/// It was aborted, and nobody waits.
inline void expect_broken(const corolla::Barrier& barrier) {
  EXPECT_EQ(barrier.n_waiting(), 0U);
  EXPECT_TRUE(barrier.broken());
}

}  // namespace corolla_tests
