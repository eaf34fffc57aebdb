// SPDX-License-Identifier: Apache-2.0
//
// BackendTest: a backend without a loop, whichever COROLLA_BACKEND names, and a receive that keeps what it gets.
#pragma once

#include "backend/backend.hpp"
#include "backend/receive_blocks.hpp"
#include "backend/receive_operation.hpp"

#include <corolla/runtime.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla_tests {

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

}  // namespace corolla_tests
