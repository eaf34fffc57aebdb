// SPDX-License-Identifier: Apache-2.0
// A directory over HTTP: conditional requests, ranges, files that are compressed already. Both backends.
#include "tests/http/server/static_files_test.hpp"

#include "http/server/accept_encoding.hpp"

namespace corolla_tests {
namespace {

TEST_F(StaticFilesTest, Conditions) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply plain = co_await ask_once(server.port(), get("/digits.txt"));
    const std::string tag = plain.field("ETag");
    const std::string date(kModified);
    struct Condition {
      std::string fields;
      int status;
    };
    const std::vector<Condition> conditions = {
        {"If-None-Match: " + tag + "\r\n", 304},
        {"If-None-Match: W/" + tag + "\r\n", 304},
        {"If-None-Match: \"x\", " + tag + "\r\n", 304},
        {"If-None-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        {"If-None-Match: \"x\"\r\n", 200},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n", 200},  // the tag counts
        {"If-Modified-Since: " + date + "\r\n", 304},
        {"If-Modified-Since: Friday, 01-Sep-23 12:00:01 GMT\r\n", 304},
        {"If-Modified-Since: Fri, 01 Sep 2023 11:59:59 GMT\r\n", 200},
        {"If-Modified-Since: whenever\r\n", 200},
        {"If-Match: " + tag + "\r\n", 200},
        {"If-Match: *\r\n", 200},
        {"If-Match: W/" + tag + "\r\n", 412},  // strong comparison
        {"If-Match: \"x\"\r\n", 412},
        {"If-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n", 412},
        {"If-Unmodified-Since: " + date + "\r\n", 200},
        {"If-Unmodified-Since: Fri, 01 Sep 2023 11:59:59 GMT\r\n", 412},
        {"If-Match: " + tag + "\r\nIf-Unmodified-Since: Fri, 01 Sep 2023 11:59:59 GMT\r\n", 200},
        {"If-None-Match: " + tag + "\r\nRange: bytes=0-1\r\n", 304},
    };
    for (const Condition& condition : conditions) {
      const Reply reply = co_await ask_once(server.port(), get("/digits.txt", condition.fields));
      EXPECT_EQ(reply.status, condition.status) << condition.fields;
      if (condition.status == 304) {
        EXPECT_EQ(reply.field("ETag"), tag);
      }
      if (condition.status == 304) {
        EXPECT_EQ(reply.field("Content-Length"), "");
      }
    }
  });
}

TEST_F(StaticFilesTest, YoungFilesHaveWeakTags) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    write_whole_file(site / "young.txt", "0123456789");
    const Reply reply = co_await ask_once(server.port(), get("/young.txt"));
    const std::string tag = reply.field("ETag");
    EXPECT_EQ(tag.substr(0, 3), "W/\"");
    const Reply same = co_await ask_once(server.port(), get("/young.txt", "If-None-Match: " + tag + "\r\n"));
    EXPECT_EQ(same.status, 304);
    // Bytes that may have changed are not put together.
    const Reply range =
        co_await ask_once(server.port(), get("/young.txt", "Range: bytes=0-1\r\nIf-Range: " + tag + "\r\n"));
    EXPECT_EQ(range.status, 200);
  });
}

TEST_F(StaticFilesTest, SingleRanges) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply plain = co_await ask_once(server.port(), get("/digits.txt"));
    const std::string tag = plain.field("ETag");
    struct Asked {
      std::string fields;
      int status;
      std::string body;
      std::string content_range;
    };
    const std::string whole = "0123456789";
    const std::vector<Asked> cases = {
        {"Range: bytes=0-3\r\n", 206, "0123", "bytes 0-3/10"},
        {"Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10"},
        {"Range: bytes=-2\r\n", 206, "89", "bytes 8-9/10"},
        {"Range: bytes=5-100\r\n", 206, "56789", "bytes 5-9/10"},
        {"Range: bytes=-100\r\n", 206, whole, "bytes 0-9/10"},
        {"Range: bytes=10-\r\n", 416, "", "bytes */10"},
        {"Range: bytes=-0\r\n", 416, "", "bytes */10"},
        {"Range: bytes=5-4\r\n", 200, whole, ""},
        {"Range: lines=0-1\r\n", 200, whole, ""},
        {"Range: bytes=a-b\r\n", 200, whole, ""},
        {"Range: bytes=0-1\r\nRange: bytes=2-3\r\n", 200, whole, ""},
        {"Range: bytes=0-3\r\nIf-Range: " + tag + "\r\n", 206, "0123", "bytes 0-3/10"},
        {"Range: bytes=0-3\r\nIf-Range: W/" + tag + "\r\n", 200, whole, ""},
        {"Range: bytes=0-3\r\nIf-Range: \"x\"\r\n", 200, whole, ""},
        {"Range: bytes=0-3\r\nIf-Range: " + std::string(kModified) + "\r\n", 206, "0123", "bytes 0-3/10"},
        {"Range: bytes=0-3\r\nIf-Range: Fri, 01 Sep 2023 12:00:01 GMT\r\n", 200, whole, ""},
        {"Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 200, whole, ""},
    };
    for (const Asked& asked : cases) {
      const Reply reply = co_await ask_once(server.port(), get("/digits.txt", asked.fields));
      EXPECT_EQ(reply.status, asked.status) << asked.fields;
      if (asked.status != 416) {
        EXPECT_EQ(reply.body, asked.body) << asked.fields;
      }
      EXPECT_EQ(reply.field("Content-Range"), asked.content_range) << asked.fields;
    }
    const Reply head =
        co_await ask_once(server.port(), "HEAD /digits.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3\r\n\r\n", true);
    EXPECT_EQ(head.status, 200);  // ranges are GET's
    const Reply large_part = co_await ask_once(server.port(), get("/large.bin", "Range: bytes=100000-1099999\r\n"));
    EXPECT_TRUE(large_part.body == large.substr(100'000, 1'000'000));
    const Reply empty = co_await ask_once(server.port(), get("/empty", "Range: bytes=0-\r\n"));
    EXPECT_EQ(empty.status, 416);
  });
}

