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

}  // namespace
}  // namespace corolla_tests
