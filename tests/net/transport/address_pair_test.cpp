// SPDX-License-Identifier: Apache-2.0
#include "net/transport/address_pair.hpp"

#include <corolla/net/address.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using namespace corolla;

TEST(AddressPairTest, GivesBackWhatItWasGiven) {
  const std::vector<SocketAddress> all = {
      SocketAddress(),
      SocketAddress::ip("127.0.0.1", 80),
      SocketAddress::ip("fe80::1%1", 65535),
      SocketAddress::unix_path("/a"),
      SocketAddress::unix_path(std::string_view("\0abstract", 9)),
      SocketAddress::unix_path("/" + std::string(106, 'x')),
  };
  for (const SocketAddress& peer : all) {
    for (const SocketAddress& own : all) {
      const AddressPair pair(peer, own);
      EXPECT_EQ(pair.peername(), peer) << peer.to_string() << " and " << own.to_string();
      EXPECT_EQ(pair.sockname(), own) << peer.to_string() << " and " << own.to_string();
    }
  }
}

}  // namespace
}  // namespace corolla_tests
