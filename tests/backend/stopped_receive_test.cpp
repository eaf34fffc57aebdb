// SPDX-License-Identifier: Apache-2.0
//
// Receives that were told to stop, since their owners could take no more. Under epoll that withdraws them.
#include "tests/backend/backend_test.hpp"

#include "backend/receive_ring.hpp"

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla_tests {
namespace {

TEST_F(BackendTest, AStoppedOperationBringsWhatWasOnItsWayAndSaysThatItEnded) {
  const Pair pair(*io_);
  TestReceive receive(pair.ends[0]);
  ASSERT_EQ(io_->perform(receive), Operation::kPending);
  if (io_->nonblocking_sockets()) {
    io_->unwant(receive);
    EXPECT_TRUE(receive.idle());
    return;
  }
  turn(0s);
  pair.send("before");
  io_->stop(receive);
  io_->stop(receive);
  while (!receive.idle()) turn();
  EXPECT_EQ(receive.last, -ECANCELED);
  EXPECT_EQ(receive.references, 0);
  pair.send(" after");
  ASSERT_EQ(io_->perform(receive), Operation::kPending);
  while (receive.bytes.size() < 12) turn();
  EXPECT_EQ(receive.bytes, "before after");
  io_->cancel(receive);
  while (!receive.idle()) turn();
}

// The kernel ends a receive that finds no block, and it begins again; unless it was told to stop meanwhile.
TEST_F(BackendTest, AStoppedOperationEndsWhenTheSharedBlocksDoToo) {
  if (io_->nonblocking_sockets()) return;
  constexpr std::size_t kOthers = ReceiveRing::kBlocks - 2;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<TestReceive>> others;
  const auto perform_with = [&](std::string_view bytes) {
    pairs.push_back(std::make_unique<Pair>(*io_));
    pairs.back()->send(bytes);
    others.push_back(std::make_unique<TestReceive>(pairs.back()->ends[0]));
    ASSERT_EQ(io_->perform(*others.back()), Operation::kPending);
  };
  perform_with("makes the blocks");
  while (others.front()->bytes.empty()) turn();
  for (std::size_t i = 0; i < kOthers; ++i) perform_with("x");
  perform_with(std::string(3 * kReceiveBlock + 1, 'x'));
  TestReceive& stopped = *others.back();
  stopped.stops_at_once = io_.get();
  for (int turns = 0; turns < 1000 && !stopped.idle(); ++turns) turn(0s);
  EXPECT_TRUE(stopped.idle());
  EXPECT_EQ(stopped.last, -ECANCELED);
  stopped.stops_at_once = nullptr;
  while (stopped.bytes.size() < 3 * kReceiveBlock + 1) {
    ASSERT_EQ(io_->perform(stopped), Operation::kPending);
    turn();
  }
  io_->shut_down();
  for (const auto& receive : others) EXPECT_EQ(receive->references, 0);
}

// Under io_uring they take for themselves what is there, and the kernel has them again when nothing is.
TEST_F(BackendTest, ReceivesThatWereStoppedAllGetOn) {
  constexpr std::size_t kReceives = 12;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<TestReceive>> receives;
  std::vector<std::string> sent;
  const auto all_came = [&] {
    for (std::size_t i = 0; i < receives.size(); ++i) {
      if (receives[i]->bytes.size() < sent[i].size()) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < kReceives; ++i) {
    pairs.push_back(std::make_unique<Pair>(*io_));
    receives.push_back(std::make_unique<TestReceive>(pairs.back()->ends[0]));
    receives.back()->stops_at_once = io_.get();
    sent.emplace_back();
    for (int part = 0; part < 4; ++part)
      sent.back().append(kReceiveBlock, static_cast<char>('a' + i + std::size_t(part)));
    pairs.back()->send(sent.back());
  }
  int turns = 0;
  for (; turns < 10'000 && !all_came(); ++turns) {
    for (std::size_t i = 0; i < kReceives; ++i) {
      if (receives[i]->bytes.size() == sent[i].size()) continue;
      const int result = io_->perform(*receives[i]);
      ASSERT_TRUE(result == Operation::kPending || result > 0);
    }
    turn();
  }
  for (std::size_t i = 0; i < kReceives; ++i) EXPECT_TRUE(receives[i]->bytes == sent[i]) << i;
  TestReceive& first = *receives[0];
  first.stops_at_once = nullptr;
  while (!first.idle()) turn(0s);
  ASSERT_EQ(io_->perform(first), Operation::kPending);
  for (int i = 0; i < 3; ++i) turn(0s);
  pairs[0]->send("one more");
  while (first.bytes.size() < sent[0].size() + 8) turn();
  EXPECT_TRUE(first.bytes == sent[0] + "one more");
  EXPECT_EQ(first.last, io_->nonblocking_sockets() ? 8 : Operation::kBrought);
  io_->shut_down();
  for (const auto& receive : receives) EXPECT_EQ(receive->references, 0);
}

// Nobody may be there to take what comes: then the kernel brings it, and the owner keeps it.
TEST_F(BackendTest, AReceiveThatWasStoppedAndIsNotWantedAnyMoreIsBroughtWhatComes) {
  if (io_->nonblocking_sockets()) return;
  const Pair pair(*io_);
  for (int round = 0; round < 4; ++round) {
    TestReceive receive(pair.ends[0]);
    ASSERT_EQ(io_->perform(receive), Operation::kPending);
    io_->stop(receive);
    while (!receive.idle()) turn();
    ASSERT_EQ(io_->perform(receive), Operation::kPending);
    for (int i = 0; i < round; ++i) turn(0s);  // its turn is to come, the kernel has it, ...
    io_->unwant(receive);
    EXPECT_EQ(io_->in_flight(), 0U);
    if (round == 3) turn(0s);
    receive.finished_calls = 0;
    pair.send("late");
    while (receive.finished_calls == 0) turn();
    EXPECT_EQ(receive.bytes, "late");
    EXPECT_EQ(receive.last, Operation::kBrought);
    io_->cancel(receive);
    while (!receive.idle()) turn();
    EXPECT_EQ(receive.references, 0);
  }
}

}  // namespace
}  // namespace corolla_tests
