// SPDX-License-Identifier: Apache-2.0
//
// What a Resolver asks, keeps and shares, with a name server in the same loop.
#include "tests/net/dns/name_server.hpp"

#include "tests/support/destroy_at_every_step.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/testkit/virtual_clock.hpp>

#include <netdb.h>

namespace corolla_tests {
namespace {

using Family = SocketAddress::Family;
using Addresses = std::vector<SocketAddress>;

/// Time moves only when a test moves it, for there is always something in flight.
class ResolverTest : public NetTest {
 protected:
  void run_with_clock(Coro<void> body) {
    EventLoopOptions options;
    options.clock = clock_;
    run(std::move(body), options);
  }
  std::shared_ptr<testkit::VirtualClock> clock_ = std::make_shared<testkit::VirtualClock>();
};

Coro<std::string> addresses_of(Resolver* resolver, std::string host, Family family = Family::kUnspecified) {
  auto look_up = resolver->resolve(std::move(host), 80, family);
  const Addresses addresses = co_await std::move(look_up);
  std::string text;
  for (const SocketAddress& address : addresses) text += (text.empty() ? "" : " ") + address.to_string();
  co_return text;
}

/// The EAI_ code that a look-up fails with; 0 when it does not.
Coro<int> failure_of(Resolver* resolver, std::string host, std::string* what = nullptr) {
  auto look_up = resolver->resolve(std::move(host), 80, Family::kUnspecified);
  const auto result = co_await outcome(std::move(look_up));
  if (!result.error()) co_return 0;
  try {
    std::rethrow_exception(result.error());
  } catch (const gaierror& error) {
    EXPECT_EQ(error.code().category(), gai_category());
    if (what) *what = error.what();
    co_return error.code().value();
  }
}

// One address of each family for any name.
std::string one_of_each(const dns::Query& query) {
  if (query.type == dns::kA) return dns::reply(query, dns::kNoError, {dns::a(query.name, 300, "127.0.0.9")});
  if (query.type == dns::kAaaa) return dns::reply(query, dns::kNoError, {dns::aaaa(query.name, 300, "::1")});
  return dns::reply(query, dns::kNoError, {});
}

std::string no_such_name(const dns::Query& query) {
  return dns::reply(query, dns::kNxDomain, {}, {dns::soa("test", 30, 5)});
}

TEST_F(ResolverTest, BothFamiliesAreAskedForAndOneAloneIfThatIsWanted) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    Resolver resolver(server->options());
    const std::string both = co_await addresses_of(&resolver, "a.test");
    EXPECT_TRUE(both == "[::1]:80 127.0.0.9:80" || both == "127.0.0.9:80 [::1]:80") << both;
    EXPECT_EQ(server->asked().size(), 2U);
    const std::string v4 = co_await addresses_of(&resolver, "b.test", Family::kIPv4);
    EXPECT_EQ(v4, "127.0.0.9:80");
    const std::string v6 = co_await addresses_of(&resolver, "b.test", Family::kIPv6);
    EXPECT_EQ(v6, "[::1]:80");
    EXPECT_EQ(server->asked().size(), 4U);
  }());
}

TEST_F(ResolverTest, NumericHostsAndTheLoopbackAreNotAskedFor) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    Resolver resolver(server->options());
    const std::string v4 = co_await addresses_of(&resolver, "192.0.2.1");
    EXPECT_EQ(v4, "192.0.2.1:80");
    const std::string loopback = co_await addresses_of(&resolver, "", Family::kIPv4);
    EXPECT_EQ(loopback, "127.0.0.1:80");
    const int zero = co_await failure_of(&resolver, std::string("a\0.test", 7));
    EXPECT_EQ(zero, EAI_NONAME);
    const int too_long = co_await failure_of(&resolver, std::string(300, 'a'));
    EXPECT_EQ(too_long, EAI_NONAME);
    auto wrong_family = resolver.resolve("192.0.2.1", 80, Family::kIPv6);
    const auto refused = co_await outcome(std::move(wrong_family));
    EXPECT_TRUE(failed_with<gaierror>(refused));
    EXPECT_TRUE(server->asked().empty());
  }());
}

