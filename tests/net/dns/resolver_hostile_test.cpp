// SPDX-License-Identifier: Apache-2.0
//
// A Resolver and name servers that lie, break off, or say nothing.
#include "tests/net/dns/name_server.hpp"

#include "net/dns/dns_message.hpp"

#include <netdb.h>

namespace corolla_tests {
namespace {

using Family = SocketAddress::Family;

class ResolverHostileTest : public NetTest {};

Coro<Outcome<std::vector<SocketAddress>>> look_up(Resolver* resolver, std::string host) {
  auto looking = resolver->resolve(std::move(host), 80, Family::kIPv4);
  auto result = co_await outcome(std::move(looking));
  co_return result;
}

int eai_of(const Outcome<std::vector<SocketAddress>>& result) { return os_error_of(result.error()).value(); }

std::string truth(const dns::Query& query) { return dns::reply(query, 0, {dns::a(query.name, 300, "127.0.0.9")}); }

ResolverOptions impatient(const NameServer& server) {
  ResolverOptions options = server.options();
  options.timeout = 20ms;
  options.tries = 2;
  return options;
}

TEST_F(ResolverHostileTest, SilenceEndsAfterSomeTries) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query&) { return std::string(); });
    Resolver resolver(impatient(*server));
    const auto result = co_await look_up(&resolver, "a.test");
    EXPECT_EQ(eai_of(result), EAI_AGAIN);
    EXPECT_NE(result.error_message().find("Timeout"), std::string::npos) << result.error_message();
    EXPECT_EQ(server->asked().size(), 2U);
    EXPECT_EQ(resolver.cached(), 0U);
  }());
}

TEST_F(ResolverHostileTest, ALostQueryIsRepeated) {
  run([]() -> Coro<void> {
    int queries = 0;
    auto server =
        co_await NameServer::start([&](const dns::Query& query) { return ++queries == 1 ? "" : truth(query); });
    Resolver resolver(impatient(*server));
    const auto result = co_await look_up(&resolver, "a.test");
    EXPECT_TRUE(result) << result.error_message();
    EXPECT_EQ(queries, 2);
  }());
}

TEST_F(ResolverHostileTest, AServersFailureIsNotKept) {
  run([]() -> Coro<void> {
    int rcode = dns::kServFail;
    auto server = co_await NameServer::start([&](const dns::Query& query) { return dns::reply(query, rcode, {}); });
    Resolver resolver(impatient(*server));
    const auto failed = co_await look_up(&resolver, "a.test");
    EXPECT_EQ(eai_of(failed), EAI_AGAIN);
    rcode = dns::kRefused;
    const auto refused = co_await look_up(&resolver, "a.test");
    EXPECT_EQ(eai_of(refused), EAI_AGAIN);
    server->answer_with(truth);
    const auto found = co_await look_up(&resolver, "a.test");
    EXPECT_TRUE(found) << found.error_message();
  }());
}

TEST_F(ResolverHostileTest, RepliesToOtherQueriesAreNoReplies) {
  run([]() -> Coro<void> {
    NameServer* self = nullptr;
    auto server = co_await NameServer::start([&](const dns::Query& query) {
      const std::string lie = dns::reply(query, 0, {dns::a(query.name, 300, "127.0.0.66")});
      std::string wrong_id = lie;
      wrong_id[0] = static_cast<char>(wrong_id[0] ^ 1);
      std::string wrong_name = lie;
      wrong_name[13] = 'x';
      const SocketAddress& client = self->client();
      const auto* const to = static_cast<const sockaddr*>(client.data());
      const auto size = static_cast<socklen_t>(client.size());
      ::sendto(self->descriptor(), wrong_id.data(), wrong_id.size(), 0, to, size);
      ::sendto(self->descriptor(), wrong_name.data(), wrong_name.size(), 0, to, size);
      ::sendto(self->descriptor(), "", 0, 0, to, size);
      ::sendto(self->descriptor(), lie.data(), 5, 0, to, size);
      const int stranger = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);  // the right words from the wrong port
      ::sendto(stranger, lie.data(), lie.size(), 0, to, size);
      ::close(stranger);
      return truth(query);
    });
    self = server.get();
    Resolver resolver(server->options());
    const auto result = co_await look_up(&resolver, "a.test");
    EXPECT_TRUE(result) << result.error_message();
    EXPECT_EQ(result ? result->at(0).host() : "", "127.0.0.9");
  }());
}

TEST_F(ResolverHostileTest, ATruncatedReplyIsFetchedByTcpAndThousandsOfAddressesHaveALimit) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) {
      if (!query.tcp) return dns::reply(query, 0, {}, {}, dns::kTruncated);
      std::vector<dns::Record> records;
      for (int i = 0; i < 2000; ++i)
        records.push_back(dns::a(query.name, 300, "127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
      return dns::reply(query, 0, records);
    });
    Resolver resolver(server->options());
    const auto result = co_await look_up(&resolver, "a.test");
    EXPECT_TRUE(result) << result.error_message();
    EXPECT_EQ(result ? result->size() : 0U, 128U);
    EXPECT_EQ(server->asked(), (std::vector<std::string>{"a.test 1", "a.test 1 tcp"}));
  }());
}

