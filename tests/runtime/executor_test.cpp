// SPDX-License-Identifier: Apache-2.0
// Jobs that end by themselves are also left alone by loops that are destroyed at every step (run_and_destroy). Where a job
// waits for the body to open a gate that cannot be: nobody would open it, and the pool would wait for ever.
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace corolla_tests;

class ExecutorTest : public RuntimeTest {};

TEST_F(ExecutorTest, GivesValuesFromAnotherThread) {
  run_and_destroy([]() -> Coro<void> {
    ThreadPoolExecutor pool(2);
    EXPECT_EQ(pool.max_workers(), 2U);
    const auto here = std::this_thread::get_id();
    const auto there = co_await run_in_executor(pool, [] { return std::this_thread::get_id(); });
    EXPECT_NE(here, there);
    EXPECT_EQ(std::this_thread::get_id(), here);
    const auto joined = [](int a, const std::string& b) { return b + std::to_string(a); };
    const auto text = co_await to_thread(joined, 1, std::string("x"));
    EXPECT_EQ(text, "x1");
    auto pointer = co_await to_thread([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(6));
    EXPECT_EQ(*pointer, 6);
    co_await to_thread([] {});
  });
}

TEST_F(ExecutorTest, PassesExceptionsOn) {
  run_and_destroy([]() -> Coro<void> {
    const auto result = co_await outcome(to_thread([]() -> int { throw std::runtime_error("from the thread"); }));
    EXPECT_EQ(result.error_message(), "from the thread");
    const auto nothing = co_await outcome(to_thread([] { throw ValueError("void, too"); }));
    EXPECT_EQ(nothing.error_message(), "void, too");
  });
}

TEST_F(ExecutorTest, AnExceptionNobodyRetrievesIsReported) {
  auto body = []() -> Coro<void> {
    {
      auto dropped = to_thread([] { throw ValueError("dropped"); });
    }
    co_await to_thread([] {});
    while (true) {  // the pool has several threads: wait until the report came
      co_await to_thread([] {});
      co_await turns(1);
      if (current_task().cancelling() > 0) co_return;
    }
  };
  auto task = loop().create_task(body());
  loop().set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    log.push_back(context.message);
    task.cancel();
  });
  EXPECT_THROW(loop().run_until_complete(task), CancelledError);
  EXPECT_EQ(log, Log{"Future exception was never retrieved"});
}

