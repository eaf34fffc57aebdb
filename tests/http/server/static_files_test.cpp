// SPDX-License-Identifier: Apache-2.0
// A directory over HTTP: what is found, what is not, conditions and ranges. Both backends.
#include "tests/http/server/server_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/static_files.hpp>

#include "http/server/accept_encoding.hpp"
#include "http/server/open_beneath.hpp"

#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla_tests {
namespace {

using http::StaticFiles;
using http::StaticFilesOptions;

constexpr std::string_view kModified = "Fri, 01 Sep 2023 12:00:00 GMT";

/// Writes a file whose time of modification is long past.
void write_old(const std::string& path, std::string_view bytes) {
  write_whole_file(path, bytes);
  const timespec old{1693569600, 123456789};
  const std::array<timespec, 2> times{old, old};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

class StaticFilesTest : public ServerTest {
 protected:
  StaticFilesTest() {
    std::filesystem::create_directories(site / "sub dir/deep");
    std::filesystem::create_directories(site / "with-index");
    std::filesystem::create_directories(site / ".well-known");
    write_old(site / "digits.txt", "0123456789");
    write_old(site / "page.html", "<p>page</p>");
    write_old(site / "empty", "");
    write_old(site / "100%.txt", "percent");
    write_old(site / "back\\slash", "backslash");
    write_old(site / "with-index/index.html", "index");
    write_old(site / "sub dir/<b>&\".txt", "escape me");
    write_old(site / ".htpasswd", "hidden");
    write_old(site / ".well-known/security.txt", "contact");
    write_old(site.parent() + "/secret", "secret");
    for (int i = 0; large.size() < 1'500'000; ++i) large += std::to_string(i) + "\n";
    write_old(site / "large.bin", large);
    std::filesystem::create_symlink("digits.txt", site / "inner-link");
    std::filesystem::create_symlink("../secret", site / "outer-link");
    std::filesystem::create_symlink(site.parent() + "/secret", site / "absolute-link");
    std::filesystem::create_directory_symlink("..", site / "up-link");
    EXPECT_EQ(::mkfifo((site / "fifo").c_str(), 0600), 0);
  }

  struct Site {
    Site() { std::filesystem::create_directory(parent() + "/site"); }
    [[nodiscard]] std::string parent() const { return directory / "."; }
    [[nodiscard]] std::string operator/(std::string_view name) const { return parent() + "/site/" + std::string(name); }
    TemporaryDirectory directory;
  };

  Coro<WebServer> serve_site(StaticFilesOptions options = StaticFilesOptions()) {
    StaticFiles files(site / "", std::move(options));
    auto starting = http::serve(files, "127.0.0.1", 0);
    co_return co_await std::move(starting);
  }

  Site site;
  std::string large;
};

TEST_F(StaticFilesTest, FileHasItsTypeLengthAndValidators) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply reply = co_await ask_once(server.port(), get("/page.html?query"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "<p>page</p>");
    EXPECT_TRUE(reply.has("Content-Type: text/html; charset=utf-8"));
    EXPECT_TRUE(reply.has("Last-Modified: " + std::string(kModified)));
    EXPECT_TRUE(reply.has("Accept-Ranges: bytes"));
    EXPECT_EQ(reply.field("ETag").front(), '"');  // strong
    const Reply head = co_await ask_once(server.port(), "HEAD /page.html HTTP/1.1\r\nHost: a\r\n\r\n", true);
    EXPECT_TRUE(head.has("Content-Length: 11"));
    EXPECT_EQ(head.field("ETag"), reply.field("ETag"));
    const Reply empty = co_await ask_once(server.port(), get("/empty"));
    EXPECT_EQ(empty.status, 200);
    EXPECT_TRUE(empty.has("Content-Length: 0"));
    EXPECT_TRUE(empty.has("Content-Type: application/octet-stream"));
  });
}

TEST_F(StaticFilesTest, LargeFileArrivesWhole) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply reply = co_await ask_once(server.port(), get("/large.bin"));
    EXPECT_TRUE(reply.body == large) << reply.body.size();
  });
}

TEST_F(StaticFilesTest, NamesAreDecodedOnceAndFoundLiterally) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply space = co_await ask_once(server.port(), get("/sub%20dir/%3Cb%3E%26%22.txt"));
    EXPECT_EQ(space.body, "escape me");
    const Reply percent = co_await ask_once(server.port(), get("/100%25.txt"));
    EXPECT_EQ(percent.body, "percent");
    const Reply twice = co_await ask_once(server.port(), get("/digits%252Etxt"));
    EXPECT_EQ(twice.status, 404);
    const Reply backslash = co_await ask_once(server.port(), get("/back\\slash"));
    EXPECT_EQ(backslash.body, "backslash");
  });
}

