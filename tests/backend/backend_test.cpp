// SPDX-License-Identifier: Apache-2.0
//
// The backends alone, without a loop: receiving, cancelling and destroying in flight, on whichever COROLLA_BACKEND names.
#include "backend/backend.hpp"
#include "backend/accept_operation.hpp"
#include "backend/poll_operation.hpp"
#include "backend/receive_blocks.hpp"
#include "backend/receive_operation.hpp"
#include "backend/receive_ring.hpp"
#include "backend/send_operation.hpp"

#include <corolla/runtime.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla_tests {
namespace {

using namespace corolla;
using namespace std::chrono_literals;

// A socket pair, one end of which is as the backend needs it, with memory the kernel writes to.
struct Pair {
  explicit Pair(Backend& io) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    if (io.nonblocking_sockets()) ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    io.forget(ends[0]);
  }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(ends[1], bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
  }
  int ends[2] = {-1, -1};
};

// What it receives is appended to `bytes`, whichever way the backend hands it over.
class TestReceive final : public ReceiveOperation {
 public:
  explicit TestReceive(int descriptor) noexcept : ReceiveOperation(descriptor) {}
  void finished(int result) noexcept override {
    ++finished_calls;
    last = result;
    if (result > 0 && result != kBrought) bytes.append(memory_, static_cast<std::size_t>(result));
  }
  void lost(int result) noexcept override { lost_bytes += result; }
  void retain_owner() noexcept override { ++references; }
  void release_owner() noexcept override { --references; }

  int finished_calls = 0;
  int last = 0;
  int lost_bytes = 0;
  int references = 0;
  std::string bytes;
  Backend* stops_at_once = nullptr;  // takes no more than what comes first

 private:
  Room room() noexcept override { return {memory_, sizeof memory_, true}; }
  void room_unused() noexcept override {}
  void take(char* block, std::size_t size) noexcept override {
    bytes.append(block, size);
    give_receive_block(block);
    if (stops_at_once) stops_at_once->stop(*this);
  }
  char memory_[8192] = {};
};

class BackendTest : public ::testing::Test {
 protected:
  BackendTest() : wake_up_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), io_(make_backend("", ready_, wake_up_)) {}
  ~BackendTest() override {
    io_.reset();
    ::close(wake_up_);
  }
  void turn(std::chrono::nanoseconds patience = 1s) {
    io_->poll(ready_.empty() ? patience : 0s);
    while (!ready_.empty()) ready_.pop().run();
  }

  int wake_up_;
  ReadyQueue ready_;
  std::unique_ptr<Backend> io_;
};

TEST_F(BackendTest, TheWakeUpEndsAPollAndIsReset) {
  ::eventfd_write(wake_up_, 1);
  io_->poll(std::nullopt);
  const auto before = std::chrono::steady_clock::now();
  io_->poll(2ms);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 2ms);
  ::eventfd_write(wake_up_, 1);
  io_->poll(std::nullopt);
  EXPECT_EQ(io_->in_flight(), 0U);
}

TEST_F(BackendTest, ReceivesWhatComesLater) {
  const Pair pair(*io_);
  TestReceive receive(pair.ends[0]);
  ASSERT_EQ(io_->perform(receive), Operation::kPending);
  EXPECT_EQ(io_->in_flight(), 1U);
  EXPECT_EQ(receive.references, 1);
  turn(0s);
  EXPECT_EQ(receive.finished_calls, 0);
  pair.send("hello");
  while (receive.finished_calls == 0) turn();
  EXPECT_EQ(receive.bytes, "hello");
  EXPECT_EQ(io_->in_flight(), 0U);
  // io_uring still has it, epoll does not.
  EXPECT_EQ(receive.idle(), io_->nonblocking_sockets());
  EXPECT_EQ(receive.references, receive.idle() ? 0 : 1);
  ASSERT_EQ(io_->perform(receive), Operation::kPending);
  EXPECT_EQ(io_->in_flight(), 1U);
  pair.send(" again");
  while (receive.finished_calls == 1) turn();
  EXPECT_EQ(receive.bytes, "hello again");
  io_->cancel(receive);
  while (!receive.idle()) turn();
  EXPECT_EQ(receive.finished_calls, 2);
  EXPECT_EQ(receive.references, 0);
}

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

