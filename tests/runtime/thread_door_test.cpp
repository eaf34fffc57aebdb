// SPDX-License-Identifier: Apache-2.0
// Threads that race with a loop and are waited for: nothing here can be stopped after a step and destroyed.
#include "tests/support/runtime_test.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace corolla_tests {
namespace {

using ThreadDoorTest = RuntimeTest;

TEST_F(ThreadDoorTest, CallsFromManyThreadsAllArriveInTheOrderOfEachThread) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 2000;
  EventLoop loop;
  std::vector<int> seen(kThreads, 0);
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        loop.call_soon_threadsafe([&, t, i] {
          EXPECT_EQ(seen[static_cast<std::size_t>(t)]++, i);
          if (++total == kThreads * kCalls) loop.stop();
        });
      }
    });
  }
  loop.run_forever();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, kThreads * kCalls);
}

TEST_F(ThreadDoorTest, ACallFromAThreadWakesASleepingLoop) {
  EventLoop loop;
  auto future = loop.create_future<int>();
  std::thread thread([&loop, door = loop.door(), future_ref = &future] {
    loop.call_soon_threadsafe([future_ref] { future_ref->set_result(8); });
  });
  EXPECT_EQ(loop.run_until_complete(future), 8);
  thread.join();
}

TEST_F(ThreadDoorTest, ACallFromAThreadThatThrowsIsReported) {
  loop().call_soon_threadsafe([] { throw std::runtime_error("from afar"); });
  loop().call_soon([] {});
  loop().run_once();
  EXPECT_EQ(reports, Log{"Exception in callback: from afar"});
}

TEST_F(ThreadDoorTest, TheDoorOfALoopThatIsClosedWhileThreadsPostDropsAll) {
  constexpr int kThreads = 3;
  std::atomic<int> refused{0};
  std::atomic<int> sent{0};
  std::shared_ptr<ThreadDoor> door;
  std::atomic<int> alive{0};
  struct Counted {
    std::atomic<int>* count;
    explicit Counted(std::atomic<int>* c) : count(c) { ++*count; }
    Counted(const Counted& other) : count(other.count) { ++*count; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*count; }
  };
  std::vector<std::thread> threads;
  {
    EventLoop loop;
    door = loop.door();
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, door] {
        while (refused < kThreads) {
          try {
            door->call([counted = Counted(&alive)] {});
            ++sent;
          } catch (const RuntimeError&) {
            ++refused;
            return;
          }
        }
      });
    }
    while (sent < 100) {
      loop.call_soon([] {});
      loop.run_once();
    }
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, kThreads);
  EXPECT_EQ(alive, 0);
}

// A loop that is woken by the kernel and not by a post goes back to sleep on the same sentinel, while a poster may be
// linking its entry to just that one.
TEST_F(ThreadDoorTest, NoPostIsLostWhileTheLoopFallsAsleepAgainAndAgain) {
  constexpr int kPosts = 20'000;
  EventLoop loop;
  std::atomic<bool> over = false;
  std::atomic<int> arrived = 0;
  std::thread waker([&] {
    while (!over.load()) loop.door()->wake();
  });
  std::thread poster([&] {
    for (int i = 0; i < kPosts; ++i) {
      loop.call_soon_threadsafe([&] {
        if (++arrived == kPosts) loop.stop();
      });
      while (arrived.load() <= i) std::this_thread::yield();  // so that each finds the loop about to sleep
      for (int spin = i % 64; spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  });
  loop.run_forever();
  over = true;
  waker.join();
  poster.join();
  EXPECT_EQ(arrived, kPosts);
}

}  // namespace
}  // namespace corolla_tests