TEST_F(ResolverHostileTest, AConnectionThatBreaksOffIsAnError) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) {
      return query.tcp ? std::string() : dns::reply(query, 0, {}, {}, dns::kTruncated);
    });
    Resolver resolver(impatient(*server));
    const auto result = co_await look_up(&resolver, "a.test");
    EXPECT_TRUE(failed_with<gaierror>(result));
  }());
}

TEST_F(ResolverHostileTest, AliasesMayBeChainedAndMayRunInCircles) {
  run([]() -> Coro<void> {
    auto server = co_await NameServer::start([](const dns::Query& query) {
      std::vector<dns::Record> chain;
      const auto link = [](int i) { return "n" + std::to_string(i) + ".test"; };
      for (int i = 0; i < 20; ++i) chain.push_back(dns::cname(i == 0 ? query.name : link(i), 300, link(i + 1)));
      if (query.name == "circle.test") chain.push_back(dns::cname(link(20), 300, query.name));
      else chain.push_back(dns::a(link(20), 300, "127.0.0.9"));
      return dns::reply(query, 0, chain);
    });
    Resolver resolver(server->options());
    const auto chained = co_await look_up(&resolver, "chain.test");
    EXPECT_TRUE(chained) << chained.error_message();
    const auto circle = co_await look_up(&resolver, "circle.test");
    EXPECT_TRUE(failed_with<gaierror>(circle));
  }());
}

// Every byte of a reply is once the last, and once another one.
TEST_F(ResolverHostileTest, BrokenRepliesAreErrorsAndNothingWorse) {
  run([]() -> Coro<void> {
    std::size_t at = 0;
    std::size_t size = 0;
    bool cut = true;
    auto server = co_await NameServer::start([&](const dns::Query& query) {
      std::string reply = dns::reply(query, 0, {dns::cname(query.name, 9, "b.test"), dns::a("b.test", 9, "127.0.0.9")},
                                     {dns::soa("test", 9, 9)});
      size = reply.size();
      if (cut) reply.resize(std::min(at, reply.size()));
      else if (at >= 2)
        reply[std::min(at, reply.size() - 1)] = static_cast<char>(reply[std::min(at, reply.size() - 1)] ^ 0xff);
      return reply;
    });
    ResolverOptions options = server->options();
    options.timeout = 1ms;
    options.tries = 1;
    options.cache_size = 0;
    std::size_t errors = 0;
    for (const bool cutting : {true, false}) {
      cut = cutting;
      for (at = 0; at == 0 || at < size; ++at) {
        Resolver resolver(options);
        const auto result = co_await look_up(&resolver, "a.test");
        EXPECT_TRUE(result || failed_with<gaierror>(result)) << at;
        if (!result) ++errors;
      }
    }
    EXPECT_GT(errors, size / 2);
  }());
}

TEST(DnsMessageTest, TheLesserOfTheRecordsTimeAndItsMinimum) {
  const std::string query_bytes = std::string(12, '\0') + dns::encoded("a.test") + dns::number32(1U << 16 | 1);
  const dns::Query query(query_bytes, false);
  const auto ttl = [&](std::uint32_t own, std::uint32_t minimum) {
    return negative_ttl_of(
        dns::reply(query, dns::kNxDomain, {dns::cname("a.test", 1, "b.test")}, {dns::soa("test", own, minimum)}));
  };
  EXPECT_EQ(ttl(30, 5), 5U);
  EXPECT_EQ(ttl(4, 5), 4U);
  EXPECT_EQ(ttl(0x80000000, 5), 0U);
  EXPECT_EQ(ttl(30, 0xffffffff), 0U);
  EXPECT_EQ(negative_ttl_of(dns::reply(query, 0, {dns::a("a.test", 1, "127.0.0.1")})), std::nullopt);
  EXPECT_EQ(negative_ttl_of(""), std::nullopt);
}

TEST(DnsMessageTest, BrokenMessagesHaveNone) {
  const std::string query_bytes = std::string(12, '\0') + dns::encoded("a.test") + dns::number32(1U << 16 | 1);
  const std::string whole = dns::reply(dns::Query(query_bytes, false), dns::kNxDomain, {}, {dns::soa("test", 30, 5)});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(negative_ttl_of(whole.substr(0, size)), std::nullopt);
  std::string many = whole;
  many[4] = many[6] = many[8] = '\xff';  // far more questions and records than there are bytes
  EXPECT_EQ(negative_ttl_of(many), std::nullopt);
  std::string loop = whole;
  loop[12] = '\xc0';  // a name that points at itself
  loop[13] = '\x0c';
  EXPECT_EQ(negative_ttl_of(loop), std::nullopt);
}

}  // namespace
}  // namespace corolla_tests
