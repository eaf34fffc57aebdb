// SPDX-License-Identifier: Apache-2.0
// A directory over HTTP: what is found and what is not. Both backends.
#include "tests/http/server/static_files_test.hpp"

#include "http/server/open_beneath.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla_tests {
namespace {

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

// Root may read everything, so it is somebody else meanwhile.
class WithoutPrivileges {
 public:
  WithoutPrivileges() : before_(::geteuid()) {
    constexpr uid_t kNobody = 65534;
    if (before_ == 0) {
      EXPECT_EQ(::seteuid(kNobody), 0);
    }
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;
  ~WithoutPrivileges() { EXPECT_EQ(::seteuid(before_), 0); }

 private:
  uid_t before_;
};

TEST_F(StaticFilesTest, UnreadableFileIs403) {
  ASSERT_EQ(::chmod(site.parent().c_str(), 0755), 0);  // so that anybody finds what is in it
  ASSERT_EQ(::chmod((site / "page.html").c_str(), 0), 0);
  const WithoutPrivileges nobody;
  run_test([this]() -> Coro<void> {
    auto server = co_await serve_site();
    const Reply reply = co_await ask_once(server.port(), get("/page.html"));
    EXPECT_EQ(reply.status, 403);
    const Reply other = co_await ask_once(server.port(), get("/digits.txt"));
    EXPECT_EQ(other.status, 200);
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

}  // namespace
}  // namespace corolla_tests
