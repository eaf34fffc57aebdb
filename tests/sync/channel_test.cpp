// SPDX-License-Identifier: Apache-2.0
// Order, room, and the life of the two ends; the cases are those of trio's test_channel where it has them.
#include <corolla/sync/channel.hpp>

#include "tests/support/trace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace corolla;
using corolla_tests::Notes;
using corolla_tests::NotingLoop;
using corolla_tests::steps;
using corolla_tests::trace;

std::string text_of(const std::optional<int>& item) { return item ? std::to_string(*item) : "end"; }

Coro<void> receive(ChannelReceiver<int> receiver, Notes& notes, std::string name) {
  for (;;) {
    const std::optional<int> item = co_await receiver.next();
    notes.push_back(name + " " + text_of(item));
    if (!item) co_return;
  }
}

Coro<void> send(ChannelSender<int> sender, Notes& notes, int first, int count) {
  try {
    for (int i = 0; i < count; ++i) {
      co_await sender.send(first + i);
      notes.push_back("sent " + std::to_string(first + i));
    }
  } catch (const BrokenChannelError&) {
    notes.push_back("broken");
  }
}

TEST(ChannelTest, ItemsComeInOrderAndThenTheEnd) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(2);
              auto producer = create_task(send(std::move(sender), notes, 1, 4));
              auto consumer = create_task(receive(std::move(receiver), notes, "got"));
              co_await gather(producer, consumer);
            }),
            (Notes{"sent 1", "sent 2", "got 1", "got 2", "got 3", "sent 3", "sent 4", "got 4", "got end"}));
}

TEST(ChannelTest, NeitherSuspendsWhenItNeedNot) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(1);
              get_running_loop().call_soon([&notes] { notes.push_back("next iteration"); });
              for (int i = 0; i < 3; ++i) {
                co_await sender.send(i);
                const auto item = co_await receiver.next();
                EXPECT_EQ(item, i);
              }
              sender.close();
              const auto end = co_await receiver.next();
              EXPECT_FALSE(end);
              notes.push_back("done");
              co_await steps(1);
            }),
            (Notes{"done", "next iteration"}));
}

// Without a buffer a sender waits until its item is taken; a receiver that waits already makes that at once.
TEST(ChannelTest, WithoutBufferSenderAndReceiverMeet) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(0);
              EXPECT_THROW(sender.send_nowait(1), WouldBlock);
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
              auto producer = create_task(send(sender.clone(), notes, 1, 2));
              co_await steps(3);
              EXPECT_EQ(notes, Notes{});
              EXPECT_EQ(receiver.buffered(), 0U);
              const auto first = receiver.next_nowait();
              EXPECT_EQ(first, 1);
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
              co_await steps(1);
              const auto second = co_await receiver.next();
              EXPECT_EQ(second, 2);
              co_await producer;
              auto consumer = create_task(receive(std::move(receiver), notes, "got"));
              co_await steps(1);
              sender.send_nowait(3);
              EXPECT_THROW(sender.send_nowait(4), WouldBlock);
              sender.close();
              co_await consumer;
            }),
            (Notes{"sent 1", "sent 2", "got 3", "got end"}));
}

TEST(ChannelTest, ServesSendersAndReceiversInOrder) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(1);
              std::vector<Task<void>> tasks;
              for (int i = 1; i <= 3; ++i) tasks.push_back(create_task(send(sender.clone(), notes, 10 * i, 2)));
              co_await steps(2);
              EXPECT_EQ(notes, (Notes{"sent 10"}));
              std::vector<int> got;
              for (int i = 0; i < 6; ++i) {
                const auto item = co_await receiver.next();
                got.push_back(*item);
                co_await steps(1);
              }
              EXPECT_EQ(got, (std::vector<int>{10, 11, 20, 30, 21, 31}));
              co_await gather(tasks);
              notes.clear();
              auto a = create_task(receive(receiver.clone(), notes, "a"));
              auto b = create_task(receive(receiver.clone(), notes, "b"));
              co_await steps(1);
              for (int i = 0; i < 4; ++i) {
                sender.send_nowait(i);
                co_await steps(1);
              }
              sender.close();
              co_await gather(a, b);
            }),
            (Notes{"a 0", "b 1", "a 2", "b 3", "a end", "b end"}));
}

// An item is promised to the one that was woken for it: a newcomer does not get it.
TEST(ChannelTest, NewcomerDoesNotTakeAPromisedItem) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, receiver] = Channel<int>(1);
              auto a = create_task(receive(receiver.clone(), notes, "a"));
              co_await steps(1);
              sender.send_nowait(1);
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
              sender.send_nowait(2);  // the promised one takes no room
              EXPECT_THROW(sender.send_nowait(3), WouldBlock);
              const auto mine = receiver.next_nowait();
              notes.push_back("main " + text_of(mine));
              EXPECT_THROW(receiver.next_nowait(), WouldBlock);
              sender.close();
              co_await a;
            }),
            (Notes{"main 1", "a 2", "a end"}));
}

