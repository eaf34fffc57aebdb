// SPDX-License-Identifier: Apache-2.0
// Fields behind a body, on both sides of a connection: in HTTP/1.1 and in HTTP/2 the program is the same.
#include "tests/http/client/session_test.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/runtime/async_generator.hpp>

#include <functional>
#include <vector>

namespace corolla::test {
namespace {

class ClientTrailersTest : public SessionTest {};

AsyncGenerator<std::string> two_pieces() {
  co_yield std::string("one ");
  co_yield std::string("two");
}

std::string text_of(const http::Headers& trailers) {
  std::string text;
  for (const auto& [name, value] : trailers) {
    for (const char c : name) text += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    text.append("=").append(value).append(";");
  }
  return text;
}

// Says what it was sent, and sends the trailers back behind its own.
Coro<http::ServerResponse> mirror(http::ServerRequest& request) {
  auto reading = request.read();
  std::string text = co_await std::move(reading);
  text += request.headers().has_token("TE", "trailers") ? " TE" : "";
  text += " [" + text_of(request.trailers()) + "]";
  http::ServerResponse response(200);
  response.headers().add("Trailer", "X-Size");
  response.set_producer(
      [text = std::move(text), path = std::string(request.path())](http::BodyWriter& writer) -> Coro<void> {
        if (path != "/empty") co_await writer.write(text);
        writer.add_trailer("X-Size", std::to_string(writer.written()));
        writer.add_trailer("X-Last", "yes");
      });
  co_return response;
}

// What is done with a session and a server's URL in either version of HTTP.
Coro<void> in_both_versions(std::function<Coro<void>(Session&, std::string url)> body) {
  http::WebServerOptions serving;
  serving.h2c = true;
  auto starting = http::serve(mirror, "127.0.0.1", 0, serving);
  auto server = co_await std::move(starting);
  for (const auto version : {http::Http2Use::kOff, http::Http2Use::kPriorKnowledge}) {
    SessionOptions options;
    options.http2 = version;
    Session session(options);
    auto doing = body(session, server.url());
    co_await std::move(doing);
    EXPECT_EQ(session.connections_in_use(), 0U);
  }
  auto stopping = server.shutdown();
  co_await std::move(stopping);
}

TEST_F(ClientTrailersTest, BothWaysInBothVersions) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, std::string url) -> Coro<void> {
      int asked = 0;
      auto sum = [&asked] {
        http::Headers fields;
        fields.add("X-Sum", std::to_string(++asked));
        return fields;
      };
      for (int i = 0; i < 4; ++i) {
        auto request = session.post(url).trailers(sum).header("TE", "trailers").header("Trailer", "X-Sum");
        if (i == 0) request = std::move(request).body(two_pieces());
        if (i == 1) request = std::move(request).body(two_pieces(), 7);
        if (i == 2) request = std::move(request).body("one two");
        auto sending = std::move(request).send();
        auto response = co_await std::move(sending);
        EXPECT_TRUE(response.trailers().empty()) << "the body was not read";
        EXPECT_EQ(response.headers().get("Trailer", ""), "X-Size");
        const auto text = co_await response.text();
        EXPECT_EQ(text, std::string(i == 3 ? "" : "one two") + " TE [x-sum=" + std::to_string(i + 1) + ";]");
        EXPECT_EQ(text_of(response.trailers()), "x-size=" + std::to_string(text.size()) + ";x-last=yes;");
        EXPECT_FALSE(response.headers().contains("X-Size"));
      }
      auto sending = session.get(url + "empty").send();
      auto response = co_await std::move(sending);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "");
      EXPECT_EQ(text_of(response.trailers()), "x-size=0;x-last=yes;");
      EXPECT_EQ(session.connections_idle(), 1U) << "one connection did all that";
    };
    auto running = in_both_versions(body);
    co_await std::move(running);
  });
}

