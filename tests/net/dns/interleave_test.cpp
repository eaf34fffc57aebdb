// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/interleave.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using namespace corolla;

// "6" and "4" with a number each, in the order they come out.
std::string order(const std::string& families, std::size_t first_family_count) {
  std::vector<SocketAddress> addresses;
  for (std::size_t i = 0; i < families.size(); ++i)
    addresses.push_back(SocketAddress::ip(families[i] == '6' ? "::1" : "127.0.0.1", static_cast<std::uint16_t>(i)));
  std::string text;
  for (const SocketAddress& address : interleave(addresses, first_family_count)) {
    text += address.family() == SocketAddress::Family::kIPv6 ? '6' : '4';
    text += std::to_string(address.port()) + " ";
  }
  return text;
}

TEST(InterleaveTest, TheFamiliesTakeTurnsAndKeepTheirOrder) {
  EXPECT_EQ(order("666444", 1), "60 43 61 44 62 45 ");
  EXPECT_EQ(order("446", 1), "40 62 41 ");
  EXPECT_EQ(order("6464", 1), "60 41 62 43 ");
}

TEST(InterleaveTest, TheFirstFamilyMayHaveAHeadStart) {
  EXPECT_EQ(order("666444", 2), "60 61 43 62 44 45 ");
  EXPECT_EQ(order("666444", 3), "60 61 62 43 44 45 ");
  EXPECT_EQ(order("64", 9), "60 41 ");
}

TEST(InterleaveTest, OneFamilyOrNoneStaysAsItIs) {
  EXPECT_EQ(order("444", 1), "40 41 42 ");
  EXPECT_EQ(order("444", 2), "40 41 42 ");
  EXPECT_EQ(order("", 1), "");
}

}  // namespace
}  // namespace corolla_tests