// The side is closed when its last clone is gone, not before; what is in the buffer can still be had.
TEST(ChannelTest, EndsWithTheLastSender) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [first, receiver] = Channel<int>(5);
              auto consumer = create_task(receive(std::move(receiver), notes, "got"));
              co_await steps(1);
              {
                const auto second = first.clone();
                first.close();
                EXPECT_TRUE(first.closed());
                EXPECT_THROW(static_cast<void>(first.send(1)), RuntimeError);
                EXPECT_THROW(first.send_nowait(1), RuntimeError);
                EXPECT_THROW(static_cast<void>(first.clone()), RuntimeError);
                first.close();
                co_await steps(2);
                EXPECT_EQ(notes, Notes{});
                second.send_nowait(1);
                second.send_nowait(2);
              }
              co_await consumer;
            }),
            (Notes{"got 1", "got 2", "got end"}));
}

TEST(ChannelTest, BreaksWithTheLastReceiver) {
  EXPECT_EQ(trace([](Notes& notes) -> Coro<void> {
              auto [sender, first] = Channel<int>(1);
              auto a = create_task(send(sender.clone(), notes, 1, 1));
              auto b = create_task(send(sender.clone(), notes, 2, 1));
              auto c = create_task(send(sender.clone(), notes, 3, 1));
              co_await steps(1);
              {
                const auto second = first.clone();
                first.close();
                EXPECT_THROW(static_cast<void>(first.next()), RuntimeError);
                EXPECT_THROW(first.next_nowait(), RuntimeError);
                co_await steps(2);
                EXPECT_EQ(notes, (Notes{"sent 1"}));
              }
              EXPECT_THROW(sender.send_nowait(4), BrokenChannelError);
              c.cancel();
              co_await gather(return_exceptions, a, b, c);
              EXPECT_TRUE(c.cancelled());
              co_await send(std::move(sender), notes, 5, 1);
            }),
            (Notes{"sent 1", "broken", "broken"}));
}

// A wait keeps its side open.
TEST(ChannelTest, WaitCountsAsAClone) {
  trace([](Notes&) -> Coro<void> {
    auto [sender, receiver] = Channel<int>(0);
    auto next = create_task(receiver.next());
    co_await steps(1);
    receiver.close();
    sender.send_nowait(1);
    const auto item = co_await next;
    EXPECT_EQ(item, 1);
    EXPECT_THROW(sender.send_nowait(2), BrokenChannelError);
  });
}

// Items left when the last receiver goes are destroyed, though they hold ends of the same channel, too.
TEST(ChannelTest, ItemsMayHoldEndsOfTheirChannel) {
  struct Item {
    std::shared_ptr<ChannelSender<Item>> reply_to;
  };
  Channel<Item> channel(3);
  auto held = std::make_shared<ChannelSender<Item>>(channel.sender.clone());
  const std::weak_ptr<ChannelSender<Item>> watch = held;
  channel.sender.send_nowait(Item{std::move(held)});
  channel.sender.send_nowait(Item{nullptr});
  channel.sender.close();
  EXPECT_FALSE(watch.expired());
  channel.receiver.close();
  EXPECT_TRUE(watch.expired());
}

TEST(ChannelTest, MovesItems) {
  trace([](Notes&) -> Coro<void> {
    auto [sender, receiver] = Channel<std::unique_ptr<int>>(0);
    auto produce = [](ChannelSender<std::unique_ptr<int>> out) -> Coro<void> {
      for (int i = 0; i < 5; ++i) co_await out.send(std::make_unique<int>(i));
    };
    auto producer = create_task(produce(std::move(sender)));
    int expected = 0;
    for (;;) {
      const auto item = co_await receiver.next();
      if (!item) break;
      EXPECT_EQ(**item, expected++);
    }
    EXPECT_EQ(expected, 5);
    co_await producer;
  });
}

TEST(ChannelTest, CapacityIsNotNegative) { EXPECT_THROW(Channel<int>(-1), ValueError); }

// Two loops run by hand, hence no trace.
TEST(ChannelTest, BelongsToOneLoop) {
  Notes notes;
  NotingLoop first(notes);
  NotingLoop second(notes);
  auto [sender, receiver] = Channel<int>(0);
  auto waiting = first->create_task(receive(receiver.clone(), notes, "got"));
  first->run_once();
  EXPECT_THROW(static_cast<void>(second->run_until_complete(receiver.next())), RuntimeError);
  sender.close();
  first->run_until_complete(waiting);
  EXPECT_EQ(notes, (Notes{"got end"}));
}

}  // namespace
