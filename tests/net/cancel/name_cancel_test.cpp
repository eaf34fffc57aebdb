// SPDX-License-Identifier: Apache-2.0
//
// Look-ups, cancelled: whoever asks next has its answer, and nothing is left of those that nobody waits for.
#include "tests/net/cancel/cancel_rounds.hpp"
#include "tests/net/dns/name_server.hpp"

#include <optional>

namespace corolla_tests {
namespace {

class NameCancelTest : public NetTest {};

constexpr auto kNothing = [] {};

TEST_F(NameCancelTest, Getaddrinfo) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto task = create_task(getaddrinfo("localhost", 80, SocketAddress::Family::kIPv4));
      co_await rounds.disturb(task, kNothing);
      const auto result = co_await outcome(task);
      if (result) {
        EXPECT_EQ(result->front(), SocketAddress::ip("127.0.0.1", 80));
      } else {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
      }
    };
    co_await a_thousand_rounds(161, round);
    auto asking = getaddrinfo("localhost", 80, SocketAddress::Family::kIPv4);
    const auto addresses = co_await std::move(asking);
    EXPECT_EQ(addresses.front(), SocketAddress::ip("127.0.0.1", 80));
  }());
}

TEST_F(NameCancelTest, Getnameinfo) {
  run([]() -> Coro<void> {
    auto round = [](CancelRounds& rounds) -> Coro<void> {
      auto task = create_task(getnameinfo(SocketAddress::ip("127.0.0.1", 80), NameInfoFlags::kNumericService));
      co_await rounds.disturb(task, kNothing);
      const auto result = co_await outcome(task);
      if (result) {
        EXPECT_EQ(result->second, "80");
      } else {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
      }
    };
    co_await a_thousand_rounds(162, round);
  }());
}

// Each round asks for a name of its own, and for one that another task waits for, too, whose answer must come all the same.
TEST_F(NameCancelTest, AResolversQueries) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) {
      return dns::reply(query, dns::kNoError, {dns::a(query.name, 300, "127.0.0.9")});
    });
    Resolver resolver(server->options());
    const auto ask = [](Resolver& from, std::string name) {
      return from.resolve(std::move(name), 80, SocketAddress::Family::kIPv4);
    };
    int number = 0;
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const std::string name = "name" + std::to_string(number++) + ".test";
      std::optional<Task<std::vector<SocketAddress>>> other;
      if (rounds.random().below(2000) < 1000) other.emplace(create_task(ask, std::ref(resolver), name));
      auto task = create_task(ask, std::ref(resolver), name);
      co_await rounds.disturb(task, kNothing);
      const auto result = co_await outcome(task);
      if (result) {
        EXPECT_EQ(result->front(), SocketAddress::ip("127.0.0.9", 80));
      } else {
        EXPECT_TRUE(result.cancelled()) << result.error_message();
      }
      if (!other) co_return;
      const auto addresses = co_await outcome(*other);
      EXPECT_TRUE(addresses && addresses->front() == SocketAddress::ip("127.0.0.9", 80)) << addresses.error_message();
    };
    co_await a_thousand_rounds(163, round);
    co_await server->until_quiet();
  }());
}

}  // namespace
}  // namespace corolla_tests