TEST_F(ResolverTest, AnswersAreKeptAsLongAsTheirRecordsSayOnTheLoopsClock) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) {  // the alias expires before the address
      return dns::reply(query, dns::kNoError,
                        {dns::cname(query.name, 10, "b.test"), dns::a("b.test", 300, "127.0.0.9")});
    });
    Resolver resolver(server->options());
    const std::string first = co_await addresses_of(&resolver, "a.test", Family::kIPv4);
    EXPECT_EQ(first, "127.0.0.9:80");
    clock->advance(10s - 1ns);
    const std::string kept = co_await addresses_of(&resolver, "A.Test", Family::kIPv4);
    EXPECT_EQ(kept, first);
    EXPECT_EQ(server->asked().size(), 1U);
    clock->advance(1ns);
    const std::string anew = co_await addresses_of(&resolver, "a.test", Family::kIPv4);
    EXPECT_EQ(anew, first);
    EXPECT_EQ(server->asked().size(), 2U);
    resolver.clear();
    EXPECT_EQ(resolver.cached(), 0U);
    const std::string cleared = co_await addresses_of(&resolver, "a.test", Family::kIPv4);
    EXPECT_EQ(cleared, first);
    EXPECT_EQ(server->asked().size(), 3U);
    const ResolverCounters counters = resolver.counters();
    EXPECT_EQ(counters.cache_hits, 1U);
    EXPECT_EQ(counters.queries, 3U);
    EXPECT_EQ(counters.failures, 0U);
  }(clock_.get()));
}

TEST_F(ResolverTest, TimesToLiveHaveBounds) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    std::uint32_t ttl = 0;
    auto server = co_await NameServer::start([&ttl](const dns::Query& query) {
      return dns::reply(query, dns::kNoError, {dns::a(query.name, ttl, "127.0.0.9")});
    });
    Resolver honest(server->options());
    static_cast<void>(co_await addresses_of(&honest, "zero.test", Family::kIPv4));
    EXPECT_EQ(honest.cached(), 0U);
    ttl = 0x80000001;  // what is beyond 31 bits counts as zero
    static_cast<void>(co_await addresses_of(&honest, "huge.test", Family::kIPv4));
    EXPECT_EQ(honest.cached(), 0U);
    ResolverOptions options = server->options();
    options.min_ttl = 5s;
    options.max_ttl = 20s;
    Resolver bounded(options);
    ttl = 1;
    static_cast<void>(co_await addresses_of(&bounded, "short.test", Family::kIPv4));
    ttl = 1000;
    static_cast<void>(co_await addresses_of(&bounded, "long.test", Family::kIPv4));
    const std::size_t asked = server->asked().size();
    clock->advance(5s - 1ns);
    static_cast<void>(co_await addresses_of(&bounded, "short.test", Family::kIPv4));
    EXPECT_EQ(server->asked().size(), asked);
    clock->advance(15s);
    static_cast<void>(co_await addresses_of(&bounded, "long.test", Family::kIPv4));
    EXPECT_EQ(server->asked().size(), asked);
    clock->advance(1ns);
    static_cast<void>(co_await addresses_of(&bounded, "long.test", Family::kIPv4));
    EXPECT_EQ(server->asked().size(), asked + 1);
  }(clock_.get()));
}

TEST_F(ResolverTest, AMissingNameIsKeptAsLongAsItsZoneSays) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    auto server = co_await NameServer::start(no_such_name);
    Resolver resolver(server->options());
    std::string what;
    const int missing = co_await failure_of(&resolver, "a.test", &what);
    EXPECT_EQ(missing, EAI_NONAME);
    EXPECT_NE(what.find("a.test"), std::string::npos) << what;
    auto quiet = server->until_quiet();  // the zone was asked for its SOA record
    co_await std::move(quiet);
    EXPECT_EQ(server->asked().back(), "a.test 6");
    const std::size_t asked = server->asked().size();
    clock->advance(5s - 1ns);
    const int still = co_await failure_of(&resolver, "a.test");
    EXPECT_EQ(still, EAI_NONAME);
    EXPECT_EQ(server->asked().size(), asked);
    clock->advance(1ns);
    const int again = co_await failure_of(&resolver, "a.test");
    EXPECT_EQ(again, EAI_NONAME);
    EXPECT_GT(server->asked().size(), asked);
    EXPECT_EQ(resolver.counters().failures, 2U);
  }(clock_.get()));
}

