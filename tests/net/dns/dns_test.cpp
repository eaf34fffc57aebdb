// SPDX-License-Identifier: Apache-2.0
//
// getaddrinfo and getnameinfo, and the threads they run in.
#include "tests/net/net_test.hpp"
#include "tests/support/sanitizers.hpp"

#include "net/dns/resolver_threads.hpp"

#include <latch>
#include <memory>
#include <vector>

#include <sys/wait.h>

namespace corolla_tests {
namespace {

using Family = SocketAddress::Family;

class DnsTest : public NetTest {};

TEST_F(DnsTest, NumericAddressesStayInTheLoop) {
  run([]() -> Coro<void> {
    bool others_ran = false;
    get_running_loop().call_soon([&] { others_ran = true; });
    auto look_up = getaddrinfo("::1", 5);
    const auto addresses = co_await std::move(look_up);
    EXPECT_FALSE(others_ran);
    EXPECT_EQ(addresses.size(), 1U);
    EXPECT_EQ(addresses.at(0).to_string(), "[::1]:5");
    auto with_family = getaddrinfo("1.2.3.4", 6, Family::kIPv4);
    const auto only = co_await std::move(with_family);
    EXPECT_EQ(only.size(), 1U);
    EXPECT_EQ(only.at(0).to_string(), "1.2.3.4:6");
    auto no_ipv4 = getaddrinfo("::1", 5, Family::kIPv4);
    const auto first_mismatch = co_await outcome(std::move(no_ipv4));
    EXPECT_TRUE(failed_with<gaierror>(first_mismatch));
    auto no_ipv6 = getaddrinfo("1.2.3.4", 5, Family::kIPv6);
    const auto second_mismatch = co_await outcome(std::move(no_ipv6));
    EXPECT_TRUE(failed_with<gaierror>(second_mismatch));
    EXPECT_FALSE(others_ran);
    co_await sleep(0s);
  }());
}

TEST_F(DnsTest, NamesAndErrors) {
  run([]() -> Coro<void> {
    auto look_up = getaddrinfo("localhost", 7, Family::kIPv4);
    const auto addresses = co_await std::move(look_up);
    EXPECT_EQ(addresses.at(0).to_string(), "127.0.0.1:7");
    auto unknown = getaddrinfo("name.invalid", 7);
    const auto failed = co_await outcome(std::move(unknown));
    try {
      static_cast<void>(failed.value());
      ADD_FAILURE();
    } catch (const gaierror& error) {
      EXPECT_EQ(error.code().category(), gai_category());
      EXPECT_NE(std::string(error.what()).find("name.invalid"), std::string::npos) << error.what();
    }
    auto cut = getaddrinfo(std::string("localhost\0.evil", 15), 7);
    const auto cut_outcome = co_await outcome(std::move(cut));
    EXPECT_FALSE(cut_outcome);
  }());
}

TEST_F(DnsTest, CancelledWhileTheResolverWorks) {
  run([]() -> Coro<void> {
    auto task = create_task(getaddrinfo("localhost", 7));
    co_await sleep(0s);
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
  }());
}

// All resolver threads are taken by look-ups of others: the default executor goes on, and the other way round.
TEST_F(DnsTest, LookUpsAndTheDefaultExecutorDoNotHoldEachOtherUp) {
  run([]() -> Coro<void> {
    std::latch release(1);
    get_running_loop().set_default_executor(std::make_shared<ThreadPoolExecutor>(1));
    auto busy = to_thread([&release] { release.wait(); });
    auto look_up = getaddrinfo("localhost", 7, Family::kIPv4);
    const auto addresses = co_await std::move(look_up);  // with the default executor it would wait for ever
    EXPECT_EQ(addresses.at(0).to_string(), "127.0.0.1:7");
    EXPECT_FALSE(busy.done());
    release.count_down();
    co_await busy;
  }());
}

TEST_F(DnsTest, NoMoreLookUpsAtOnceThanThereAreThreads) {
  EXPECT_EQ(resolver_threads().max_workers(), kResolverThreads);
  run([]() -> Coro<void> {
    std::vector<Task<std::vector<SocketAddress>>> many;
    for (int i = 0; i < 50; ++i) many.push_back(create_task(getaddrinfo("localhost", std::uint16_t(i), Family::kIPv4)));
    for (int i = 0; i < 50; ++i) {
      const auto addresses = co_await many[std::size_t(i)];
      EXPECT_EQ(addresses.at(0).to_string(), "127.0.0.1:" + std::to_string(i));
    }
    EXPECT_FALSE(get_running_loop().has_default_executor());
  }());
}

#if !__has_feature(thread_sanitizer)  // which has no threads after a fork
TEST_F(DnsTest, AForkedChildResolvesWithThreadsOfItsOwn) {
  run([]() -> Coro<void> {
    auto look_up = getaddrinfo("localhost", 7);
    static_cast<void>(co_await std::move(look_up));
  }());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60);  // a child that hangs ends
    run([]() -> Coro<void> {
      auto look_up = getaddrinfo("localhost", 7);
      const auto addresses = co_await std::move(look_up);
      ::_exit(addresses.empty() ? 1 : 0);
    }());
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

TEST_F(DnsTest, NumericNamesStayInTheLoop) {
  run([]() -> Coro<void> {
    bool others_ran = false;
    get_running_loop().call_soon([&] { others_ran = true; });
    auto look_up =
        getnameinfo(SocketAddress::ip("fe80::1", 80), NameInfoFlags::kNumericHost | NameInfoFlags::kNumericService);
    const auto [host, service] = co_await std::move(look_up);
    EXPECT_EQ(host, "fe80::1");
    EXPECT_EQ(service, "80");
    EXPECT_FALSE(others_ran);
    co_await sleep(0s);
  }());
}

TEST_F(DnsTest, NamesOfAddresses) {
  run([]() -> Coro<void> {
    auto named = getnameinfo(SocketAddress::ip("127.0.0.1", 1), NameInfoFlags::kNumericService);
    const auto [host, service] = co_await std::move(named);
    EXPECT_NE(host, "127.0.0.1");
    EXPECT_EQ(service, "1");
    auto nameless = getnameinfo(SocketAddress::ip("127.0.0.1", 65432), NameInfoFlags::kNumericHost);
    const auto [address, port] = co_await std::move(nameless);
    EXPECT_EQ(address, "127.0.0.1");
    EXPECT_EQ(port, "65432");
    auto unix_address = getnameinfo(SocketAddress::unix_path("/nowhere"));
    const auto refused = co_await outcome(std::move(unix_address));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(DnsTest, ANameThatIsRequiredAndMissingIsAnError) {
  run([]() -> Coro<void> {
    auto look_up =
        getnameinfo(SocketAddress::ip("::ffff:ffff", 1), NameInfoFlags::kNameRequired | NameInfoFlags::kNumericHost);
    const auto contradiction = co_await outcome(std::move(look_up));
    EXPECT_TRUE(failed_with<gaierror>(contradiction));
  }());
}

}  // namespace
}  // namespace corolla_tests
