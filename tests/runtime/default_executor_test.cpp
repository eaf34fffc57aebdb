// SPDX-License-Identifier: Apache-2.0
// The loop's default executor: its life, its end, what to_thread adds to run_in_executor. A job that refers to its test, or
// waits for it, has no place on loops that are destroyed at every step: its thread may outlive them. Such tests run once.
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class DefaultExecutorTest : public RuntimeTest {};

TEST_F(DefaultExecutorTest, TheMemberNeedsNoRunningLoop) {
  EXPECT_FALSE(loop().has_default_executor());
  EXPECT_EQ(loop().run_until_complete(loop().run_in_executor(nullptr, [](int x) { return x + 1; }, 1)), 2);
  EXPECT_TRUE(loop().has_default_executor());
  ThreadPoolExecutor pool(1);
  EXPECT_EQ(loop().run_until_complete(loop().run_in_executor(pool, [] { return std::string("own"); })), "own");
}

TEST_F(DefaultExecutorTest, IsMadeAnewWhenItWasSetToNull) {
  loop().set_default_executor(std::make_shared<ThreadPoolExecutor>(1));
  EXPECT_EQ(loop().default_executor().max_workers(), 1U);
  loop().set_default_executor(nullptr);
  EXPECT_GT(loop().default_executor().max_workers(), 1U);
}

TEST_F(DefaultExecutorTest, ShutdownWaitsForItsJobsAndThenItRefuses) {
  run_and_destroy([]() -> Coro<void> {
    const auto finished = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 20; ++i) static_cast<void>(to_thread([finished] { ++*finished; }));
    co_await get_running_loop().shutdown_default_executor();
    EXPECT_EQ(*finished, 20);
    try {
      static_cast<void>(to_thread([] {}));
      ADD_FAILURE();
    } catch (const RuntimeError& error) {
      EXPECT_STREQ(error.what(), "Executor shutdown has been called");
    }
    EXPECT_THROW(static_cast<void>(get_running_loop().run_in_executor(nullptr, [] {})), RuntimeError);
    co_await get_running_loop().shutdown_default_executor(1s);  // again: nothing to do
  });
  EXPECT_TRUE(reports.empty());
}

TEST_F(DefaultExecutorTest, ShutdownWithoutAnExecutorRefusesAllTheSame) {
  run(loop().shutdown_default_executor());
  EXPECT_THROW(static_cast<void>(loop().default_executor()), RuntimeError);
}

TEST_F(DefaultExecutorTest, ShutdownThatTakesTooLongIsReportedAndNotWaitedFor) {
  EventLoop real;  // the virtual clock stands still while a job runs
  Log told;
  real.set_exception_handler([&](EventLoop&, const ErrorContext& context) { told.push_back(context.message); });
  auto executor = std::make_shared<ThreadPoolExecutor>(1);
  real.set_default_executor(executor);
  std::promise<void> gate;
  auto body = [&]() -> Coro<void> {
    auto job = to_thread([opened = gate.get_future().share()] { opened.wait(); });
    co_await get_running_loop().shutdown_default_executor(500us);
  };
  real.run_until_complete(body());
  EXPECT_EQ(told, Log{"The executor did not finish joining its threads within 0.0005 seconds"});
  EXPECT_THROW(executor->submit([] {}), RuntimeError);
  gate.set_value();
  executor->shutdown();
}

TEST_F(DefaultExecutorTest, ShutdownThatIsCancelledLeavesTheThreadsAlone) {
  auto executor = std::make_shared<ThreadPoolExecutor>(1);
  loop().set_default_executor(executor);
  std::promise<void> gate;
  auto body = [&]() -> Coro<void> {
    auto job = to_thread([opened = gate.get_future().share()] { opened.wait(); });
    auto shutdown = create_task(get_running_loop().shutdown_default_executor());
    co_await turns(2);
    shutdown.cancel();
    const auto ended = co_await outcome(shutdown);
    EXPECT_TRUE(ended.cancelled());
    gate.set_value();
    co_await job;
  };
  run(body());
  executor->shutdown();
}

