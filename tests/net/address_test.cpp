// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

namespace corolla_tests {
namespace {

using Family = SocketAddress::Family;

TEST(SocketAddressTest, FormatsWhatItParsed) {
  const auto v4 = SocketAddress::ip("127.0.0.1", 80);
  EXPECT_EQ(v4.family(), Family::kIPv4);
  EXPECT_EQ(v4.host(), "127.0.0.1");
  EXPECT_EQ(v4.port(), 80);
  EXPECT_EQ(v4.to_string(), "127.0.0.1:80");
  const auto v6 = SocketAddress::ip("2001:db8:0:0::1", 65535);
  EXPECT_EQ(v6.family(), Family::kIPv6);
  EXPECT_EQ(v6.host(), "2001:db8::1");
  EXPECT_EQ(v6.to_string(), "[2001:db8::1]:65535");
  EXPECT_EQ(SocketAddress::ip("fe80::1%7", 1).to_string(), "[fe80::1%7]:1");
  EXPECT_EQ(v6.with_port(9).port(), 9);
  EXPECT_EQ(v4.with_port(80), v4);
  EXPECT_NE(v4.with_port(81), v4);
  EXPECT_EQ(SocketAddress(v6.data(), v6.size()), v6);
  EXPECT_EQ(SocketAddress().family(), Family::kUnspecified);
  EXPECT_EQ(SocketAddress().to_string(), "");
}

TEST(SocketAddressTest, RefusesWhatIsNotNumeric) {
  for (const char* text : {"", "localhost", "127.1", "127.0.0.1.1", "256.0.0.1", "1.2.3.4%1", ":::", "::1%",
                           "::1%no-such-if", "[::1]", " 127.0.0.1", "2130706433", "0x7f.1"}) {
    EXPECT_THROW(static_cast<void>(SocketAddress::ip(text, 1)), ValueError) << text;
  }
  EXPECT_THROW(static_cast<void>(SocketAddress::ip(std::string(1000, '1'), 1)), ValueError);
  EXPECT_THROW(static_cast<void>(SocketAddress::ip(std::string_view("127.0.0.1\0x", 11), 1)), ValueError);
  EXPECT_THROW(SocketAddress("xx", 2), ValueError);
  EXPECT_THROW(SocketAddress(nullptr, 0), ValueError);
}

TEST(SocketAddressTest, UnixPaths) {
  EXPECT_EQ(SocketAddress::unix_path("/a/b").host(), "/a/b");
  EXPECT_EQ(SocketAddress::unix_path("/a/b").to_string(), "/a/b");
  EXPECT_EQ(SocketAddress::unix_path("/a/b").port(), 0);
  EXPECT_EQ(SocketAddress::unix_path(std::string_view("\0name", 5)).to_string(), "@name");
  EXPECT_EQ(SocketAddress::unix_path(std::string(107, 'x')).host().size(), 107U);
  EXPECT_THROW(static_cast<void>(SocketAddress::unix_path(std::string(108, 'x'))), ValueError);
  EXPECT_THROW(static_cast<void>(SocketAddress::unix_path("")), ValueError);
  EXPECT_THROW(static_cast<void>(SocketAddress::unix_path(std::string_view("a\0b", 3))), ValueError);
}

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

}  // namespace
}  // namespace corolla_tests
