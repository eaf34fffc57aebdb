// SPDX-License-Identifier: Apache-2.0
// Only what is awaited in a loop, the wrappers, can be destroyed at every step; the rest has no loop.
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class ThreadFutureTest : public RuntimeTest {};

TEST_F(ThreadFutureTest, GoesFromPendingToRunningToFinished) {
  const auto future = ThreadFuture<int>::make();
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_TRUE(future.set_running_or_notify_cancel());
  EXPECT_TRUE(future.running());
  EXPECT_FALSE(future.cancel());
  future.set_result(4);
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.running());
  EXPECT_FALSE(future.cancelled());
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(future.result(), 4);
  EXPECT_EQ(future.exception(), nullptr);
  EXPECT_THROW(future.set_result(5), InvalidStateError);
  EXPECT_THROW(future.set_exception(std::make_exception_ptr(ValueError("late"))), InvalidStateError);
  EXPECT_EQ(future.result(), 4);
}

TEST_F(ThreadFutureTest, CancelledItStaysSo) {
  const auto future = ThreadFuture<>::make();
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.set_running_or_notify_cancel());
  EXPECT_THROW(future.result(), CancelledError);
  EXPECT_THROW(static_cast<void>(future.exception()), CancelledError);
  EXPECT_THROW(future.set_result(), InvalidStateError);
}

TEST_F(ThreadFutureTest, GivesItsException) {
  const auto future = ThreadFuture<int>::make();
  future.set_exception(std::make_exception_ptr(ValueError("no")));
  EXPECT_THROW(future.result(), ValueError);
  EXPECT_EQ(describe(future.exception()), "no");
  EXPECT_THROW(ThreadFuture<int>::make().set_exception(nullptr), ValueError);
}

TEST_F(ThreadFutureTest, ResultWaitsForAnotherThread) {
  auto future = ThreadFuture<std::unique_ptr<int>>::make();
  std::thread thread([future] { future.set_result(std::make_unique<int>(3)); });
  EXPECT_EQ(*future.result(), 3);
  EXPECT_EQ(*future.result(1h), 3);
  const std::unique_ptr<int> taken = std::move(future).result();
  EXPECT_EQ(*taken, 3);
  thread.join();
}

TEST_F(ThreadFutureTest, WaitingEndsWithTheTimeout) {
  const auto future = ThreadFuture<int>::make();
  EXPECT_THROW(future.result(0ns), TimeoutError);
  EXPECT_THROW(static_cast<void>(future.exception(1us)), TimeoutError);
  EXPECT_FALSE(future.done());
}

TEST_F(ThreadFutureTest, WaitingWhereALoopRunsIsRefused) {
  auto body = []() -> Coro<void> {
    const auto pending = ThreadFuture<int>::make();
    EXPECT_THROW(pending.result(), RuntimeError);
    EXPECT_THROW(pending.result(1ns), RuntimeError);
    EXPECT_THROW(static_cast<void>(pending.exception()), RuntimeError);
    pending.set_result(1);
    EXPECT_EQ(pending.result(), 1);  // nothing to wait for
    co_return;
  };
  run(body());
}

TEST_F(ThreadFutureTest, CallbacksAreCalledOnceInOrderWhereItIsCompleted) {
  const auto future = ThreadFuture<int>::make();
  std::thread::id where;
  future.add_done_callback([&](const ThreadFuture<int>& done) {
    where = std::this_thread::get_id();
    log.push_back("first " + std::to_string(done.result()));
  });
  future.add_done_callback([&](const ThreadFuture<int>& done) {
    EXPECT_EQ(done, future);
    log.push_back("second");
    done.add_done_callback([&](const ThreadFuture<int>&) { log.push_back("nested"); });
  });
  std::thread thread([future] { future.set_result(1); });
  const auto id = thread.get_id();
  thread.join();
  EXPECT_EQ(where, id);
  future.add_done_callback([&](const ThreadFuture<int>&) { log.push_back("late"); });
  EXPECT_EQ(log, (Log{"first 1", "second", "nested", "late"}));
}

TEST_F(ThreadFutureTest, ACallbackThatThrowsIsLoggedAndTheNextOneRuns) {
  const auto future = ThreadFuture<>::make();
  future.add_done_callback([](const ThreadFuture<>&) { throw std::runtime_error("bad callback"); });
  future.add_done_callback([&](const ThreadFuture<>& done) { log.push_back(done.cancelled() ? "cancelled" : "?"); });
  testing::internal::CaptureStderr();
  future.cancel();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("bad callback"), std::string::npos);
  EXPECT_EQ(log, Log{"cancelled"});
}

// -- a pool's -----------------------------------------------------------------------------------------------------

