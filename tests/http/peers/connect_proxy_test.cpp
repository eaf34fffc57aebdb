// SPDX-License-Identifier: Apache-2.0
// The example's forward proxy, with curl as its client and a server of ours behind it.
#include "tests/http/client/https_test.hpp"
#include "tests/http/peers/peer.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/web_server.hpp>

#include <utility>
#include <vector>

namespace corolla::test {
namespace {

class ConnectProxyTest : public SessionTest {};

Coro<http::ServerResponse> page(http::ServerRequest& request) {
  request.set_max_body_bytes(10'000'000);
  auto reading = request.read();
  const std::string posted = co_await std::move(reading);
  if (!posted.empty()) co_return http::ServerResponse(200, std::to_string(posted.size()));
  co_return http::ServerResponse(200, std::string(1'000'000, 'p'));
}

// What curl says, and how it ends.
Coro<std::pair<std::string, int>> curl(std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"curl", "--silent", "--insecure", "--max-time", "60"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  SubprocessOptions options;
  options.stdin_from = options.stderr_to = Stdio::kDevNull;
  options.stdout_to = Stdio::kPipe;
  auto starting = create_subprocess_exec(std::move(argv), options);
  Process process = co_await std::move(starting);
  auto talking = process.communicate();
  auto said = co_await std::move(talking);
  co_return std::pair(std::move(said.first), process.returncode().value_or(-1));
}

TEST_F(ConnectProxyTest, CurlGoesThroughTheExample) {
  const corolla_tests::TemporaryDirectory directory;
  corolla_tests::write_whole_file(directory / "posted", std::string(3'000'000, 'x'));
  run_test([&]() -> Coro<void> {
    const auto command = [](const std::string& port) { return std::vector<std::string>{COROLLA_CONNECT_PROXY, port}; };
    Peer proxy = co_await start_peer(command);
    for (const bool tls : {false, true}) {
      http::WebServerOptions options;
      if (tls) options.ssl = serving();
      auto starting = http::serve(page, "127.0.0.1", 0, options);
      auto server = co_await std::move(starting);
      auto fetching = curl({"--proxytunnel", "--proxy", proxy.url(), server.url()});
      const auto fetched = co_await std::move(fetching);
      EXPECT_EQ(fetched.second, 0);
      EXPECT_EQ(fetched.first == std::string(1'000'000, 'p'), true) << fetched.first.substr(0, 200);
      auto posting =
          curl({"--proxytunnel", "--proxy", proxy.url(), "--data-binary", "@" + (directory / "posted"), server.url()});
      const auto posted = co_await std::move(posting);
      EXPECT_EQ(posted, std::pair(std::string("3000000"), 0));
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    }
    const std::string nobody = "http://127.0.0.1:" + some_port() + "/";
    auto refusing = curl({"--proxytunnel", "--proxy", proxy.url(), "--write-out", "%{http_connect}", nobody});
    const auto refused = co_await std::move(refusing);
    EXPECT_EQ(refused.first, "502");
    EXPECT_NE(refused.second, 0);
    auto plain = curl({"--proxy", proxy.url(), "--write-out", "%{http_code}", "--output", "/dev/null", nobody});
    const auto not_allowed = co_await std::move(plain);
    EXPECT_EQ(not_allowed, std::pair(std::string("405"), 0));
    co_await stop_peer(proxy);
  });
}

}  // namespace
}  // namespace corolla::test
