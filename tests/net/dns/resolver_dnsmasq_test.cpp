// SPDX-License-Identifier: Apache-2.0
//
// A Resolver and a real name server: Debian's dnsmasq.
#include "tests/net/net_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace corolla_tests {
namespace {

using Family = SocketAddress::Family;

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  const SocketAddress any = SocketAddress::ip("127.0.0.1", 0);
  if (::bind(descriptor, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size())) != 0)
    throw OSError(errno, "bind");
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
  ::close(descriptor);
  return SocketAddress(&bound, size).port();
}

/// dnsmasq on a free port, which answers for the names that a file of hosts has.
class Dnsmasq {
 public:
  explicit Dnsmasq(const std::string& hosts_file, std::vector<std::string> more) : port_(free_port()) {
    std::vector<std::string> arguments = {
        "dnsmasq",        "--keep-in-foreground", "--conf-file=/dev/null",    "--no-resolv",
        "--no-hosts",     "--pid-file=",          "--bind-interfaces",        "--listen-address=127.0.0.1",
        "--local=/test/", "--local-ttl=300",      "--log-facility=/dev/null", "--user="};
    arguments.push_back("--port=" + std::to_string(port_));
    arguments.push_back("--addn-hosts=" + hosts_file);
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    for (const char* program : {"/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq"})
      if (::posix_spawn(&child_, program, nullptr, nullptr, pointers.data(), environ) == 0) return;
    throw RuntimeError("there is no dnsmasq (Debian: dnsmasq-base)");
  }
  Dnsmasq(const Dnsmasq&) = delete;
  Dnsmasq& operator=(const Dnsmasq&) = delete;
  ~Dnsmasq() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] ResolverOptions options() const {
    ResolverOptions options;
    options.nameservers.push_back("127.0.0.1:" + std::to_string(port_));
    return options;
  }
  /// False when it ended, for another took its port.
  [[nodiscard]] bool runs() const { return ::waitpid(child_, nullptr, WNOHANG) == 0; }

 private:
  std::uint16_t port_;
  pid_t child_ = -1;
};

/// Until the server answers.
Coro<bool> is_up(const Dnsmasq* server) {
  ResolverOptions options = server->options();
  options.timeout = 50ms;
  options.tries = 1;
  options.cache_size = 0;
  Resolver resolver(options);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    auto look_up = resolver.resolve("up.test", 1, Family::kIPv4);
    const auto result = co_await outcome(std::move(look_up));
    if (result) co_return true;
    if (!server->runs()) co_return false;
    co_await sleep(1ms);  // a refused query fails at once
  }
  co_return false;
}

class ResolverDnsmasqTest : public NetTest {};

TEST_F(ResolverDnsmasqTest, NamesAliasesAndNoNames) {
  const TemporaryDirectory directory;
  const std::string path = directory / "hosts";
  std::string hosts = "127.0.0.9 up.test both.test\n::9 both.test\n";
  for (int i = 0; i < 500; ++i)
    hosts += "127.2." + std::to_string(i / 250) + "." + std::to_string(i % 250) + " many.test\n";
  write_whole_file(path, hosts);
  const std::vector<std::string> more = {"--cname=alias.test,second.test", "--cname=second.test,both.test"};
  run([](std::string file, std::vector<std::string> settings) -> Coro<void> {
    std::unique_ptr<Dnsmasq> server;
    bool up = false;
    for (int attempt = 0; attempt < 5 && !up; ++attempt) {
      server = std::make_unique<Dnsmasq>(file, settings);
      auto waiting = is_up(server.get());
      up = co_await std::move(waiting);
    }
    EXPECT_TRUE(up) << "dnsmasq does not answer";
    if (!up) co_return;
    Resolver resolver(server->options());

    auto both = resolver.resolve("both.test", 80);
    const auto addresses = co_await std::move(both);
    EXPECT_EQ(addresses.size(), 2U);
    auto aliased = resolver.resolve("alias.test", 80, Family::kIPv4);
    const auto alias = co_await std::move(aliased);
    EXPECT_EQ(alias.at(0).to_string(), "127.0.0.9:80");
    EXPECT_EQ(resolver.cached(), 2U);
    auto many = resolver.resolve("many.test", 80, Family::kIPv4);  // more than a datagram holds
    const auto all = co_await std::move(many);
    EXPECT_EQ(all.size(), 128U);
    auto missing = resolver.resolve("missing.test", 80);
    const auto nothing = co_await outcome(std::move(missing));
    EXPECT_EQ(os_error_of(nothing.error()), std::error_code(EAI_NONAME, gai_category()));
    auto no_ipv6 = resolver.resolve("up.test", 80, Family::kIPv6);
    const auto none = co_await outcome(std::move(no_ipv6));
    EXPECT_EQ(os_error_of(none.error()), std::error_code(EAI_NODATA, gai_category()));

    std::vector<Task<std::vector<SocketAddress>>> tasks;  // a crowd
    for (int i = 0; i < 200; ++i)
      tasks.push_back(create_task(resolver.resolve(i % 2 == 0 ? "up.test" : "both.test", 80, Family::kIPv4)));
    for (auto& task : tasks) {
      const auto found = co_await task;
      EXPECT_EQ(found.at(0).to_string(), "127.0.0.9:80");
    }
    EXPECT_LE(resolver.counters().queries, 7U);
  }(path, more));
}

}  // namespace
}  // namespace corolla_tests