TEST_F(StaticFilesTest, DirectoriesRedirectAndHaveAnIndex) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply redirect = co_await ask_once(server.port(), get("/with-index?a=b"));
    EXPECT_EQ(redirect.status, 301);
    EXPECT_TRUE(redirect.has("Location: /with-index/?a=b"));
    const Reply encoded = co_await ask_once(server.port(), get("/sub%20dir"));
    EXPECT_TRUE(encoded.has("Location: /sub%20dir/"));
    const Reply index = co_await ask_once(server.port(), get("/with-index/"));
    EXPECT_EQ(index.body, "index");
    EXPECT_TRUE(index.has("Content-Type: text/html; charset=utf-8"));
    const Reply unlisted = co_await ask_once(server.port(), get("/"));
    EXPECT_EQ(unlisted.status, 403);
    const Reply file = co_await ask_once(server.port(), get("/digits.txt/"));
    EXPECT_EQ(file.status, 404);
    const Reply absent = co_await ask_once(server.port(), get("/absent/"));
    EXPECT_EQ(absent.status, 404);
    const Reply absolute = co_await ask_once(server.port(), get("http://other/with-index"));
    EXPECT_TRUE(absolute.has("Location: /with-index/"));
  });
}

TEST_F(StaticFilesTest, ListingIsEscapedSortedAndWithoutHiddenNames) {
  run_test([this]() -> Coro<void> {
    StaticFilesOptions options;
    options.listing = true;
    auto server = co_await serve_site(options);
    const Reply root = co_await ask_once(server.port(), get("/"));
    EXPECT_EQ(root.status, 200);
    EXPECT_NE(root.body.find("<a href=\"sub%20dir/\">sub dir/</a>"), std::string::npos) << root.body;
    EXPECT_LT(root.body.find("sub dir/"), root.body.find("digits.txt"));
    EXPECT_NE(root.body.find("100%25.txt"), std::string::npos);
    EXPECT_EQ(root.body.find("htpasswd"), std::string::npos);
    EXPECT_EQ(root.body.find("href=\"../\""), std::string::npos);
    const Reply sub = co_await ask_once(server.port(), get("/sub%20dir/"));
    EXPECT_NE(sub.body.find("<a href=\"%3Cb%3E%26%22.txt\">&lt;b&gt;&amp;&quot;.txt</a> 9 bytes"), std::string::npos);
    EXPECT_NE(sub.body.find("href=\"../\""), std::string::npos);
    EXPECT_NE(sub.body.find("<title>Index of /sub dir/</title>"), std::string::npos);
  });
}

TEST_F(StaticFilesTest, NothingOutsideIsReached) {
  run_test([this]() -> Coro<void> {
    StaticFilesOptions options;
    options.listing = true;
    auto server = co_await serve_site(options);
    const std::vector<std::string> targets = {"/../secret",
                                              "/%2e%2e/secret",
                                              "/%2E%2E%2Fsecret",
                                              "/..%2fsecret",
                                              "/.%2e/secret",
                                              "/sub%20dir/../../secret",
                                              "/with-index/../page.html",
                                              "/./page.html",
                                              "/..",
                                              "/../",
                                              "/%2e%2e",
                                              "//page.html",
                                              "/with-index//index.html",
                                              "//etc/passwd",
                                              "/%2fetc/passwd",
                                              "/..\\secret",
                                              "/..%5csecret",
                                              "/%5c..%5csecret",
                                              "/page.html%00",
                                              "/page.html%00.txt",
                                              "/outer-link",
                                              "/absolute-link",
                                              "/up-link/secret",
                                              "/up-link/",
                                              "/up-link/site/page.html",
                                              "/fifo",
                                              "/%c0%ae%c0%ae/secret",
                                              "/...",
                                              "/%252e%252e/secret",
                                              "/.htpasswd",
                                              "/.well-known/.x",
                                              "/with-index/.well-known/x",
                                              "/" + std::string(5000, 'a'),
                                              "/" + std::string(3000, '/')};
    for (const std::string& target : targets) {
      const Reply reply = co_await ask_once(server.port(), get(target));
      EXPECT_EQ(reply.status, 404) << target.substr(0, 80);
      EXPECT_EQ(reply.body.find("secret"), std::string::npos) << target.substr(0, 80);
    }
    const Reply bare = co_await ask_once(server.port(), get("page.html"));
    EXPECT_TRUE(bare.status == 404 || bare.status == 400);
    const Reply inner = co_await ask_once(server.port(), get("/inner-link"));
    EXPECT_EQ(inner.body, "0123456789");
    const Reply known = co_await ask_once(server.port(), get("/.well-known/security.txt"));
    EXPECT_EQ(known.body, "contact");
  });
}

