// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime.hpp>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace corolla_tests {
namespace {

using namespace corolla;

// A loop that is woken by the kernel and not by a post goes back to sleep on the mark that is in place, while a poster may
// be putting its entry behind just that mark.
TEST(ThreadDoorTest, NoPostIsLostWhileTheLoopFallsAsleepAgainAndAgain) {
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