// The producer's trailers stand behind what the encoder makes of its body, in both versions.
TEST_F(ClientTrailersTest, BehindCompressedBodies) {
  run_test([]() -> Coro<void> {
    const std::string text(50'000, 'x');
    auto compressed = [&text](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      http::ServerResponse response(200);
      response.enable_compression();
      response.set_producer([&text, path = std::string(request.path())](http::BodyWriter& writer) -> Coro<void> {
        writer.add_trailer("X-First", "yes");
        if (path == "/full") {
          for (std::size_t at = 0; at < text.size(); at += 1000) co_await writer.write(text.substr(at, 1000));
        }
        writer.add_trailer("X-Size", std::to_string(writer.written()));
      });
      co_return response;
    };
    http::WebServerOptions serving;
    serving.h2c = true;
    auto starting = http::serve(compressed, "127.0.0.1", 0, serving);
    auto server = co_await std::move(starting);
    for (const auto version : {http::Http2Use::kOff, http::Http2Use::kPriorKnowledge}) {
      for (const bool decompress : {true, false}) {
        SessionOptions options;
        options.http2 = version;
        options.auto_decompress = decompress;
        Session session(options);
        for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
          for (const std::string path : {"full", "empty"}) {
            auto sending = session.get(server.url() + path).header("Accept-Encoding", coding).send();
            auto response = co_await std::move(sending);
            EXPECT_EQ(response.headers().get("Content-Encoding", ""), coding);
            const auto read = co_await response.text();
            const std::string expected = path == "full" ? text : std::string();
            EXPECT_EQ(decompress, read == expected) << coding << " " << path << " " << read.size();
            EXPECT_EQ(text_of(response.trailers()), "x-first=yes;x-size=" + std::to_string(expected.size()) + ";");
          }
        }
        EXPECT_EQ(session.connections_idle(), 1U) << "one connection did all that";
      }
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

// A coding that ends too early is an error, also where the body itself is whole.
TEST_F(ClientTrailersTest, BehindABodyOfAnothersEncoder) {
  run_test([]() -> Coro<void> {
    // "hello" by gzip.
    const std::string whole(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25);
    ScriptedServer server([&whole](const std::string& request) {
      const std::string body = request.starts_with("GET /cut") ? whole.substr(0, 20) : whole;
      return Reply("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   std::string(body.size() == 25 ? "19" : "14") + "\r\n" + body + "\r\n0\r\nX-Sum: 1\r\n\r\n");
    });
    co_await server.start();
    {
      Session session;
      auto sending = session.get(server.url()).send();
      auto response = co_await std::move(sending);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "hello");
      EXPECT_EQ(text_of(response.trailers()), "x-sum=1;");
      auto asking = session.get(server.url("/cut")).send();
      auto cut = co_await std::move(asking);
      auto reading = cut.text();
      const auto read = co_await outcome(std::move(reading));
      EXPECT_FALSE(read);
    }
    co_await server.finish();
  });
}

TEST_F(ClientTrailersTest, WhatMustNotBeSentEndsTheRequest) {
  run_test([]() -> Coro<void> {
    auto body = [](Session& session, std::string url) -> Coro<void> {
      for (const char* name : {"Content-Length", "Authorization", "te"}) {
        auto forbidden = [name] {
          http::Headers fields;
          fields.add(name, "1");
          return fields;
        };
        auto request = session.post(url).body(two_pieces()).trailers(forbidden);
        const auto thrown = co_await error_of<ValueError>(std::move(request).send());
        EXPECT_EQ(thrown, "the field " + std::string(name) + " must not follow the body");
      }
    };
    auto running = in_both_versions(body);
    co_await std::move(running);
  });
}

TEST_F(ClientTrailersTest, RedirectsTakeThemAlongWithTheBody) {
  run_test([]() -> Coro<void> {
    auto redirect = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      if (request.path() == "/307") co_return http::ServerResponse::redirect("/", 307);
      if (request.path() == "/303") co_return http::ServerResponse::redirect("/", 303);
      auto reading = request.read();
      const std::string body = co_await std::move(reading);
      std::string text = request.method() + " " + body + " [" + text_of(request.trailers()) + "]";
      co_return http::ServerResponse(200, request.has_body() ? text : text + " no body");
    };
    auto starting = http::serve(redirect, "127.0.0.1", 0);
    auto server = co_await std::move(starting);
    {
      Session session;
      auto sum = [] {
        http::Headers fields;
        fields.add("X-Sum", "1");
        return fields;
      };
      auto again = session.post(server.url() + "307").body("hi").trailers(sum).send();
      auto repeated = co_await std::move(again);
      const auto text = co_await repeated.text();
      EXPECT_EQ(text, "POST hi [x-sum=1;]");
      auto other = session.post(server.url() + "303").body("hi").trailers(sum).send();
      auto fetched = co_await std::move(other);
      const auto without = co_await fetched.text();
      EXPECT_EQ(without, "GET  [] no body");
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(ClientTrailersTest, AServersForbiddenOnesAreLeftOut) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n";
      if (request.starts_with("GET /bad")) return Reply(head + "X: a\r\n folded\r\n\r\n");
      if (request.starts_with("GET /many")) {
        std::string many;
        for (int i = 0; i < 300; ++i) many += "x: y\r\n";
        return Reply(head + many + "\r\n");
      }
      return Reply(head + "Set-Cookie: a=b\r\nX-Sum: 1\r\nLocation: /evil\r\nContent-Encoding: gzip\r\n\r\n");
    });
    co_await server.start();
    {
      Session session;
      auto sending = session.get(server.url()).send();
      auto response = co_await std::move(sending);
      const auto text = co_await response.text();
      EXPECT_EQ(text, "hi");
      EXPECT_EQ(text_of(response.trailers()), "x-sum=1;");
      EXPECT_EQ(session.cookie_jar().size(), 0U);
      auto folded = session.get(server.url("/bad")).send();
      auto bad = co_await std::move(folded);
      const auto malformed = co_await error_of<http::HttpProtocolError>(bad.text());
      EXPECT_TRUE(malformed.starts_with("malformed response: ")) << malformed;
      auto asking = session.get(server.url("/many")).send();
      auto many = co_await std::move(asking);
      const auto too_many = co_await error_of<http::HeaderTooLarge>(many.text());
      EXPECT_NE(too_many, "no error");
      EXPECT_TRUE(many.trailers().empty());
    }
    co_await server.finish();
  });
}

}  // namespace
}  // namespace corolla::test
