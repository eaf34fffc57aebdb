// SPDX-License-Identifier: Apache-2.0
/// \file
/// Children for the tests of TaskGroup.
#pragma once

#include "tests/support/runtime_test.hpp"

#include <chrono>
#include <exception>
#include <string>

namespace corolla_tests {

/// Tells a log that it ended, or was cancelled.
inline Coro<void> note_after(std::chrono::nanoseconds delay, Log* log, std::string text) {
  try {
    co_await sleep(delay);
    log->push_back(text);
  } catch (const CancelledError&) {
    log->push_back(text + " cancelled");
    throw;
  }
}

inline Coro<void> fail_after(std::chrono::nanoseconds delay, std::string message) {
  co_await sleep(delay);
  throw ValueError(message);
}

/// Answers a cancellation with an error of its own.
inline Coro<void> fail_when_cancelled(std::string message) {
  try {
    co_await forever();
  } catch (const CancelledError&) {
    throw ValueError(message);
  }
}

/// The descriptions of a group's members, with a comma between.
inline std::string members(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ExceptionGroup& group) {
    std::string text;
    for (const auto& member : group.exceptions()) text += (text.empty() ? "" : ",") + describe(member);
    return text;
  } catch (...) {
    return "not a group: " + describe(std::current_exception());
  }
}

}  // namespace corolla_tests
