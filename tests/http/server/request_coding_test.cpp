// SPDX-License-Identifier: Apache-2.0
// Bodies of requests that are encoded: what handlers see of them, and what is refused.
#include "tests/http/client/session_test.hpp"

#include <corolla/http/form_data.hpp>
#include <corolla/http/multipart.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>

#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

namespace corolla::test {
namespace {

using Handler = std::function<Coro<http::ServerResponse>(http::ServerRequest&)>;

class RequestCodingTest : public SessionTest {
 protected:
  // Runs `body` with the URL of a server, for clients of either version.
  template <class F>
  void with_server(Handler handler, F body, http::WebServerOptions options = http::WebServerOptions()) {
    options.h2c = true;
    run_test([&]() -> Coro<void> {
      auto starting = http::serve(handler, "127.0.0.1", 0, options);
      auto server = co_await std::move(starting);
      for (const auto version : {http::Http2Use::kOff, http::Http2Use::kPriorKnowledge}) {
        SessionOptions session_options;
        session_options.http2 = version;
        Session session(session_options);
        auto testing = body(session, server.url());
        co_await std::move(testing);
      }
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    });
  }
};

Coro<http::ServerResponse> echo(http::ServerRequest& request) {
  const std::string body = co_await request.read();
  co_return http::ServerResponse(200, std::string(request.headers().get("Content-Encoding", "-")) + ": " + body);
}

// "200 text"
Coro<std::string> answer_to(http::Request request) {
  auto sending = std::move(request).timeout(30s).send();
  auto response = co_await std::move(sending);
  const std::string text = co_await response.text();
  co_return std::to_string(response.status()) + " " + text;
}

TEST_F(RequestCodingTest, HandlersSeeItDecoded) {
  with_server(echo, [](Session& session, std::string url) -> Coro<void> {
    const std::string large(500'000, 'x');
    for (const std::string coding : {"gzip", "deflate", "br", "zstd"}) {
      const auto text = co_await answer_to(session.post(url).compress(coding).body("text"));
      EXPECT_EQ(text, "200 " + coding + ": text");
      const auto whole = co_await answer_to(session.post(url).compress(coding).body(large));
      EXPECT_EQ(whole, "200 " + coding + ": " + large);
    }
    const auto identity = co_await answer_to(session.post(url).header("Content-Encoding", "identity").body("x"));
    EXPECT_EQ(identity, "200 identity: x");
    const auto nothing = co_await answer_to(session.post(url).header("Content-Encoding", "gzip"));
    EXPECT_EQ(nothing, "200 gzip: ");
    const auto plain = co_await answer_to(session.post(url).body("plain"));
    EXPECT_EQ(plain, "200 -: plain");
  });
}

TEST_F(RequestCodingTest, FormsAndDocuments) {
  const Handler handler = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    if (request.path() == "/json") {
      const auto document = co_await request.json();
      co_return http::ServerResponse(200, document.dump());
    }
    const auto form = co_await request.post();
    co_return http::ServerResponse(200, std::string(form.value("a", "-")));
  };
  with_server(handler, [](Session& session, std::string url) -> Coro<void> {
    const nlohmann::json document = {{"a", 1}};
    const auto json = co_await answer_to(session.post(url + "json").json(document).compress("br"));
    EXPECT_EQ(json, "200 {\"a\":1}");
    const auto form = co_await answer_to(session.post(url).form("a", "b c").compress("zstd"));
    EXPECT_EQ(form, "200 b c");
    http::Multipart parts;
    parts.field("a", "in a part");
    const auto multipart = co_await answer_to(session.post(url).multipart(std::move(parts)).compress("gzip"));
    EXPECT_EQ(multipart, "200 in a part");
  });
}

TEST_F(RequestCodingTest, WhatIsRefused) {
  const Handler handler = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    if (request.path() == "/more") request.set_max_body_bytes(3'000'000);
    const std::string body = co_await request.read();
    co_return http::ServerResponse(200, std::to_string(body.size()));
  };
  with_server(handler, [](Session& session, std::string url) -> Coro<void> {
    auto asking = session.post(url).header("Content-Encoding", "gzip, lzma").body("x").send();
    auto response = co_await std::move(asking);
    EXPECT_EQ(response.status(), 415);
    EXPECT_EQ(response.headers().get("Accept-Encoding"), "gzip, deflate, br, zstd");
    co_await response.read();
    const auto broken = co_await answer_to(session.post(url).header("Content-Encoding", "gzip").body("no gzip"));
    EXPECT_TRUE(broken.starts_with("400 ")) << broken;
    const std::string cut("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
    const auto cut_short = co_await answer_to(session.post(url).header("Content-Encoding", "gzip").body(cut));
    EXPECT_TRUE(cut_short.starts_with("400 ")) << cut_short;
    const std::string bomb(2'000'000, '\0');  // a few KiB on the wire
    for (const char* coding : {"gzip", "zstd"}) {
      const auto large = co_await answer_to(session.post(url).compress(coding).body(bomb));
      EXPECT_TRUE(large.starts_with("413 ")) << large;
    }
    std::string noise = bomb;  // not so small, or the ratio would be the limit
    for (std::size_t i = 0; i < noise.size(); i += 97) noise[i] = static_cast<char>(i * i / 97);
    const auto allowed = co_await answer_to(session.post(url + "more").compress("gzip").body(noise));
    EXPECT_EQ(allowed, "200 2000000");
  });
}

TEST_F(RequestCodingTest, LeftAsItIs) {
  http::WebServerOptions options;
  options.auto_decompress = false;
  const auto body = [](Session& session, std::string url) -> Coro<void> {
    const auto text = co_await answer_to(session.post(url).header("Content-Encoding", "lzma").body("as it is"));
    EXPECT_EQ(text, "200 lzma: as it is");
  };
  with_server(echo, body, options);
}

}  // namespace
}  // namespace corolla::test