TEST_F(StaticFilesTest, SeveralRangesAreParts) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    const Reply reply = co_await client.ask(get("/digits.txt", "Range: bytes=0-1, 4-5,-1, 20-30\r\n"));
    EXPECT_EQ(reply.status, 206);
    const std::string type = reply.field("Content-Type");
    const std::string prefix = "multipart/byteranges; boundary=";
    EXPECT_EQ(type.substr(0, prefix.size()), prefix);
    const std::string mark = "--" + type.substr(prefix.size());
    const auto part = [&](const char* range, const char* bytes) {
      return mark + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes " + range + "/10\r\n\r\n" +
             bytes + "\r\n";
    };
    EXPECT_EQ(reply.body, part("0-1", "01") + part("4-5", "45") + part("9-9", "9") + mark + "--\r\n");
    const Reply large_parts = co_await client.ask(get("/large.bin", "Range: bytes=0-299999,500000-1200000\r\n"));
    EXPECT_EQ(large_parts.status, 206);
    EXPECT_NE(large_parts.body.find(large.substr(0, 300'000) + "\r\n--"), std::string::npos);
    EXPECT_NE(large_parts.body.find("\r\n\r\n" + large.substr(500'000, 700'001) + "\r\n--"), std::string::npos);
    const Reply overlapping = co_await client.ask(get("/digits.txt", "Range: bytes=0-,0-,0-,0-\r\n"));
    EXPECT_EQ(overlapping.status, 200);
    EXPECT_EQ(overlapping.body, "0123456789");
  });
}

TEST_F(StaticFilesTest, PrecompressedFilesAreSentToThoseWhoTakeThem) {
  run_test([this]() -> Coro<void> {
    write_old(site / "page.html.gz", "gzipped");
    write_old(site / "page.html.br", "brotli!");
    write_old(site / "digits.txt.gz", "gz");
    StaticFilesOptions options;
    options.precompressed = true;
    auto server = co_await serve_site(options);
    struct Asked {
      const char* target;
      const char* accept;
      const char* body;
      const char* encoding;
    };
    const std::vector<Asked> cases = {
        {"/page.html", "", "<p>page</p>", ""},
        {"/page.html", "Accept-Encoding: gzip, deflate, br\r\n", "brotli!", "br"},
        {"/page.html", "Accept-Encoding: gzip\r\n", "gzipped", "gzip"},
        {"/page.html", "Accept-Encoding: br;q=0, gzip;q=0.5\r\n", "gzipped", "gzip"},
        {"/page.html", "Accept-Encoding: gzip;q=0\r\n", "<p>page</p>", ""},
        {"/digits.txt", "Accept-Encoding: *\r\n", "gz", "gzip"},
    };
    std::vector<std::string> tags;
    for (const Asked& asked : cases) {
      const Reply reply = co_await ask_once(server.port(), get(asked.target, asked.accept));
      EXPECT_EQ(reply.body, asked.body) << asked.accept;
      EXPECT_EQ(reply.field("Content-Encoding"), asked.encoding) << asked.accept;
      EXPECT_EQ(reply.field("Vary"), "Accept-Encoding") << asked.accept;
      tags.push_back(reply.field("ETag"));
    }
    EXPECT_NE(tags[0], tags[1]);
    EXPECT_NE(tags[1], tags[2]);
    const Reply alone = co_await ask_once(server.port(), get("/empty", "Accept-Encoding: gzip\r\n"));
    EXPECT_EQ(alone.field("Vary"), "");
  });
}

TEST(AcceptEncoding, Weights) {
  using http::accepts_coding;
  EXPECT_TRUE(accepts_coding("gzip", "gzip"));
  EXPECT_TRUE(accepts_coding("deflate , GZip;q=0.001", "gzip"));
  EXPECT_TRUE(accepts_coding("x-gzip", "gzip"));
  EXPECT_TRUE(accepts_coding("*", "br"));
  EXPECT_FALSE(accepts_coding("", "gzip"));
  EXPECT_FALSE(accepts_coding("gzip;q=0", "gzip"));
  EXPECT_FALSE(accepts_coding("gzip; q=0.000, *", "gzip"));
  EXPECT_FALSE(accepts_coding("*;q=0", "gzip"));
  EXPECT_FALSE(accepts_coding("gzipped", "gzip"));
}

}  // namespace
}  // namespace corolla_tests
