// SPDX-License-Identifier: Apache-2.0
// Cancellation of a Channel's waits: no item is lost, none comes twice, and the order is kept.
#include <corolla/sync/channel.hpp>

#include "tests/support/trace.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using namespace std::chrono_literals;
using corolla_tests::Notes;
using corolla_tests::NotingLoop;
using corolla_tests::steps;
using corolla_tests::trace;

Coro<void> receive_one(ChannelReceiver<int>& receiver, Notes& notes, std::string name) {
  try {
    const std::optional<int> item = co_await receiver.next();
    notes.push_back(name + (item ? " got " + std::to_string(*item) : " end"));
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  }
}

Coro<void> send_one(ChannelSender<int>& sender, Notes& notes, int item) {
  const std::string name = "send " + std::to_string(item);
  try {
    co_await sender.send(item);
    notes.push_back(name);
  } catch (const CancelledError&) {
    notes.push_back(name + " cancelled");
    throw;
  }
}

TEST(ChannelTest, CancelledReceiverIsSkipped) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto a = create_task(receive_one(receiver, notes, "a"));
              auto b = create_task(receive_one(receiver, notes, "b"));
              co_await steps(1);
              a.cancel();
              sender.send_nowait(1);
              co_await gather(return_exceptions, a, b);
            }),
            (Notes{"a cancelled", "b got 1"}));
}

// Woken for an item, then cancelled in the same iteration: the next in line has it.
TEST(ChannelTest, ItemOfACancelledReceiverGoesToTheNext) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto a = create_task(receive_one(receiver, notes, "a"));
              auto b = create_task(receive_one(receiver, notes, "b"));
              co_await steps(1);
              sender.send_nowait(1);
              a.cancel();
              co_await gather(return_exceptions, a, b);
            }),
            (Notes{"a cancelled", "b got 1"}));
}

// Nobody is in line: it stays in the channel, before what was sent later, even without a buffer.
TEST(ChannelTest, ItemOfACancelledReceiverStaysFirst) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto a = create_task(receive_one(receiver, notes, "a"));
              co_await steps(1);
              sender.send_nowait(1);
              auto later = create_task(send_one(sender, notes, 2));
              a.cancel();
              co_await outcome(a);
              EXPECT_EQ(receiver.buffered(), 1U);
              co_await receive_one(receiver, notes, "main");
              co_await receive_one(receiver, notes, "main");
              co_await later;
            }),
            (Notes{"a cancelled", "main got 1", "main got 2", "send 2"}));
}

// The last sender is gone by the time the receiver is cancelled: the item still reaches another, and then the end.
TEST(ChannelTest, ItemOfACancelledReceiverComesBeforeTheEnd) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto a = create_task(receive_one(receiver, notes, "a"));
              auto b = create_task(receive_one(receiver, notes, "b"));
              auto c = create_task(receive_one(receiver, notes, "c"));
              co_await steps(1);
              sender.send_nowait(1);
              sender.close();
              a.cancel();
              co_await gather(return_exceptions, a, b, c);
            }),
            (Notes{"a cancelled", "b got 1", "c end"}));
}

TEST(ChannelTest, CancelledSenderHasSentNothing) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto a = create_task(send_one(sender, notes, 1));
              auto b = create_task(send_one(sender, notes, 2));
              co_await steps(1);
              a.cancel();
              co_await receive_one(receiver, notes, "main");  // before a's cancellation ran
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
              co_await gather(return_exceptions, a, b);
              EXPECT_TRUE(a.cancelled());
            }),
            (Notes{"main got 2", "send 1 cancelled", "send 2"}));
}

// The item was taken, then the sender cancelled: the send returns, the next wait throws.
TEST(ChannelTest, CancellationAfterTheItemWasTakenWaits) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              auto body = [&]() -> Coro<void> {
                co_await send_one(sender, notes, 1);
                try {
                  co_await sleep(1s);
                } catch (const CancelledError&) {
                  notes.push_back("cancelled after it");
                  throw;
                }
              };
              auto task = create_task(body());
              co_await steps(1);
              const auto item = receiver.next_nowait();
              EXPECT_EQ(item, 1);
              task.cancel();
              co_await outcome(task);
              EXPECT_TRUE(task.cancelled());
            }),
            (Notes{"send 1", "cancelled after it"}));
}