TEST_F(ThreadFutureTest, APoolRunsFunctionsForCallersWithoutALoop) {
  ThreadPoolExecutor pool(2);
  auto sum = pool.submit([](int a, std::unique_ptr<int> b) { return a + *b; }, 1, std::make_unique<int>(2));
  auto failed = pool.submit([]() -> int { throw ValueError("in the thread"); });
  EXPECT_EQ(sum.result(), 3);
  EXPECT_THROW(failed.result(), ValueError);
  pool.shutdown();
  EXPECT_THROW(pool.submit([] {}), RuntimeError);
}

TEST_F(ThreadFutureTest, AJobOfAPoolIsCancelledOnlyBeforeItsStart) {
  ThreadPoolExecutor pool(1);
  std::promise<void> started;
  std::promise<void> gate;
  auto running = pool.submit([&] {
    started.set_value();
    gate.get_future().wait();
  });
  auto queued = pool.submit([&] { log.push_back("must not run"); });
  started.get_future().wait();
  EXPECT_TRUE(running.running());
  EXPECT_FALSE(running.cancel());
  EXPECT_FALSE(queued.running());
  EXPECT_TRUE(queued.cancel());
  gate.set_value();
  pool.shutdown();
  EXPECT_FALSE(running.cancelled());
  EXPECT_TRUE(log.empty());
}

TEST_F(ThreadFutureTest, AJobMayShutItsOwnPoolDown) {
  auto pool = std::make_shared<ThreadPoolExecutor>(2);
  auto weak = std::weak_ptr(pool);
  auto job = pool->submit([pool] { pool->shutdown(); });
  pool.reset();
  job.result();
}

TEST_F(ThreadFutureTest, ManyJobsFromManyThreads) {
  ThreadPoolExecutor pool(3);
  std::atomic<long> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      std::vector<ThreadFuture<>> jobs;
      for (int i = 0; i < 1000; ++i) jobs.push_back(pool.submit([&sum, i] { sum += i; }));
      for (const auto& job : jobs) job.result();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 3 * 999L * 1000 / 2);
}

// -- wrap_future --------------------------------------------------------------------------------------------------

TEST_F(ThreadFutureTest, WrappedItIsAwaited) {
  run_and_destroy([]() -> Coro<void> {
    ThreadPoolExecutor pool(1);
    auto text = wrap_future(pool.submit([] { return std::string("from the pool"); }));
    auto failing = wrap_future(pool.submit([] { throw ValueError("failed"); }));
    auto moved = wrap_future(pool.submit([] { return std::make_unique<int>(5); }));
    const std::string value = co_await text;
    EXPECT_EQ(value, "from the pool");
    pool.shutdown();  // or its thread might be the last to have the exception, and ThreadSanitizer does not see that count
    const auto failed = co_await outcome(failing);
    EXPECT_EQ(failed.error_message(), "failed");
    const auto pointer = co_await std::move(moved);
    EXPECT_EQ(*pointer, 5);
    const Future<int> future = get_running_loop().create_future<int>();
    EXPECT_EQ(wrap_future(future), future);
  });
}

TEST_F(ThreadFutureTest, CancellingTheWrapperCancelsWhatItWraps) {
  run_and_destroy([]() -> Coro<void> {
    const auto source = ThreadFuture<int>::make();
    auto wrapped = wrap_future(source);
    wrapped.cancel();
    co_await turns(2);
    EXPECT_TRUE(source.cancelled());
  });
}

TEST_F(ThreadFutureTest, CancellingWhatItWrapsCancelsTheWrapper) {
  run_and_destroy([]() -> Coro<void> {
    const auto source = ThreadFuture<int>::make();
    auto wrapped = wrap_future(source);
    source.cancel();
    const auto ended = co_await outcome(wrapped);
    EXPECT_TRUE(ended.cancelled());
  });
}

TEST_F(ThreadFutureTest, AResultThatComesAfterTheWrapperWasCancelledIsDropped) {
  run_and_destroy([]() -> Coro<void> {
    const auto source = ThreadFuture<int>::make();
    source.set_running_or_notify_cancel();
    auto wrapped = wrap_future(source);
    wrapped.cancel();
    co_await turns(2);
    source.set_result(1);
    co_await turns(2);
    EXPECT_TRUE(wrapped.cancelled());
    EXPECT_TRUE(source.done());
  });
}

TEST_F(ThreadFutureTest, AWrapperOfAClosedLoopHearsNothing) {
  const auto source = ThreadFuture<int>::make();
  Future<int> wrapped;
  auto body = [&]() -> Coro<void> {
    wrapped = wrap_future(source);
    co_return;
  };
  run(body());
  destroy_loop();
  source.set_result(1);
  EXPECT_FALSE(wrapped.done());
}

}  // namespace