/// Occupies the only thread of a pool until it is opened.
class Gate {
 public:
  void wait() { opened_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> opened_;
};

TEST_F(ExecutorTest, AJobCancelledBeforeItsStartNeverRuns) {
  ThreadPoolExecutor pool(1);
  Gate gate;
  std::atomic<bool> ran{false};
  auto body = [&]() -> Coro<void> {
    auto blocking = run_in_executor(pool, [&] { gate.wait(); });
    auto withdrawn = run_in_executor(pool, [&ran, alive = std::make_shared<int>(0)] { ran = true; });
    auto last = run_in_executor(pool, [] { return 3; });
    EXPECT_TRUE(withdrawn.cancel());
    co_await turns(2);  // the done-callback that withdraws the job
    gate.open();
    const auto last_value = co_await last;
    EXPECT_EQ(last_value, 3);
    EXPECT_TRUE(withdrawn.cancelled());
    co_await blocking;
  };
  run(body());
  EXPECT_FALSE(ran);
}

TEST_F(ExecutorTest, AJobCancelledAfterItsStartRunsOnAndItsResultIsDropped) {
  ThreadPoolExecutor pool(1);
  Gate gate;
  std::promise<void> started;
  std::atomic<bool> finished{false};
  auto body = [&]() -> Coro<void> {
    auto job = run_in_executor(pool, [&] {
      started.set_value();
      gate.wait();
      finished = true;
      return std::string("dropped");
    });
    started.get_future().wait();
    job.cancel();
    const auto job_outcome = co_await outcome(job);
    EXPECT_TRUE(job_outcome.cancelled());
    EXPECT_FALSE(finished);
    gate.open();
    co_await run_in_executor(pool, [] {});
    EXPECT_TRUE(finished);
  };
  run(body());
}

TEST_F(ExecutorTest, CancellingTheAwaitingTaskCancelsTheJob) {
  ThreadPoolExecutor pool(1);
  Gate gate;
  std::atomic<bool> ran{false};
  auto body = [&]() -> Coro<void> {
    auto blocking = run_in_executor(pool, [&] { gate.wait(); });
    auto task = create_task(
        [](ThreadPoolExecutor* executor, std::atomic<bool>* flag) -> Coro<void> {
          co_await run_in_executor(*executor, [flag] { *flag = true; });
        },
        &pool, &ran);
    co_await turns(1);
    task.cancel();
    const auto task_outcome = co_await outcome(task);
    EXPECT_TRUE(task_outcome.cancelled());
    co_await turns(1);
    gate.open();
    co_await blocking;
    co_await run_in_executor(pool, [] {});
  };
  run(body());
  EXPECT_FALSE(ran);
}

TEST_F(ExecutorTest, ManyJobsOnManyThreads) {
  ThreadPoolExecutor pool(4);
  auto body = [&]() -> Coro<long> {
    std::vector<Future<int>> jobs;
    for (int i = 0; i < 2000; ++i) jobs.push_back(run_in_executor(pool, [i] { return i; }));
    const auto values = co_await gather(jobs);
    co_return std::accumulate(values.begin(), values.end(), 0L);
  };
  EXPECT_EQ(run(body()), 1999L * 2000 / 2);
}

TEST_F(ExecutorTest, ALoopMayBeClosedWhileJobsOfAnotherPoolRun) {
  ThreadPoolExecutor pool(2);
  Gate gate;
  std::atomic<int> finished{0};
  std::promise<void> started;
  {
    EventLoop other;
    auto body = [&]() -> Coro<void> {
      auto running = run_in_executor(pool, [&] {
        started.set_value();
        gate.wait();
        ++finished;
        return std::make_shared<int>(1);
      });
      for (int i = 0; i < 20; ++i) static_cast<void>(run_in_executor(pool, [&] { ++finished; }));
      started.get_future().wait();
      co_return;
    };
    other.run_until_complete(body());
  }
  gate.open();
  pool.shutdown();
  EXPECT_EQ(finished, 21);
}

TEST_F(ExecutorTest, ClosingALoopDoesNotWaitForItsPool) {
  auto gate = std::make_shared<Gate>();
  auto finished = std::make_shared<std::promise<void>>();
  auto executor = std::make_shared<ThreadPoolExecutor>(1);
  {
    EventLoop other;
    other.set_default_executor(executor);
    auto body = [&]() -> Coro<void> {
      auto job = to_thread([gate] { gate->wait(); });
      auto second = to_thread([finished] { finished->set_value(); });
      co_return;
    };
    other.run_until_complete(body());
  }  // would hang here
  EXPECT_THROW(executor->submit([] {}), RuntimeError);
  gate->open();
  finished->get_future().wait();  // what was queued is done all the same
  executor->shutdown();           // and who wants to wait may
}

TEST_F(ExecutorTest, APoolMayDieBeforeItsLoop) {
  run_and_destroy([]() -> Coro<void> {
    Future<int> job;
    {
      ThreadPoolExecutor pool(1);
      job = run_in_executor(pool, [] { return 11; });
    }
    const auto job_value = co_await job;
    EXPECT_EQ(job_value, 11);
  });
}

TEST_F(ExecutorTest, AfterShutdownItTakesNothing) {
  ThreadPoolExecutor pool(1);
  pool.shutdown();
  pool.shutdown();
  auto body = [&]() -> Coro<void> {
    EXPECT_THROW(static_cast<void>(run_in_executor(pool, [] {})), RuntimeError);
    co_return;
  };
  run(body());
  EXPECT_THROW(static_cast<void>(run_in_executor(pool, [] {})), RuntimeError);  // no running loop
}

TEST_F(ExecutorTest, TheDefaultPoolCanBeReplaced) {
  auto pool = std::make_shared<ThreadPoolExecutor>(1);
  loop().set_default_executor(pool);
  EXPECT_EQ(&loop().default_executor(), pool.get());
  auto body = []() -> Coro<int> { co_return co_await to_thread([] { return 2; }); };
  EXPECT_EQ(run(body()), 2);
}

struct ThrowsWhenMoved {
  explicit ThrowsWhenMoved(int left) : moves_left(left) {}
  ThrowsWhenMoved(ThrowsWhenMoved&& other) : moves_left(other.moves_left - 1) {
    if (moves_left < 0) throw RuntimeError("moved too often");
  }
  ThrowsWhenMoved& operator=(ThrowsWhenMoved&&) = delete;
  int moves_left;
};

TEST_F(ExecutorTest, AResultThatCannotBeMovedIsAnException) {
  auto body = []() -> Coro<void> {
    for (int moves = 0; moves < 6; ++moves) {
      auto job = to_thread([moves] { return ThrowsWhenMoved(moves); });
      co_await turns(1);
      try {
        static_cast<void>(co_await std::move(job));
      } catch (const RuntimeError& error) {
        EXPECT_STREQ(error.what(), "moved too often");
      }
    }
  };
  run(body());
}

}  // namespace
