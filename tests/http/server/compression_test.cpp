// SPDX-License-Identifier: Apache-2.0
// Compression of responses: which coding, which responses, which fields. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/content_coding.hpp>
#include <corolla/sync/event.hpp>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include <unistd.h>

namespace corolla_tests {
namespace {

using http::CompressionOptions;
using http::ContentCoding;
using http::Response;

class CompressionTest : public ServerTest {
 protected:
  /// A client that leaves bodies as they come.
  static Coro<http::TestClient> serve(Application app) {
    http::SessionOptions options;
    options.auto_decompress = false;
    return http::test_client(std::move(app), options);
  }
};

std::string long_text(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "line " + std::to_string(i * 7919 % 1000) + "\n";
  text.resize(size);
  return text;
}

std::string decoded(const Response& response, std::string_view bytes) {
  http::Decoder decoder(response.headers().get("Content-Encoding", ""));
  std::string out;
  decoder.decode(bytes, out);
  decoder.finish();
  return out;
}

http::RequestHandler compressed(std::string text, CompressionOptions options = {}) {
  return [text = std::move(text), options](ServerRequest&) -> Coro<ServerResponse> {
    ServerResponse response(200, text);
    response.headers().add("ETag", "\"x\"");
    response.enable_compression(options);
    co_return response;
  };
}

TEST_F(CompressionTest, TheCodingIsTheOneTheClientWantsMost) {
  run_test([]() -> Coro<void> {
    const std::string text = long_text(5000);
    Application app;
    app.add_get("/", compressed(text));
    auto client = co_await serve(app);
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"gzip, deflate, br, zstd", "zstd"},
        {"gzip, deflate, br", "br"},
        {"deflate, x-gzip", "gzip"},
        {"deflate", "deflate"},
        {"br;q=0.5, gzip;q=0.501, deflate;q=0.5", "gzip"},
        {"BR;Q=1, zstd;q=0.999", "br"},
        {"*", "zstd"},
        {"*;q=0.5, gzip", "gzip"},
        {"*, zstd;q=0, br;q=0.000", "gzip"},
        {"gzip;q=0, *;q=0", ""},
        {"gzip;q=2, br;q=1.001, zstd;q=-1, deflate;q=x", ""},  // no weights
        {"compress, identity", ""},
        {"", ""},
    };
    for (const auto& [accept, coding] : cases) {
      auto response = co_await client.get("/").header("Accept-Encoding", accept);
      EXPECT_EQ(response.headers().get("Content-Encoding", ""), coding) << accept;
      EXPECT_EQ(response.headers().get("Vary", ""), "Accept-Encoding") << accept;
      EXPECT_EQ(response.headers().get("ETag", ""), *coding == '\0' ? "\"x\"" : "W/\"x\"") << accept;
      const std::string body = co_await response.read();
      EXPECT_EQ(response.content_length(), body.size()) << accept;
      EXPECT_EQ(body.size() < text.size() / 2, *coding != '\0') << accept;
      const std::string plain = decoded(response, body);
      EXPECT_EQ(plain, text) << accept;
      auto head = co_await client.head("/").header("Accept-Encoding", accept);
      EXPECT_EQ(head.headers().get("Content-Encoding", ""), coding) << accept;
      EXPECT_EQ(head.content_length(), body.size()) << accept;
    }
    co_await client.close();
  });
}

