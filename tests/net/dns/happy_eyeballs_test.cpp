// SPDX-License-Identifier: Apache-2.0
//
// Several addresses of one host: who is tried when, who wins, and what becomes of the others.
#include "tests/net/net_test.hpp"

#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/testkit/virtual_clock.hpp>

#include <algorithm>
#include <vector>

#include <poll.h>

namespace corolla_tests {
namespace {

/// A listening socket whose queue is full: the kernel drops what asks for a connection, as a black hole does.
class BlackHole {
 public:
  explicit BlackHole(const char* host) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const SocketAddress any = SocketAddress::ip(host, 0);
    if (::bind(listening_, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size())) != 0 ||
        ::listen(listening_, 0) != 0)
      throw OSError(errno, "listen");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&bound), &size);
    address_ = SocketAddress(&bound, size);
    while (connects()) {
    }
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
  ~BlackHole() {
    for (const int descriptor : queued_) ::close(descriptor);
    ::close(listening_);
  }
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }

 private:
  // One more in the queue; false when there was no room. On the loopback that is known at once.
  bool connects() {
    queued_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (queued_.size() > 100) throw RuntimeError("the queue has no end");
    const auto size = static_cast<socklen_t>(address_.size());
    if (::connect(queued_.back(), static_cast<const sockaddr*>(address_.data()), size) == 0) return true;
    pollfd entry{};
    entry.fd = queued_.back();
    entry.events = POLLOUT;
    return ::poll(&entry, 1, 0) == 1;
  }

  int listening_ = -1;
  SocketAddress address_;
  std::vector<int> queued_;
};

/// Time moves only when a test moves it: there is always a connection on its way.
class HappyEyeballsTest : public NetTest {
 protected:
  void run_with_clock(Coro<void> body) {
    EventLoopOptions options;
    options.clock = clock_;
    run(std::move(body), options);
  }
  std::shared_ptr<testkit::VirtualClock> clock_ = std::make_shared<testkit::VirtualClock>();
};

std::vector<SocketAddress> list(const SocketAddress& first, const SocketAddress& second) {
  std::vector<SocketAddress> addresses(1, first);
  addresses.push_back(second);
  return addresses;
}

/// Enough iterations for whatever is possible at this time.
Coro<void> settle() {
  for (int i = 0; i < 200; ++i) co_await sleep(0s);
}