// A job whose future was cancelled is nobody's any more, but its thread is still waited for: nothing reaches the loop later.
TEST_F(DefaultExecutorTest, ACancelledJobIsWaitedForAndItsEndTellsNobody) {
  auto executor = std::make_shared<ThreadPoolExecutor>(1);
  loop().set_default_executor(executor);
  std::promise<void> begun;
  std::promise<void> gate;
  std::atomic<bool> finished{false};
  auto body = [&]() -> Coro<void> {
    auto job = get_running_loop().run_in_executor(nullptr, [&] {
      begun.set_value();
      gate.get_future().wait();
      finished = true;
      return std::string("nobody's");
    });
    begun.get_future().wait();
    EXPECT_TRUE(job.cancel());
    auto shutdown = create_task(get_running_loop().shutdown_default_executor());
    co_await turns(3);
    EXPECT_FALSE(shutdown.done());
    gate.set_value();
    co_await shutdown;
    EXPECT_TRUE(finished);
    EXPECT_TRUE(job.cancelled());
  };
  run(body());
  loop().close();
  EXPECT_THROW(executor->submit([] {}), RuntimeError);
  EXPECT_TRUE(reports.empty());
}

TEST_F(DefaultExecutorTest, ARunnerWaitsForItsJobs) {
  std::atomic<int> finished{0};
  auto body = [&]() -> Coro<void> {
    for (int i = 0; i < 20; ++i) static_cast<void>(to_thread([&] { ++finished; }));
    co_return;
  };
  corolla::run(body());
  EXPECT_EQ(finished, 20);
}

TEST_F(DefaultExecutorTest, AJobThatTakesAStopTokenIsToldOfTheCancellation) {
  std::promise<void> begun;
  std::atomic<bool> told{false};
  auto body = [&]() -> Coro<void> {
    auto job = to_thread(
        [&](const std::stop_token& stop, int number) {
          begun.set_value();
          while (!stop.stop_requested()) std::this_thread::yield();
          told = true;
          return number;
        },
        7);
    begun.get_future().wait();
    job.cancel();
    const auto ended = co_await outcome(job);
    EXPECT_TRUE(ended.cancelled());
    co_await get_running_loop().shutdown_default_executor();
  };
  run(body());
  EXPECT_TRUE(told);
}

TEST_F(DefaultExecutorTest, AStopTokenOfOnesOwnIsAnArgumentLikeAnyOther) {
  run_and_destroy([]() -> Coro<void> {
    std::stop_source source;
    source.request_stop();
    const bool given =
        co_await to_thread([](const std::stop_token& stop) { return stop.stop_requested(); }, source.get_token());
    EXPECT_TRUE(given);
    const bool made = co_await to_thread([](const std::stop_token& stop) { return stop.stop_requested(); });
    EXPECT_FALSE(made);
  });
}

TEST_F(DefaultExecutorTest, ToThreadCopiesTheContextAndRunInExecutorDoesNot) {
  ContextVar<std::string> user("user", "nobody");
  auto read_and_set = [&user] {
    std::string seen = user.get();
    user.set("changed in the thread");
    return seen;
  };
  ThreadPoolExecutor pool(1);
  auto body = [&]() -> Coro<void> {
    user.set("ann");
    auto copied = to_thread(read_and_set);
    auto not_copied = run_in_executor(pool, [&user] { return user.get(); });
    const std::string seen_in_copy = co_await copied;
    const std::string seen_without = co_await not_copied;
    EXPECT_EQ(seen_in_copy, "ann");
    EXPECT_EQ(seen_without, "nobody");
    EXPECT_EQ(user.get(), "ann");
  };
  run(body());
}

TEST_F(DefaultExecutorTest, ThreadsThatWereIdleAreWokenForNewJobs) {
  ThreadPoolExecutor pool(4);
  auto body = [&]() -> Coro<void> {
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> here{0};
      auto meet = [&here] {  // ends only when all four threads are in it
        ++here;
        while (here < 4) std::this_thread::yield();
      };
      std::vector<Future<void>> jobs;
      for (int i = 0; i < 4; ++i) jobs.push_back(run_in_executor(pool, meet));
      co_await gather(jobs);
    }
  };
  run(body());
}

}  // namespace