TEST(ChannelTest, NextTimesOut) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(1);
              auto result = co_await outcome(wait_for(receiver.next(), 10ms));
              EXPECT_EQ(result.error_message(), "timed out");
              sender.send_nowait(1);
              co_await receive_one(receiver, notes, "main");
              sender.send_nowait(2);
              auto full = co_await outcome(wait_for(sender.send(3), 10ms));
              EXPECT_EQ(full.error_message(), "timed out");
              co_await receive_one(receiver, notes, "main");
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
            }),
            (Notes{"main got 1", "main got 2"}));
}

/// Sends `count` items, and notes those whose send returned.
Coro<void> send_many(ChannelSender<int>& sender, std::vector<int>& sent, int first, int count) {
  for (int item = first; item < first + count; ++item) {
    co_await sender.send(item);
    sent.push_back(item);
  }
}

Coro<void> receive_many(ChannelReceiver<int>& receiver, std::vector<int>& got) {
  for (;;) {
    const auto item = co_await receiver.next();
    if (!item) co_return;
    got.push_back(*item);
  }
}

// Senders and receivers are cancelled at random: what was sent is what was got or is left, each sender's items in order.
Coro<void> cancel_at_random(unsigned seed) {
  constexpr int kTasks = 4;
  constexpr int kItems = 50;
  std::mt19937 random(seed);
  Channel<int> channel(static_cast<std::ptrdiff_t>(seed % 3));
  std::vector<int> sent;
  std::vector<int> got;
  std::vector<Task<void>> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(create_task(send_many(channel.sender, sent, 1000 * i, kItems)));
  for (int i = 0; i < kTasks; ++i) tasks.push_back(create_task(receive_many(channel.receiver, got)));
  for (int i = 0; i < 100; ++i) {
    co_await steps(static_cast<int>(random() % 2));
    const std::size_t victim = random() % tasks.size();
    if (random() % 4 == 0) tasks[victim].cancel();
    if (!tasks[victim].done() || victim < kTasks) continue;
    tasks[victim] = create_task(receive_many(channel.receiver, got));
  }
  for (int i = 0; i < kTasks; ++i) tasks[static_cast<std::size_t>(i)].cancel();
  co_await steps(3);
  auto last = create_task(receive_many(channel.receiver, got));
  channel.sender.close();
  co_await last;
  co_await gather(return_exceptions, tasks);
  std::vector<int> last_of(kTasks, -1);
  for (const int item : got) {
    int& before = last_of[static_cast<std::size_t>(item / 1000)];
    EXPECT_GT(item % 1000, before);
    before = item % 1000;
  }
  std::sort(sent.begin(), sent.end());
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, sent) << "seed " << seed;
}

TEST(ChannelTest, RandomCancellationLosesNothing) {
  trace([](Notes&) -> Coro<void> {
    for (unsigned seed = 0; seed < 6; ++seed) co_await cancel_at_random(seed);
  });
}

// Not destroyed at each step: it does that many times itself, with ends that outlive the loop.
TEST(ChannelTest, OutlivesALoopThatDies) {
  Notes notes;
  for (int runs = 0; runs < 6; ++runs) {
    Channel<int> channel(1);
    {
      NotingLoop loop(notes);
      for (int i = 0; i < 4; ++i) loop->create_task(send_one(channel.sender, notes, i));
      for (int i = 0; i < 2; ++i) loop->create_task(receive_one(channel.receiver, notes, "x"));
      loop.run_steps(runs);
    }
    for (;;) {
      try {
        const auto left = channel.receiver.next_nowait();
        ASSERT_TRUE(left);
      } catch (const WouldBlock&) {
        break;
      }
    }
    notes.clear();
    NotingLoop loop(notes);
    auto waiting = loop->create_task(receive_one(channel.receiver, notes, "y"));
    loop->run_until_complete(send_one(channel.sender, notes, 9));
    loop->run_until_complete(waiting);
    EXPECT_EQ(notes.size(), 2U);
  }
}

}  // namespace
