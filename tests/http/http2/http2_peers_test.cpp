// SPDX-License-Identifier: Apache-2.0
// nghttp, h2load and curl as clients of the server; nghttpd as the server of the client.
#include "tests/http/client/https_test.hpp"
#include "tests/http/peers/peer.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/web_server.hpp>

namespace corolla::test {
namespace {

using corolla_tests::TemporaryDirectory;
using corolla_tests::write_whole_file;

class Http2PeersTest : public SessionTest {};

Coro<http::ServerResponse> page(http::ServerRequest& request) {
  auto reading = request.read();
  const std::string posted = co_await std::move(reading);
  if (!posted.empty()) co_return http::ServerResponse(200, std::to_string(posted.size()));
  co_return http::ServerResponse(200, std::string(to_string(request.version())) + " " + std::string(100'000, 'p'));
}

// What the program says; it has to end well.
Coro<std::string> output_of(std::vector<std::string> argv) {
  SubprocessOptions options;
  options.stdin_from = options.stderr_to = Stdio::kDevNull;
  options.stdout_to = Stdio::kPipe;
  const std::string name = argv.front();
  auto starting = create_subprocess_exec(std::move(argv), options);
  Process process = co_await std::move(starting);
  auto talking = process.communicate();
  const auto said = co_await std::move(talking);
  EXPECT_EQ(process.returncode(), 0) << name;
  co_return said.first;
}

TEST_F(Http2PeersTest, TheirClients) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "posted", std::string(800'000, 'x'));
  run_test([&]() -> Coro<void> {
    for (const bool tls : {false, true}) {
      http::WebServerOptions options;
      options.h2c = true;
      if (tls) options.ssl = serving();
      auto starting = http::serve(page, "127.0.0.1", 0, options);
      auto server = co_await std::move(starting);
      const std::string expected = "HTTP/2 " + std::string(100'000, 'p');

      auto fetching = output_of({"nghttp", "-y", server.url()});
      const std::string fetched = co_await std::move(fetching);
      EXPECT_EQ(fetched == expected, true) << fetched.substr(0, 200);
      auto posting = output_of({"nghttp", "-y", "-d", directory / "posted", server.url()});
      const std::string posted = co_await std::move(posting);
      EXPECT_EQ(posted, "800000");
      auto curling = output_of({"curl", "-s", "-k", tls ? "--http2" : "--http2-prior-knowledge", server.url()});
      const std::string curled = co_await std::move(curling);
      EXPECT_EQ(curled == expected, true) << curled.substr(0, 200);
      auto loading = output_of({"h2load", "-n", "300", "-c", "3", "-m", "30", server.url()});
      const std::string loaded = co_await std::move(loading);
      EXPECT_NE(loaded.find("300 succeeded, 0 failed, 0 errored"), std::string::npos) << loaded;
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    }
  });
}

// Sends the trailers it got behind its body.
Coro<http::ServerResponse> mirror_trailers(http::ServerRequest& request) {
  auto reading = request.read();
  const std::string body = co_await std::move(reading);
  http::Headers trailers = request.trailers();
  http::ServerResponse response(200);
  response.set_producer([body, trailers](http::BodyWriter& writer) -> Coro<void> {
    const std::string text = body.empty() ? "empty" : body;
    co_await writer.write(text);
    for (const auto& [name, value] : trailers) writer.add_trailer("x-back-" + std::string(name), value);
    writer.add_trailer("x-size", std::to_string(writer.written()));
  });
  co_return response;
}

TEST_F(Http2PeersTest, TrailersOfTheirClients) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "posted", std::string(100, 'x'));
  run_test([&]() -> Coro<void> {
    http::WebServerOptions options;
    options.h2c = true;
    auto starting = http::serve(mirror_trailers, "127.0.0.1", 0, options);
    auto server = co_await std::move(starting);
    auto posting = output_of({"nghttp", "-v", "-d", directory / "posted", "--trailer=x-sum: 12", server.url()});
    const std::string posted = co_await std::move(posting);
    EXPECT_NE(posted.find("x-back-x-sum: 12"), std::string::npos) << posted;
    EXPECT_NE(posted.find("x-size: 100"), std::string::npos) << posted;
    for (const char* version : {"--http1.1", "--http2-prior-knowledge"}) {
      auto curling = output_of({"curl", "-s", "-D", "-", version, server.url()});
      const std::string curled = co_await std::move(curling);
      EXPECT_NE(curled.find("empty"), std::string::npos) << curled;
      EXPECT_NE(curled.find("x-size: 5\r\n"), std::string::npos) << curled;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(Http2PeersTest, TheirServer) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "page", std::string(3'000'000, 'p'));
  write_whole_file(directory / "key", authorities().host.key_pem());
  write_whole_file(directory / "cert", authorities().host.pem() + authorities().intermediate.pem());
  run_test([&]() -> Coro<void> {
    for (const bool tls : {false, true}) {
      auto starting = start_peer([&](const std::string& port) {
        std::vector<std::string> argv = {
            "nghttpd", "-a", "127.0.0.1", "-d", std::string(directory / ""), "--echo-upload", "--trailer=x-sum: 12"};
        if (!tls) argv.emplace_back("--no-tls");
        argv.push_back(port);
        if (tls) {
          argv.push_back(directory / "key");
          argv.push_back(directory / "cert");
        }
        return argv;
      });
      Peer peer = co_await std::move(starting);
      {
        SessionOptions options = with(trusting());
        options.http2 = http::Http2Use::kPriorKnowledge;
        Session session(options);
        const std::string url = (tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + peer.port + "/";
        std::vector<Coro<std::string>> pages;
        for (int i = 0; i < 20; ++i) pages.push_back(fetch(session, url + "page"));
        const auto texts = co_await gather(pages);
        for (const auto& text : texts) EXPECT_EQ(text == std::string(3'000'000, 'p'), true) << text.size();
        auto posting = session.post(url + "echo").body(std::string(700'000, 'u')).send();
        auto posted = co_await std::move(posting);
        const auto echoed = co_await posted.read();
        EXPECT_EQ(echoed == std::string(700'000, 'u'), true) << echoed.size();
        EXPECT_EQ(posted.trailers().get("x-sum", ""), "12");
        auto missing = session.get(url + "nothing").send();
        auto answered = co_await std::move(missing);
        EXPECT_EQ(answered.status(), 404);
        EXPECT_EQ(answered.version(), http::HttpVersion::kHttp2);
      }
      auto stopping = stop_peer(peer);
      co_await std::move(stopping);
    }
  });
}

}  // namespace
}  // namespace corolla::test