TEST_F(ResolverTest, ANameWithoutAddressesIsMissingForItsOwnTime) {
  run_with_clock([](testkit::VirtualClock* clock) -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) { return dns::reply(query, 0, {}); });
    ResolverOptions options = server->options();
    options.negative_ttl = 7s;
    Resolver resolver(options);
    const int missing = co_await failure_of(&resolver, "a.test");
    EXPECT_EQ(missing, EAI_NODATA);
    auto quiet = server->until_quiet();
    co_await std::move(quiet);
    const std::size_t asked = server->asked().size();
    clock->advance(7s - 1ns);
    static_cast<void>(co_await failure_of(&resolver, "a.test"));
    EXPECT_EQ(server->asked().size(), asked);
    clock->advance(1ns);
    static_cast<void>(co_await failure_of(&resolver, "a.test"));
    EXPECT_GT(server->asked().size(), asked);
    options.negative_ttl = 0s;
    Resolver forgetful(options);
    static_cast<void>(co_await failure_of(&forgetful, "a.test"));
    EXPECT_EQ(forgetful.cached(), 0U);
    EXPECT_NE(server->asked().back(), "a.test 6");
  }(clock_.get()));
}

TEST_F(ResolverTest, LookUpsOfOneNameShareOneQuery) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    Resolver resolver(server->options());
    std::vector<Task<std::string>> tasks;
    for (const char* name : {"a.test", "A.TEST", "a.test"})
      tasks.push_back(create_task(addresses_of(&resolver, name, Family::kIPv4)));
    for (auto& task : tasks) {
      const std::string text = co_await task;
      EXPECT_EQ(text, "127.0.0.9:80");
    }
    EXPECT_EQ(server->asked().size(), 1U);
    EXPECT_EQ(resolver.counters().queries, 1U);
    EXPECT_EQ(resolver.counters().shared, 2U);
  }());
}

TEST_F(ResolverTest, TheLastToLeaveEndsTheQueries) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query&) { return std::string(); });
    Resolver resolver(server->options());
    auto first = create_task(addresses_of(&resolver, "a.test", Family::kIPv4));
    auto second = create_task(addresses_of(&resolver, "a.test", Family::kIPv4));
    auto other = create_task(addresses_of(&resolver, "b.test", Family::kIPv4));
    while (server->asked().size() < 2) co_await sleep(0s);
    first.cancel();
    other.cancel();
    const auto left = co_await outcome(first);
    EXPECT_TRUE(left.cancelled());
    EXPECT_GT(get_running_loop().io().in_flight(), 2U);
    second.cancel();
    const auto last = co_await outcome(second);
    EXPECT_TRUE(last.cancelled());
    auto quiet = server->until_quiet();  // no retry holds a socket
    co_await std::move(quiet);
    EXPECT_EQ(get_running_loop().timer_count(), 0U);
  }());
}

TEST_F(ResolverTest, WhoStaysIsAnsweredThoughOthersLeave) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    Resolver resolver(server->options());
    auto leaves = create_task(addresses_of(&resolver, "a.test", Family::kIPv4));
    auto stays = create_task(addresses_of(&resolver, "a.test", Family::kIPv4));
    co_await sleep(0s);
    leaves.cancel();
    const std::string text = co_await stays;
    EXPECT_EQ(text, "127.0.0.9:80");
    EXPECT_TRUE(leaves.cancelled());
  }());
}

// Before it starts, in flight, and when the answer is there but the task has not gone on.
TEST_F(ResolverTest, CancelledAtEachMoment) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    for (int steps = 0, cancelled = 1; cancelled; ++steps) {
      Resolver resolver(server->options());
      auto task = create_task(addresses_of(&resolver, "a.test"));
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      task.cancel();
      const auto result = co_await outcome(task);
      cancelled = result.cancelled();
      EXPECT_TRUE(cancelled || result) << steps;
    }
  }());
}

TEST_F(ResolverTest, DestroyedAtEachStep) {
  auto body = []() -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    Resolver resolver(server->options());
    auto other = create_task(addresses_of(&resolver, "a.test", Family::kIPv4));
    const std::string text = co_await addresses_of(&resolver, "a.test", Family::kIPv4);
    EXPECT_EQ(text, "127.0.0.9:80");
    static_cast<void>(co_await other);
    server->answer_with(no_such_name);
    const int missing = co_await failure_of(&resolver, "b.test");
    EXPECT_EQ(missing, EAI_NONAME);
  };
  destroy_at_every_step<RealLoop>(body);
}