TEST_F(StaticFilesTest, OptionsOpenWhatTheySay) {
  run_test([this]() -> Coro<void> {
    StaticFilesOptions options;
    options.hidden = true;
    options.follow_symlinks = true;
    options.index = "page.html";
    options.cache_control = "max-age=60";
    auto server = co_await serve_site(options);
    const Reply hidden = co_await ask_once(server.port(), get("/.htpasswd"));
    EXPECT_EQ(hidden.body, "hidden");
    EXPECT_TRUE(hidden.has("Cache-Control: max-age=60"));
    const Reply outer = co_await ask_once(server.port(), get("/outer-link"));
    EXPECT_EQ(outer.body, "secret");
    const Reply up = co_await ask_once(server.port(), get("/../secret"));
    EXPECT_EQ(up.status, 404);  // links may lead out, paths may not
    const Reply index = co_await ask_once(server.port(), get("/"));
    EXPECT_EQ(index.body, "<p>page</p>");
  });
}

TEST_F(StaticFilesTest, OtherMethodsAre405) {
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
      const Reply reply =
          co_await ask_once(server.port(), std::string(method) + " /page.html HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_EQ(reply.status, 405) << method;
      EXPECT_TRUE(reply.has("Allow: GET, HEAD")) << method;
    }
  });
}

TEST_F(StaticFilesTest, UnreadableFileIs403) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  run_test([this]() -> Coro<void> {
    ::chmod((site / "page.html").c_str(), 0);
    auto server = co_await serve_site();
    const Reply reply = co_await ask_once(server.port(), get("/page.html"));
    EXPECT_EQ(reply.status, 403);
  });
}

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

TEST_F(StaticFilesTest, FileThatShrinksCutsTheConnection) {
  run_test([this]() -> Coro<void> {
    // The response is made before the file is cut, and sent after.
    auto shrink = [this](ServerRequest& request) -> Coro<ServerResponse> {
      ServerResponse response = http::file_response(request, http::OpenFile::open(site / "large.bin"), "text/plain");
      std::filesystem::resize_file(site / "large.bin", 1000);
      co_return response;
    };
    auto server = co_await start(shrink);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    co_await client.send(get("/"));
    auto reading = client.read_to_end();
    auto end = co_await outcome(std::move(reading));
    EXPECT_TRUE(!end || end->size() < large.size());
  });
}

TEST_F(StaticFilesTest, DirectoryThatIsNoneIsAnError) {
  EXPECT_THROW(StaticFiles(site / "absent"), OSError);
  EXPECT_THROW(StaticFiles(site / "page.html"), OSError);
}

// The way of kernels without openat2.
TEST_F(StaticFilesTest, OpeningByStepsStaysBeneath) {
  const int root = ::open((site / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(root, 0);
  const auto error = [&](std::string_view path) { return http::open_beneath_by_steps(root, path).error; };
  EXPECT_EQ(http::open_beneath_by_steps(root, "sub dir/<b>&\".txt").file.size(), 9U);
  EXPECT_EQ(http::open_beneath_by_steps(root, "").file.kind(), http::OpenFile::Kind::kDirectory);
  EXPECT_EQ(http::open_beneath_by_steps(root, "sub dir/").file.kind(), http::OpenFile::Kind::kDirectory);
  EXPECT_EQ(http::open_beneath_by_steps(root, "fifo").file.kind(), http::OpenFile::Kind::kOther);
  EXPECT_EQ(error("outer-link"), ELOOP);
  EXPECT_EQ(error("inner-link"), ELOOP);
  EXPECT_EQ(error("absolute-link"), ELOOP);
  EXPECT_NE(error("up-link/secret"), 0);
  EXPECT_NE(error("up-link/"), 0);
  EXPECT_EQ(error("../secret"), EXDEV);
  EXPECT_EQ(error("sub dir/../page.html"), EXDEV);
  EXPECT_EQ(error("digits.txt/"), ENOTDIR);
  EXPECT_EQ(error("absent"), ENOENT);
  ::close(root);
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