// More answers than the shared blocks can hold, and more bytes than all of them together.
TEST_F(BackendTest, BytesOfManySocketsComeWhole) {
  constexpr int kSockets = 200;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<TestReceive>> receives;
  for (int i = 0; i < kSockets; ++i) {
    pairs.push_back(std::make_unique<Pair>(*io_));
    receives.push_back(std::make_unique<TestReceive>(pairs.back()->ends[0]));
    ASSERT_EQ(io_->perform(*receives.back()), Operation::kPending);
  }
  turn(0s);
  const std::string part(20'000, 'x');
  for (int i = 0; i < kSockets; ++i) pairs[std::size_t(i)]->send(part + std::to_string(i));
  for (int i = 0; i < kSockets; ++i) {
    TestReceive& receive = *receives[std::size_t(i)];
    const std::string expected = part + std::to_string(i);
    while (receive.bytes.size() < expected.size()) {
      EXPECT_EQ(io_->perform(receive), Operation::kPending);  // it may have ended meanwhile
      turn();
    }
    EXPECT_EQ(receive.bytes, expected);
  }
  io_->shut_down();
  for (const auto& receive : receives) EXPECT_EQ(receive->references, 0);
}

TEST_F(BackendTest, ACancelledOperationNeverFinishesAndLosesNothingUnseen) {
  const Pair pair(*io_);
  for (int round = 0; round < 1000; ++round) {
    TestReceive receive(pair.ends[0]);
    ASSERT_EQ(io_->perform(receive), Operation::kPending);
    if (round >= 500) {  // outrun, under io_uring: idle again, and the next time it tries first
      io_->stop(receive);
      while (!receive.idle()) turn();
      receive.finished_calls = 0;
      ASSERT_EQ(io_->perform(receive), Operation::kPending);
    }
    const int moment = round % 4;
    if (moment == 1) turn(0s);  // now the kernel has it
    if (moment >= 2) pair.send("abcd");
    if (moment == 3) io_->poll(ready_.empty() ? 1s : 0s);  // complete, or known to be ready, and in the queue
    io_->cancel(receive);
    io_->cancel(receive);
    while (!receive.idle()) turn();
    EXPECT_EQ(receive.finished_calls, 0);
    EXPECT_EQ(receive.references, 0);
    EXPECT_EQ(io_->in_flight(), 0U);
    std::string left(8, '\0');
    const ssize_t there = ::recv(pair.ends[0], left.data(), left.size(), MSG_DONTWAIT);
    // Each byte is still in the socket, was handed over, or was handed to lost().
    const std::ptrdiff_t seen = (there > 0 ? there : 0) + receive.lost_bytes + std::ssize(receive.bytes);
    EXPECT_EQ(seen, moment >= 2 ? 4 : 0);
  }
}

// Sanitized builds also abort when the kernel writes to a block that was given back.
TEST_F(BackendTest, ShutDownWaitsUntilTheKernelHasLetGo) {
  const Pair first(*io_);
  const Pair second(*io_);
  TestReceive a(first.ends[0]);
  TestReceive b(second.ends[0]);
  ASSERT_EQ(io_->perform(a), Operation::kPending);
  ASSERT_EQ(io_->perform(b), Operation::kPending);
  turn(0s);
  io_->shut_down();
  EXPECT_EQ(io_->in_flight(), 0U);
  EXPECT_EQ(a.references + b.references, 0);
  EXPECT_EQ(a.finished_calls + b.finished_calls, 0);
  first.send("late");
  second.send("late");
  turn(1ms);
  char bytes[8];
  EXPECT_EQ(::recv(first.ends[0], bytes, sizeof bytes, MSG_DONTWAIT), 4);
  EXPECT_EQ(a.bytes + b.bytes, "");
}

class TestPoll final : public PollOperation {
 public:
  TestPoll(int descriptor, Direction direction) noexcept : PollOperation(descriptor, direction) {}
  void finished(int result) noexcept override { last = result; }
  void retain_owner() noexcept override {}
  void release_owner() noexcept override {}
  int last = 0;
};

TEST_F(BackendTest, PollsBothDirectionsOfOneDescriptor) {
  const Pair pair(*io_);
  TestPoll readable(pair.ends[1], Operation::Direction::kRead);
  TestPoll writable(pair.ends[1], Operation::Direction::kWrite);
  ASSERT_EQ(io_->perform(readable), Operation::kPending);
  ASSERT_EQ(io_->perform(writable), Operation::kPending);
  while (writable.last == 0) turn();
  EXPECT_EQ(readable.last, 0);
  ::send(pair.ends[0], "x", 1, 0);
  while (readable.last == 0) turn();
  // Level triggered: still readable.
  readable.last = 0;
  ASSERT_EQ(io_->perform(readable), Operation::kPending);
  while (readable.last == 0) turn();
}

class TestAccept final : public AcceptOperation {
 public:
  explicit TestAccept(int descriptor) noexcept : AcceptOperation(descriptor) {}
  void finished(int result) noexcept override {
    if (result >= 0 && result != kBrought) ::close(result);
  }
  void retain_owner() noexcept override {}
  void release_owner() noexcept override {}

 private:
  void take(int accepted) noexcept override { ::close(accepted); }
};

TEST_F(BackendTest, AConnectionAcceptedTooLateIsClosed) {
  const int listening =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (io_->nonblocking_sockets() ? SOCK_NONBLOCK : 0), 0);
  sa_family_t family = AF_UNIX;  // the kernel chooses an abstract name
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&family), sizeof family), 0);
  ASSERT_EQ(::listen(listening, 8), 0);
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&name), &size);
  io_->forget(listening);
  for (int round = 0; round < 100; ++round) {
    TestAccept accepting(listening);
    ASSERT_EQ(io_->perform(accepting), Operation::kPending);
    turn(0s);
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&name), size), 0);
    if (round % 2 == 0) io_->poll(1s);
    io_->cancel(accepting);
    while (!accepting.idle()) turn();
    // Either still in the listener's queue, or accepted and closed again.
    pollfd queue{listening, POLLIN, 0};
    if (::poll(&queue, 1, 0) == 1) ::close(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    char byte = 0;
    EXPECT_EQ(::recv(client, &byte, 1, 0), 0);
    ::close(client);
  }
  io_->shut_down();
  ::close(listening);
}

}  // namespace
}  // namespace corolla_tests
