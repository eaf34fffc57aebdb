// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

namespace {

using namespace corolla_tests;

class CheckpointTest : public RuntimeTest {};

TEST_F(CheckpointTest, SuspendsExactlyOnce) {
  run_and_destroy([this]() -> Coro<void> {
    get_running_loop().call_soon([this] {
      log.push_back("callback");
      get_running_loop().call_soon([this] { log.push_back("its callback"); });
    });
    co_await checkpoint();
    log.push_back("went on");
    co_await checkpoint();
    log.push_back("again");
  });
  EXPECT_EQ(log, (Log{"callback", "went on", "its callback", "again"}));
}

// What is done already does not suspend, so it does not notice a cancellation; a checkpoint always does.
TEST_F(CheckpointTest, ACancellationAlwaysArrives) {
  run_and_destroy([this]() -> Coro<void> {
    auto busy = [](Log& log) -> Coro<void> {
      current_task().cancel();
      auto done = get_running_loop().create_future();
      done.set_result();
      co_await done;
      log.push_back("not noticed");
      co_await checkpoint();
      log.push_back("never");
    };
    const auto result = co_await outcome(create_task(busy, std::ref(log)));
    EXPECT_TRUE(result.cancelled());
  });
  EXPECT_EQ(log, Log{"not noticed"});
}

}  // namespace
