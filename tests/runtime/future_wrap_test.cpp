// SPDX-License-Identifier: Apache-2.0
// wrap_future(): two cases of CPython's test_futures.
#include <corolla/runtime/run_coroutine_threadsafe.hpp>
#include <corolla/runtime/thread_future.hpp>

#include "tests/support/runtime_test.hpp"

namespace {

using namespace corolla_tests;

class FutureWrapTest : public RuntimeTest {};

TEST_F(FutureWrapTest, NeedsARunningLoop) {
  const auto source = ThreadFuture<int>::make();
  EXPECT_THROW(static_cast<void>(wrap_future(source)), RuntimeError);
  run_and_destroy([]() -> Coro<void> {
    const auto mine = ThreadFuture<int>::make();
    auto wrapped = wrap_future(mine);
    EXPECT_EQ(&wrapped.get_loop(), &get_running_loop());
    mine.set_result(3);
    const int value = co_await wrapped;
    EXPECT_EQ(value, 3);
  });
}

// The result is on its way when the wrapper is cancelled.
TEST_F(FutureWrapTest, CancelledAfterTheResultLeavesThat) {
  run_and_destroy([]() -> Coro<void> {
    const auto source = ThreadFuture<int>::make();
    auto wrapped = wrap_future(source);
    source.set_result(42);
    EXPECT_TRUE(wrapped.cancel());
    co_await turns(2);
    EXPECT_FALSE(source.cancelled());
    EXPECT_EQ(source.result(), 42);
    EXPECT_TRUE(wrapped.cancelled());
  });
}

}  // namespace