TEST_F(ResolverTest, TheHostsFileComesFirst) {
  const TemporaryDirectory directory;
  const std::string path = directory / "hosts";
  write_whole_file(path, "127.0.0.77 files.test alias.test\n::77 files.test\n");
  ::setenv("CARES_HOSTS", path.c_str(), 1);
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start(no_such_name);
    Resolver resolver(server->options());
    const std::string alias = co_await addresses_of(&resolver, "alias.test", Family::kIPv4);
    EXPECT_EQ(alias, "127.0.0.77:80");
    const std::string v6 = co_await addresses_of(&resolver, "files.test", Family::kIPv6);
    EXPECT_EQ(v6, "[::77]:80");
    EXPECT_TRUE(server->asked().empty());
    EXPECT_EQ(resolver.cached(), 0U);  // the file may change
  }());
  ::unsetenv("CARES_HOSTS");
}

TEST_F(ResolverTest, AConnectionMayUseIt) {
  run([]() -> Coro<void> {
    auto names = co_await NameServer::start([](const dns::Query& query) {
      if (query.type != dns::kA) return dns::reply(query, 0, {});
      return dns::reply(query, 0, {dns::a(query.name, 60, "127.0.0.3"), dns::a(query.name, 60, "127.0.0.2")});
    });
    auto server = co_await start_server(echo, "127.0.0.2", 0);
    StreamOptions options;
    options.resolver = std::make_shared<Resolver>(names->options());
    auto [reader, writer] = co_await open_connection("service.test", server.port(), options);
    EXPECT_EQ(writer.peername(), server.addresses().front());
    co_await writer.write("x");
    const std::string back = co_await reader.readexactly(1);
    EXPECT_EQ(back, "x");
    auto nowhere = connect_tcp("service.test", server.port(), [&] {
      ConnectOptions v6 = options;
      v6.family = Family::kIPv6;
      return v6;
    }());
    const auto refused = co_await outcome(std::move(nowhere));
    EXPECT_TRUE(failed_with<gaierror>(refused));
  }());
}

TEST_F(ResolverTest, OneLoopAfterTheOther) {
  auto resolver = std::make_unique<Resolver>();
  const auto body = [](std::unique_ptr<Resolver>* own) -> Coro<void> {
    auto server = co_await NameServer::start(one_of_each);
    *own = std::make_unique<Resolver>(server->options());
    const std::string text = co_await addresses_of(own->get(), "a.test", Family::kIPv4);
    EXPECT_EQ(text, "127.0.0.9:80");
  };
  EventLoop first;
  first.run_until_complete(body(&resolver));
  EXPECT_EQ(resolver->cached(), 1U);
  EventLoop second;
  EXPECT_THROW(second.run_until_complete(addresses_of(resolver.get(), "a.test")), RuntimeError);
  first.close();
  auto options = ResolverOptions();
  second.run_until_complete([](Resolver* own) -> Coro<void> {
    const std::string local = co_await addresses_of(own, "localhost", Family::kIPv4);
    EXPECT_EQ(local, "127.0.0.1:80");
  }(resolver.get()));
  EXPECT_EQ(resolver->cached(), 0U);  // the other loop's clock was another one
}

TEST_F(ResolverTest, OptionsAreChecked) {
  const auto refused = [](auto change) {
    ResolverOptions options;
    change(options);
    EXPECT_THROW(Resolver{options}, ValueError);
  };
  for (const char* server : {"localhost", "300.1.1.1", "127.0.0.1:port", "127.0.0.1,127.0.0.2", ""})
    refused([&](ResolverOptions& options) { options.nameservers.push_back(server); });
  refused([](ResolverOptions& options) { options.tries = 0; });
  refused([](ResolverOptions& options) { options.timeout = 0ms; });
  refused([](ResolverOptions& options) { options.min_ttl = -1s; });
  refused([](ResolverOptions& options) { options.max_ttl = -1s; });
  refused([](ResolverOptions& options) { options.negative_ttl = -1s; });
  ResolverOptions options;
  options.nameservers = {"127.0.0.1", "127.0.0.1:5353", "[::1]:53"};
  const Resolver accepted(options);
}

}  // namespace
}  // namespace corolla_tests
