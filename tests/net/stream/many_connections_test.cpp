// SPDX-License-Identifier: Apache-2.0
//
// Thousands of connections held at once: what an idle one costs, and that each still gets its echo. A step that this
// machine grants no descriptors for is skipped aloud. Sanitizers hold few, and weigh nothing: what they add weighs more.
#include "tests/net/net_test.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace corolla_tests {
namespace {

// Less than half of an address's ports: connect() tries each second one first, and is slow where those are taken.
constexpr std::size_t kPerSource = 12'000;
constexpr std::size_t kSpare = 200;           // descriptors for anything else
constexpr std::size_t kKernelBytes = 12'288;  // that both ends of a connection take of the kernel's memory, about
#ifdef COROLLA_SANITIZE
constexpr bool kSanitized = true;
constexpr std::size_t kFirstStep = 200;
#else
constexpr bool kSanitized = false;
constexpr std::size_t kFirstStep = 10'000;
#endif

// The number of kibibytes behind a key of a file in /proc, in bytes.
std::size_t bytes_in(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::size_t kibibytes = 0;
    if (!line.starts_with(key)) continue;
    const std::size_t digits = line.find_first_of("0123456789");
    std::from_chars(line.data() + digits, line.data() + line.size(), kibibytes);
    return kibibytes * 1024;
  }
  return 0;
}

std::size_t anonymous_memory() { return bytes_in("/proc/self/status", "RssAnon:"); }

// How many descriptors the process may have, after it asked for `needed`: first of those it may ask for, then of the machine.
std::size_t raise_descriptor_limit(std::size_t needed) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (const rlim_t most : {limit.rlim_max, std::max<rlim_t>(limit.rlim_max, needed)}) {
    const rlimit wanted{most, most};
    if (limit.rlim_cur < needed && ::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_cur;
}

bool echoes(int descriptor, std::uint32_t number) {
  std::uint32_t back = 0;
  return ::send(descriptor, &number, sizeof number, MSG_NOSIGNAL) == sizeof number &&
         ::recv(descriptor, &back, sizeof back, MSG_WAITALL) == sizeof back && back == number;
}

// The other process: connects, one echo each; says 'c'; when it is told to, one echo more each; says 'e'. Anything else
// means that it failed. It allocates before it is forked and calls nothing but the kernel.
[[noreturn]] void hold_connections(std::vector<int>& descriptors, std::uint16_t port, int say, int listen) {
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(0x7f010001U + static_cast<std::uint32_t>(i / kPerSource));
    sockaddr_in server = source;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons(port);
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (descriptor < 0 || ::bind(descriptor, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0 ||
        ::connect(descriptor, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0 ||
        !echoes(descriptor, static_cast<std::uint32_t>(i)))
      ::_exit(1);
    descriptors[i] = descriptor;
  }
  char byte = 'c';
  if (::write(say, &byte, 1) != 1 || ::read(listen, &byte, 1) != 1) ::_exit(2);
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    if (!echoes(descriptors[i], static_cast<std::uint32_t>(i + 7))) ::_exit(3);
  }
  byte = 'e';
  ::_exit(::write(say, &byte, 1) == 1 ? 0 : 4);
}

class ManyConnectionsTest : public NetTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  void SetUp() override {
    ::getrlimit(RLIMIT_NOFILE, &limit_);
    NetTest::SetUp();
  }
  void TearDown() override {
    NetTest::TearDown();
    ::setrlimit(RLIMIT_NOFILE, &limit_);
  }

 private:
  rlimit limit_{};
};

Coro<void> hold(std::size_t connections) {
  ServerOptions options;
  options.backlog = 4096;
  Server server = co_await start_server(echo, "127.0.0.1", 0, options);
  int from_child[2] = {-1, -1};
  int to_child[2] = {-1, -1};
  if (::pipe2(from_child, O_CLOEXEC) != 0 || ::pipe2(to_child, O_CLOEXEC) != 0) throw OSError(errno, "pipe2");
  std::vector<int> descriptors(connections);
  const std::size_t before = anonymous_memory();
  const pid_t child = ::fork();
  if (child == 0) hold_connections(descriptors, server.port(), from_child[1], to_child[0]);
  ::close(from_child[1]);
  ::close(to_child[0]);
  {
    ByteStream answers = connect_read_pipe(from_child[0]);
    const std::string connected(co_await answers.receive());
    EXPECT_EQ(connected, "c");
    EXPECT_EQ(server.connections(), connections);
    if (!kSanitized) {
      const std::size_t each = (anonymous_memory() - before) / connections;
      ::testing::Test::RecordProperty("bytes_per_connection", static_cast<int>(each));
      EXPECT_LE(each, 1024U) << "bytes for an idle connection";
    }
    EXPECT_EQ(::write(to_child[1], "e", 1), 1);
    answers.consume(1);
    const std::string echoed(co_await answers.receive());
    EXPECT_EQ(echoed, "e");
  }
  ::close(to_child[1]);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  server.close();
  co_await server.wait_closed();
  EXPECT_EQ(server.connections(), 0U);
}

TEST_P(ManyConnectionsTest, EachIsCheapAndServed) {
  const std::size_t connections = GetParam();
  if (const std::size_t granted = raise_descriptor_limit(connections + kSpare); granted < connections + kSpare) {
    GTEST_SKIP() << connections << " connections need as many descriptors, and RLIMIT_NOFILE allows " << granted;
  }
  if (const std::size_t available = bytes_in("/proc/meminfo", "MemAvailable:");
      available < connections * kKernelBytes) {
    GTEST_SKIP() << "the kernel's memory for " << connections << " connections is not there: " << available << " bytes";
  }
  run(hold(connections));
}

// With a sanitizer a connection costs what the sanitizer costs: a few show that all is given back.
std::vector<std::size_t> steps() {
  return kSanitized ? std::vector<std::size_t>{kFirstStep} : std::vector<std::size_t>{kFirstStep, 100'000, 1'000'000};
}
INSTANTIATE_TEST_SUITE_P(, ManyConnectionsTest, ::testing::ValuesIn(steps()), ::testing::PrintToStringParamName());

}  // namespace
}  // namespace corolla_tests