TEST_F(HappyEyeballsTest, ABlackHoleCostsTheDelayAndNoMore) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    const BlackHole hole("127.0.0.1");
    auto server = co_await start_server(echo, "127.0.0.2", 0);
    const std::size_t descriptors = open_descriptors();
    auto task = create_task(connect_to(list(hole.address(), server.addresses().front())));
    co_await settle();
    clock->advance(250ms - 1ns);
    co_await settle();
    EXPECT_FALSE(task.done());
    EXPECT_EQ(open_descriptors(), descriptors + 1);  // the second address was not touched
    clock->advance(1ns);
    ByteStream stream = co_await std::move(task);
    EXPECT_EQ(stream.peername(), server.addresses().front());
    EXPECT_EQ(clock->elapsed(), 250ms);
    co_await settle();
    EXPECT_EQ(open_descriptors(), descriptors + 2);  // both ends of the connection; who lost is closed
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, AFailureHandsTheTurnOnAtOnce) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    auto server = co_await start_server(echo, "127.0.0.2", 0);
    const SocketAddress refusing = SocketAddress::ip("127.0.0.1", server.port());
    ByteStream stream = co_await connect_to(list(refusing, server.addresses().front()));
    EXPECT_EQ(stream.peername(), server.addresses().front());
    EXPECT_EQ(clock->elapsed(), 0ns);
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, TheFirstToAnswerWinsAndTheOthersAreNotEvenBegun) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    int connections = 0;
    const auto counting = [&connections](ByteStream stream) -> Coro<void> {
      ++connections;
      return echo(std::move(stream));
    };
    auto first = co_await start_server(counting, "127.0.0.1", 0);
    auto second = co_await start_server(counting, "127.0.0.2", 0);
    ByteStream stream = co_await connect_to(list(first.addresses().front(), second.addresses().front()));
    EXPECT_EQ(stream.peername(), first.addresses().front());
    clock->advance(10s);
    co_await settle();
    EXPECT_EQ(connections, 1);
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, WithoutADelayABlackHoleHoldsUpTheNextAddress) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    const BlackHole hole("127.0.0.1");
    auto server = co_await start_server(echo, "127.0.0.2", 0);
    ConnectOptions options;
    options.happy_eyeballs_delay = std::nullopt;
    auto task = create_task(connect_to(list(hole.address(), server.addresses().front()), options));
    co_await settle();
    clock->advance(1h);
    co_await settle();
    EXPECT_FALSE(task.done());
    task.cancel();
    const auto result = co_await outcome(std::move(task));
    EXPECT_TRUE(result.cancelled());
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, TheLastOneLeftIsWaitedForAndItsErrorIsAmongAll) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    auto hole = std::make_unique<BlackHole>("127.0.0.1");
    const SocketAddress refusing = SocketAddress::ip("127.0.0.2", hole->address().port());
    ConnectOptions options;
    options.all_errors = true;
    auto task = create_task(connect_to(list(hole->address(), refusing), options));
    co_await settle();
    clock->advance(250ms);  // the second address refuses; the first one may still answer
    co_await settle();
    EXPECT_FALSE(task.done());
    task.cancel();
    const auto cancelled = co_await outcome(std::move(task));
    EXPECT_TRUE(cancelled.cancelled());
    const SocketAddress gone = hole->address();
    hole.reset();  // now both refuse
    auto both = connect_to(list(gone, refusing), options);
    const auto failed = co_await outcome(std::move(both));
    EXPECT_TRUE(failed_with<ExceptionGroup>(failed));
    try {
      if (failed.error()) std::rethrow_exception(failed.error());
    } catch (const ExceptionGroup& group) {
      EXPECT_EQ(group.exceptions().size(), 2U);
      for (const auto& error : group.exceptions()) EXPECT_EQ(os_error_of(error), std::errc::connection_refused);
    }
    auto one = connect_to(std::vector<SocketAddress>(1, gone), options);
    const auto alone = co_await outcome(std::move(one));
    EXPECT_TRUE(failed_with<ExceptionGroup>(alone));  // of one
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, TheSameErrorOfAllIsThatError) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(echo, "127.0.0.1", 0);
    const SocketAddress address = server.addresses().front();
    server.close();
    const auto failed = co_await outcome(connect_to(list(address, address)));
    EXPECT_EQ(os_error_of(failed.error()), std::errc::connection_refused);
    EXPECT_EQ(failed.error_message().find("Multiple"), std::string::npos) << failed.error_message();
  }());
}

TEST_F(HappyEyeballsTest, CancelledWithTwoOnTheirWayNothingStaysOpen) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    const BlackHole first("127.0.0.1");
    const BlackHole second("127.0.0.2");
    static_cast<void>(get_running_loop().io().nonblocking_sockets());  // io_uring has its ring from now on
    const std::size_t descriptors = open_descriptors();
    auto task = create_task(connect_to(list(first.address(), second.address())));
    co_await settle();
    clock->advance(250ms);
    co_await settle();
    EXPECT_EQ(open_descriptors(), descriptors + 2);
    task.cancel();
    const auto result = co_await outcome(std::move(task));
    EXPECT_TRUE(result.cancelled());
    co_await settle();
    EXPECT_EQ(open_descriptors(), descriptors);
  }(clock_.get()));
}

TEST_F(HappyEyeballsTest, DestroyedAtEachStep) {
  auto body = []() -> Coro<void> {
    const BlackHole hole("127.0.0.1");
    auto server = co_await start_server(echo, "127.0.0.2", 0);
    ConnectOptions options;
    options.happy_eyeballs_delay = 1ms;
    std::vector<SocketAddress> addresses = list(hole.address(), server.addresses().front());
    ByteStream stream = co_await connect_to(std::move(addresses), options);
    EXPECT_EQ(stream.peername(), server.addresses().front());
  };
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests
