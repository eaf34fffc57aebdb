// SPDX-License-Identifier: Apache-2.0
// Request::compress: bodies that are encoded while they are sent.
#include "tests/http/client/session_test.hpp"

#include <corolla/http/content_coding.hpp>
#include <corolla/http/digest_auth.hpp>
#include <corolla/http/multipart.hpp>
#include <corolla/http/retry.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>

#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

namespace corolla::test {
namespace {

using Handler = std::function<Coro<http::ServerResponse>(http::ServerRequest&)>;

class CompressedUploadTest : public SessionTest {
 protected:
  // Runs `body` with the URL of a server.
  template <class F>
  void with_server(Handler handler, F body) {
    run_test([&]() -> Coro<void> {
      http::WebServerOptions options;
      options.h2c = true;
      options.auto_decompress = false;
      auto starting = http::serve(handler, "127.0.0.1", 0, options);
      auto server = co_await std::move(starting);
      auto testing = body(server.url());
      co_await std::move(testing);
      auto stopping = server.shutdown();
      co_await std::move(stopping);
    });
  }
};

std::string decoded(std::string_view coding, const std::string& bytes) {
  http::Decoder decoder(coding);
  std::string out;
  decoder.decode(bytes, out);
  decoder.finish();
  return out;
}

// "gzip chunked text/plain: " and the body, decoded; "(smaller)" when less came.
Coro<http::ServerResponse> describe_body(http::ServerRequest& request) {
  const std::string coding(request.headers().get("Content-Encoding", "none"));
  const std::string type(request.headers().get("Content-Type", "-"));
  const std::string body = co_await request.read();
  const std::string text = coding == "none" ? body : decoded(coding, body);
  std::string how = std::string(request.method()) + " " + coding;
  how += request.content_length() ? " measured " : " chunked ";
  if (text.size() > body.size()) how += "smaller ";
  co_return http::ServerResponse(200, how + type.substr(0, type.find(';')) + ": " + text);
}

AsyncGenerator<std::string> pieces_of(std::vector<std::string> pieces) {
  for (std::string& piece : pieces) {
    co_await sleep(0s);
    co_yield piece;
  }
}

Coro<std::string> text_of(http::Request request) {
  auto sending = std::move(request).timeout(30s).send();
  auto response = co_await std::move(sending);
  co_return co_await response.text();
}

TEST_F(CompressedUploadTest, EachKindOfBodyInEachCodingAndVersion) {
  with_server(describe_body, [](std::string url) -> Coro<void> {
    const std::string large(300'000, 'y');
    for (const auto version : {http::Http2Use::kOff, http::Http2Use::kPriorKnowledge}) {
      SessionOptions options;
      options.http2 = version;
      Session session(options);
      for (const std::string coding : {"gzip", "deflate", "br", "zstd"}) {
        SCOPED_TRACE(coding);
        const std::string how = "POST " + coding + " chunked ";
        const auto text = co_await text_of(session.post(url).compress(coding).body("text"));
        EXPECT_EQ(text, how + "-: text");
        const auto whole = co_await text_of(session.post(url).body(large).compress(coding));
        EXPECT_EQ(whole, how + "smaller -: " + large);
        const nlohmann::json document = {{"a", 1}};
        const auto json = co_await text_of(session.post(url).json(document).compress(coding));
        EXPECT_EQ(json, how + "application/json: {\"a\":1}");
        const auto form = co_await text_of(session.post(url).compress(coding).form("a", "b c"));
        EXPECT_EQ(form, how + "application/x-www-form-urlencoded: a=b%20c");
        http::Multipart parts;
        parts.field("name", large);
        const auto multipart = co_await text_of(session.post(url).multipart(std::move(parts)).compress(coding));
        EXPECT_TRUE(multipart.starts_with(how + "smaller multipart/form-data: --")) << multipart.substr(0, 100);
        EXPECT_NE(multipart.find("name=\"name\"\r\n\r\n" + large + "\r\n--"), std::string::npos);
        std::vector<std::string> pieces = {"one ", "", large, " three"};
        const std::string all = pieces[0] + pieces[2] + pieces[3];
        const auto streamed = co_await text_of(session.post(url).body(pieces_of(pieces), all.size()).compress(coding));
        EXPECT_EQ(streamed, how + "smaller -: " + all);
      }
      EXPECT_EQ(session.connections_idle(), 1U) << "the connection is kept";
    }
  });
}

TEST_F(CompressedUploadTest, WithoutABodyNothingIsSaid) {
  with_server(describe_body, [](std::string url) -> Coro<void> {
    Session session;
    const auto got = co_await text_of(session.get(url).compress("gzip"));
    EXPECT_EQ(got, "GET none chunked -: ") << "no length, either: there is no body";
    const auto posted = co_await text_of(session.post(url).compress("gzip"));
    EXPECT_EQ(posted, "POST none measured -: ");
  });
}

TEST_F(CompressedUploadTest, WhatIsWrong) {
  with_server(describe_body, [](std::string url) -> Coro<void> {
    Session session;
    EXPECT_THROW(static_cast<void>(session.post(url).compress("lzma")), ValueError);
    EXPECT_THROW(static_cast<void>(session.post(url).compress("")), ValueError);
    const auto before = co_await error_of<ValueError>(
        text_of(session.post(url).header("content-encoding", "gzip").compress("gzip").body("x")));
    EXPECT_NE(before.find("Content-Encoding"), std::string::npos) << before;
    const auto behind = co_await error_of<ValueError>(
        text_of(session.post(url).compress("gzip").header("Content-Encoding", "gzip").body("x")));
    EXPECT_EQ(behind, before);
    const std::vector<std::string> pieces = {"abc"};
    const auto more =
        co_await error_of<ValueError>(text_of(session.post(url).body(pieces_of(pieces), 2).compress("br")));
    EXPECT_EQ(more, "the body has more than the 2 bytes that were announced") << "before encoding";
  });
}

// 307 asks for the body again, 303 for none; a retry sends it again; middlewares see it as it was.
TEST_F(CompressedUploadTest, RedirectsRetriesAndMiddlewares) {
  int asked = 0;
  const Handler handler = [&](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    const std::string path(request.path());
    if (path == "/307" || path == "/303") {
      http::ServerResponse response(path == "/307" ? 307 : 303);
      response.headers().set("Location", "/");
      co_return response;
    }
    if (path == "/busy" && ++asked % 2 == 1) co_return http::ServerResponse(503);
    auto describing = describe_body(request);
    co_return co_await std::move(describing);
  };
  with_server(handler, [](std::string url) -> Coro<void> {
    std::vector<std::string> seen;
    for (const bool watched : {false, true}) {
      SessionOptions options;
      if (watched) {
        options.middlewares.push_back([&seen](http::RequestData& request, http::ClientHandler next) -> Coro<Response> {
          seen.push_back(request.body);
          auto sending = next(request);
          co_return co_await std::move(sending);
        });
      }
      Session session(options);
      const auto again = co_await text_of(session.post(url + "307").compress("zstd").body("body"));
      EXPECT_EQ(again, "POST zstd chunked -: body");
      const auto none = co_await text_of(session.post(url + "303").compress("zstd").body("body"));
      EXPECT_EQ(none, "GET none chunked -: ");
      http::RetryPolicy policy(2);
      policy.backoff = 1ms;
      const auto busy = co_await text_of(session.put(url + "busy").compress("gzip").body("body").retry(policy));
      EXPECT_EQ(busy, "PUT gzip chunked -: body");
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"body", "body", "body", "", "body"}));
  });
}

// What a generator gave can be decoded before it goes on.
TEST_F(CompressedUploadTest, PiecesLeaveAtOnce) {
  std::function<void()> arrived;
  const Handler handler = [&](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    http::Decoder decoder(request.headers().get("Content-Encoding", ""));
    std::string text;
    for (;;) {
      const std::string_view piece = co_await request.chunk();
      if (piece.empty()) break;
      decoder.decode(piece, text);
      if (text == "first") arrived();
    }
    co_return http::ServerResponse(200, text);
  };
  with_server(handler, [&](std::string url) -> Coro<void> {
    Session session;
    for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
      Future<void> told = get_running_loop().create_future<void>();
      arrived = [told]() mutable {
        if (!told.done()) told.set_result();
      };
      const auto pieces = [](Future<void> wait_for_it) -> AsyncGenerator<std::string> {
        co_yield std::string("first");
        co_await wait_for_it;
        co_yield std::string(" second");
      };
      const auto text = co_await text_of(session.post(url).body(pieces(told)).compress(coding));
      EXPECT_EQ(text, "first second") << coding;
    }
    arrived = nullptr;
  });
}

}  // namespace
}  // namespace corolla::test
