// SPDX-License-Identifier: Apache-2.0
// The message of a cancellation: which of several requests a task hears, and that everyone who asks gets it.
#include "tests/support/runtime_test.hpp"

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace corolla_tests;

class CancelMessageTest : public RuntimeTest {};

/// Waits for `future` and logs the message that ends the wait.
Coro<void> log_message(Log& log, Future<> future) {
  try {
    co_await future;
    log.push_back("done");
  } catch (const CancelledError& error) {
    log.push_back(error.message());
    throw;
  }
}

Coro<void> log_message_of_sleep(Log& log) {
  try {
    co_await sleep(1h);
  } catch (const CancelledError& error) {
    log.push_back(error.message());
    throw;
  }
}

std::string message_of(const Future<>& future) {
  try {
    future.result();
  } catch (const CancelledError& error) {
    return error.message();
  }
  return "not cancelled";
}

TEST_F(CancelMessageTest, TheFirstRequestThatEndsAWaitIsHeard) {
  run_and_destroy([&]() -> Coro<void> {
    auto waiting = create_task(log_message, std::ref(log), get_running_loop().create_future());
    auto sleeping = create_task(log_message_of_sleep, std::ref(log));
    co_await turns(1);
    waiting.cancel("first");
    waiting.cancel("second");
    sleeping.cancel("first");
    sleeping.cancel();
    co_await turns(2);
  });
  EXPECT_EQ(log, (Log{"first", "first"}));
}

TEST_F(CancelMessageTest, OfRequestsToATaskThatDoesNotWaitTheLastIsHeard) {
  run_and_destroy([&]() -> Coro<void> {
    auto future = get_running_loop().create_future();
    auto woken = create_task(log_message, std::ref(log), future);
    co_await turns(1);
    future.set_result();
    woken.cancel("first");
    woken.cancel("second");
    auto unstarted = create_task(turns(1));
    unstarted.cancel("third");
    unstarted.cancel("fourth");
    co_await turns(2);
    log.push_back(message_of(woken));
    log.push_back(message_of(unstarted));
  });
  EXPECT_EQ(log, (Log{"second", "second", "fourth"}));
}

TEST_F(CancelMessageTest, TheMessageOfACancelledFutureReachesItsWaiterThoughThatIsCancelledToo) {
  run_and_destroy([&]() -> Coro<void> {
    for (const char* message : {"of the future", ""}) {
      auto future = get_running_loop().create_future();
      auto waiting = create_task(log_message, std::ref(log), future);
      co_await turns(1);
      future.cancel(message);
      waiting.cancel("of the task");
      co_await turns(2);
    }
  });
  EXPECT_EQ(log, (Log{"of the future", ""}));
}

TEST_F(CancelMessageTest, AGatherWhoseChildrenSurviveEndsWithItsOwnMessage) {
  run_and_destroy([&]() -> Coro<void> {
    auto child = create_task([]() -> Coro<void> {
      try {
        co_await sleep(1h);
      } catch (const CancelledError&) {  // survives
      }
    });
    std::vector<Task<>> children{child};
    auto outer = gather(return_exceptions, children);
    co_await turns(2);
    outer.cancel("enough");
    co_await turns(4);
    try {
      static_cast<void>(outer.result());
    } catch (const CancelledError& error) {
      log.push_back(error.message());
    }
  });
  EXPECT_EQ(log, (Log{"enough"}));
}

}  // namespace
