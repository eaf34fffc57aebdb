// SPDX-License-Identifier: Apache-2.0
// What moves bytes allocates nothing once warm.
#include "tests/net/transport/transport_test.hpp"

#include <corolla/runtime/memory.hpp>

#if COROLLA_BLOCK_CACHE

#include "tests/support/allocation_counter.hpp"

namespace corolla_tests {
namespace {

class NetMemoryTest : public NetTest {};

TEST_F(NetMemoryTest, AnEchoByProtocols) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    make_transport(std::move(pair.stream), std::make_shared<EchoProtocol>());
    long before = 0;
    for (int i = 0; i < 200; ++i) {
      if (i == 100) before = allocations.load();
      pair.peer.send("0123456789");
      ssize_t got = 0;
      while (got < 10) {
        co_await sleep(0s);
        char bytes[64];
        got += std::max<ssize_t>(0, ::recv(pair.peer.descriptor(), bytes, sizeof bytes, MSG_DONTWAIT));
      }
    }
    EXPECT_EQ(allocations.load() - before, 0);
    pair.peer.close();
    co_await sleep(10ms);
  }());
}

}  // namespace
}  // namespace corolla_tests

#endif  // COROLLA_BLOCK_CACHE