TEST_F(CompressionTest, ForcedWithLevelAndStrategy) {
  run_test([]() -> Coro<void> {
    const std::string text = long_text(50'000);
    Application app;
    const auto add = [&](const char* path, ContentCoding coding, int level,
                         http::CompressionStrategy strategy = http::CompressionStrategy::kDefault) {
      CompressionOptions options;
      options.force = coding;
      options.level = level;
      options.strategy = strategy;
      app.add_get(path, compressed(text, options));
    };
    add("/gzip/1", ContentCoding::kGzip, 1);
    add("/gzip/9", ContentCoding::kGzip, 9);
    add("/gzip/huffman", ContentCoding::kGzip, 9, http::CompressionStrategy::kHuffmanOnly);
    add("/deflate/99", ContentCoding::kDeflate, 99);
    add("/br/0", ContentCoding::kBrotli, 0);
    add("/br/9", ContentCoding::kBrotli, 9);
    add("/zstd/1", ContentCoding::kZstd, 1);
    add("/zstd/99", ContentCoding::kZstd, 99);
    auto client = co_await serve(app);
    const auto size_of = [&](const char* path) -> Coro<std::size_t> {
      auto response = co_await client.get(path).header("Accept-Encoding", "identity");
      EXPECT_FALSE(response.headers().contains("Vary")) << path;
      const std::string body = co_await response.read();
      const std::string plain = decoded(response, body);
      EXPECT_EQ(plain, text) << path;
      co_return body.size();
    };
    const auto gzip1 = co_await size_of("/gzip/1");
    const auto gzip9 = co_await size_of("/gzip/9");
    const auto huffman = co_await size_of("/gzip/huffman");
    const auto deflate = co_await size_of("/deflate/99");
    const auto br0 = co_await size_of("/br/0");
    const auto br9 = co_await size_of("/br/9");
    const auto zstd1 = co_await size_of("/zstd/1");
    const auto zstd99 = co_await size_of("/zstd/99");
    EXPECT_LT(gzip9, gzip1);
    EXPECT_GT(huffman, gzip9 * 2);
    EXPECT_EQ(deflate + 12, gzip9);  // 18 bytes around it instead of 6
    EXPECT_LT(br9, br0);
    EXPECT_NE(zstd99, zstd1);
    co_await client.close();
  });
}

TEST_F(CompressionTest, WhatIsStreamedArrivesAtOnce) {
  run_test([]() -> Coro<void> {
    Event go_on;
    Application app;
    app.add_get("/", [&go_on](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response;
      response.set_producer([&go_on](http::BodyWriter& writer) -> Coro<void> {
        co_await writer.write("first ");
        co_await go_on.wait();  // until the client has it
        co_await writer.write("second");
        EXPECT_EQ(writer.written(), 12U);
      });
      response.enable_compression();
      co_return response;
    });
    auto client = co_await http::test_client(app);
    for (const char* coding : {"zstd", "br", "gzip", "deflate"}) {
      go_on.clear();
      auto response = co_await client.get("/").header("Accept-Encoding", coding);
      EXPECT_EQ(response.headers().get("Content-Encoding", ""), coding);
      const std::string first(co_await response.chunk());
      EXPECT_EQ(first, "first ") << coding;
      go_on.set();
      const std::string rest = co_await response.read();
      EXPECT_EQ(rest, "second") << coding;
      auto head = co_await client.head("/").header("Accept-Encoding", coding);
      EXPECT_EQ(head.headers().get("Content-Encoding", ""), coding);
      EXPECT_FALSE(head.content_length());
    }
    co_await client.close();
  });
}

TEST_F(CompressionTest, AProducersAnnouncedLengthIsStillItsPromise) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_get("/", [](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response;
      response.set_producer([](http::BodyWriter& writer) -> Coro<void> { co_await writer.write("too short"); }, 100);
      response.enable_compression();
      co_return response;
    });
    auto client = co_await http::test_client(app);
    auto response = co_await client.get("/");
    auto reading = response.read();
    const auto read = co_await outcome(std::move(reading));
    EXPECT_FALSE(read);
    EXPECT_EQ(reports.size(), 1U);
    co_await client.close();
  });
}

TEST_F(CompressionTest, LongTextsAndFilesAreCompressedWhileTheyAreSent) {
  const auto site = std::filesystem::temp_directory_path() / ("corolla-compression-" + std::to_string(::getpid()));
  std::filesystem::create_directory(site);
  const std::string text = long_text(1'000'000);
  std::ofstream(site / "long.txt") << text;
  std::ofstream(site / "noise.bin") << text;
  run_test([&]() -> Coro<void> {
    Application app;
    app.add_middleware(http::compress());
    app.add_get("/text", [&](ServerRequest&) -> Coro<ServerResponse> { co_return ServerResponse(200, text); });
    app.add_static("/files", site);
    auto client = co_await serve(app);
    for (const char* path : {"/text", "/files/long.txt"}) {
      auto response = co_await client.get(path).header("Accept-Encoding", "gzip");
      EXPECT_EQ(response.headers().get("Content-Encoding", ""), "gzip") << path;
      EXPECT_FALSE(response.headers().contains("Accept-Ranges")) << path;
      EXPECT_FALSE(response.content_length()) << path;
      const std::string body = co_await response.read();
      EXPECT_LT(body.size(), text.size() / 3) << path;
      const bool same = decoded(response, body) == text;
      EXPECT_TRUE(same) << path;
    }
    // Parts of a file are not compressed, and the client's copy is still known by its weak tag.
    auto whole = co_await client.get("/files/long.txt").header("Accept-Encoding", "gzip");
    const std::string tag(whole.headers().get("ETag", ""));
    EXPECT_TRUE(tag.starts_with("W/\"")) << tag;
    static_cast<void>(co_await whole.read());
    auto part = co_await client.get("/files/long.txt").header("Accept-Encoding", "gzip").header("Range", "bytes=0-3");
    EXPECT_EQ(part.status(), 206);
    EXPECT_FALSE(part.headers().contains("Content-Encoding"));
    const std::string bytes = co_await part.read();
    EXPECT_EQ(bytes, text.substr(0, 4));
    auto unchanged =
        co_await client.get("/files/long.txt").header("Accept-Encoding", "gzip").header("If-None-Match", tag);
    EXPECT_EQ(unchanged.status(), 304);
    EXPECT_EQ(unchanged.headers().get("ETag", ""), tag);
    EXPECT_EQ(unchanged.headers().get("Vary", ""), "Accept-Encoding");
    EXPECT_FALSE(unchanged.headers().contains("Content-Encoding"));
    auto other = co_await client.get("/files/noise.bin").header("Accept-Encoding", "gzip");
    EXPECT_FALSE(other.headers().contains("Content-Encoding"));
    EXPECT_EQ(other.content_length(), text.size());
    other.close();
    co_await client.close();
  });
  std::filesystem::remove_all(site);
}

