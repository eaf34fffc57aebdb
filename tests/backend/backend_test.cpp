// SPDX-License-Identifier: Apache-2.0
//
// The backends alone, without a loop: receiving, cancelling and destroying in flight, on whichever COROLLA_BACKEND names.
#include "tests/backend/backend_test.hpp"

#include "backend/accept_operation.hpp"
#include "backend/poll_operation.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla_tests {
namespace {

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