TEST_F(CompressionTest, TheMiddlewareTakesWhatIsWorthIt) {
  run_test([]() -> Coro<void> {
    const auto answer = [](std::string type, std::size_t size, http::Headers fields = {}, int status = 200) {
      return [=](ServerRequest&) -> Coro<ServerResponse> {
        ServerResponse response(status, long_text(size), type);
        for (const auto& [name, value] : fields) response.headers().add(name, value);
        co_return response;
      };
    };
    Application app;
    app.add_middleware(http::compress());
    app.add_get("/html", answer("text/html; charset=utf-8", 2000));
    app.add_get("/problem", answer("application/problem+json", 2000, {}, 400));
    app.add_get("/svg", answer("Image/SVG+xml", 2000, {{"Vary", "Cookie"}}));
    app.add_get("/small", answer("text/html", 1023));
    app.add_get("/jpeg", answer("image/jpeg", 2000));
    app.add_get("/coded", answer("text/html", 2000, {{"Content-Encoding", "compress"}}));
    app.add_get("/untouchable", answer("text/html", 2000, {{"Cache-Control", "public, no-transform"}}));
    app.add_get("/part", answer("text/html", 2000, {{"Content-Range", "bytes 0-1999/4000"}}, 206));
    app.add_get("/vary", answer("text/html", 2000, {{"Vary", "Cookie, accept-encoding"}}));
    app.add_get("/noise", [](ServerRequest&) -> Coro<ServerResponse> {
      std::string noise;
      for (unsigned i = 1, x = 1; i <= 2000; ++i, x = x * 1664525U + 1013904223U) noise += static_cast<char>(x >> 24U);
      co_return ServerResponse(200, noise, "text/plain");
    });
    auto client = co_await serve(app);
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"/html", "br"},        {"/problem", "br"},   {"/svg", "br"}, {"/small", ""},  {"/jpeg", ""},
        {"/coded", "compress"}, {"/untouchable", ""}, {"/part", ""},  {"/vary", "br"}, {"/noise", ""}};
    for (const auto& [path, coding] : cases) {
      auto response = co_await client.get(path).header("Accept-Encoding", "gzip;q=0.8, br");
      EXPECT_EQ(response.headers().get("Content-Encoding", ""), coding) << path;
      static_cast<void>(co_await response.read());
    }
    auto svg = co_await client.get("/svg");
    EXPECT_TRUE(svg.headers().has_token("Vary", "Cookie"));
    EXPECT_TRUE(svg.headers().has_token("Vary", "Accept-Encoding"));
    static_cast<void>(co_await svg.read());
    auto vary = co_await client.get("/vary");
    EXPECT_EQ(vary.headers().count("Vary"), 1U);
    static_cast<void>(co_await vary.read());
    auto jpeg = co_await client.get("/jpeg");
    EXPECT_FALSE(jpeg.headers().contains("Vary"));
    static_cast<void>(co_await jpeg.read());
    co_await client.close();
  });
}

TEST_F(CompressionTest, WithoutAnApplicationAndToHttp10) {
  run_test([]() -> Coro<void> {
    const std::string text = long_text(200'000);
    auto handler = [&text](ServerRequest&) -> Coro<ServerResponse> {
      ServerResponse response(200, text);
      response.enable_compression();
      co_return response;
    };
    auto starting = start(handler);
    auto server = co_await std::move(starting);
    const Reply reply = co_await ask_once(server.port(), "GET / HTTP/1.0\r\nAccept-Encoding: br\r\n\r\n");
    EXPECT_TRUE(reply.has("Content-Encoding: br"));
    EXPECT_TRUE(reply.has("Connection: close"));
    EXPECT_EQ(reply.field("Content-Length"), "");
    http::Decoder decoder("br");
    std::string out;
    decoder.decode(reply.body, out);
    decoder.finish();
    const bool same = out == text;
    EXPECT_TRUE(same);
  });
}

}  // namespace
}  // namespace corolla_tests
