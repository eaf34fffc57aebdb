// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie_jar.hpp>
#include <corolla/runtime/error.hpp>

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace corolla::inline v0::http {
namespace {

using corolla_tests::read_whole_file;
using corolla_tests::TemporaryDirectory;
using corolla_tests::write_whole_file;

class CookieJarTest : public ::testing::Test {
 protected:
  static inline Cookie::time_point now_;
  CookieJarTest() { now_ = Cookie::time_point(std::chrono::seconds(1'800'000'000)); }
  static Cookie::time_point clock() { return now_; }

  void take(std::string_view url, std::string_view field) {
    Headers headers;
    headers.add("Set-Cookie", field);
    jar_.update(Url::parse(url), headers);
  }
  std::string sent(std::string_view url) { return jar_.header(Url::parse(url)); }

  CookieJar jar_{clock};
};

TEST_F(CookieJarTest, GoesWhereItBelongs) {
  take("http://www.example.com/shop/list", "all=1; domain=example.com; path=/");
  take("http://www.example.com/shop/list", "host=2; path=/");
  take("http://www.example.com/shop/list", "shop=3");
  EXPECT_EQ(sent("http://www.example.com/shop/x"), "shop=3; all=1; host=2");
  EXPECT_EQ(sent("http://www.example.com/"), "all=1; host=2");
  EXPECT_EQ(sent("http://example.com/shop"), "all=1");
  EXPECT_EQ(sent("http://a.www.example.com/shop"), "all=1");
  EXPECT_EQ(sent("http://www.example.com:81/"), "all=1; host=2") << "ports do not matter";
  EXPECT_EQ(sent("http://example.org/"), "");
}

TEST_F(CookieJarTest, SecureOnesStayWithTls) {
  take("https://example.com/", "a=1; secure");
  EXPECT_EQ(sent("http://example.com/"), "");
  EXPECT_EQ(sent("https://example.com/"), "a=1");
  EXPECT_EQ(sent("wss://example.com/"), "a=1");
  take("http://example.com/", "a=2");
  take("http://example.com/", "a=3; path=/x");
  EXPECT_EQ(sent("https://example.com/x"), "a=1") << "neither overwritten nor shadowed from plain http";
  take("http://example.com/", "b=2");
  EXPECT_EQ(sent("http://example.com/"), "b=2");
  take("https://login.example.com/", "c=1; secure; path=/login; domain=example.com");
  take("http://example.com/", "c=2; path=/");
  EXPECT_EQ(sent("http://example.com/"), "b=2; c=2") << "a path above is another cookie";
}

TEST_F(CookieJarTest, ReplacedItKeepsItsPlaceAndEnds) {
  take("http://h.test/", "a=1");
  take("http://h.test/", "b=1; max-age=10");
  take("http://h.test/", "a=2");
  EXPECT_EQ(sent("http://h.test/"), "a=2; b=1");
  now_ += std::chrono::seconds(10);
  EXPECT_EQ(sent("http://h.test/"), "a=2");
  EXPECT_EQ(jar_.cookies().size(), 1U);
  take("http://h.test/", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(sent("http://h.test/"), "");
  take("http://h.test/", "a=3; max-age=0");
  EXPECT_EQ(sent("http://h.test/"), "");
}

TEST_F(CookieJarTest, ManyInOneResponse) {
  Headers headers;
  headers.add("Set-Cookie", "a=1; expires=Wed, 01 Jan 2031 00:00:00 GMT");
  headers.add("set-cookie", "b=2");
  headers.add("Set-Cookie2", "c=3");
  jar_.update(Url::parse("http://h.test/"), headers);
  EXPECT_EQ(sent("http://h.test/"), "a=1; b=2");
}

TEST_F(CookieJarTest, ADomainsRoomEnds) {
  for (std::size_t i = 0; i < CookieJar::kMostPerDomain; ++i)
    take("https://h.test/", "n" + std::to_string(i) + "=x" + (i == 0 ? "; secure" : ""));
  EXPECT_EQ(jar_.size(), CookieJar::kMostPerDomain);
  take("https://h.test/", "one=more");
  EXPECT_EQ(jar_.size(), CookieJar::kMostPerDomain);
  const std::string all = "; " + sent("https://h.test/");
  EXPECT_NE(all.find("; n0="), std::string::npos) << "secure ones go last";
  EXPECT_EQ(all.find("; n1="), std::string::npos);
  EXPECT_NE(all.find("; one=more"), std::string::npos);
}

TEST_F(CookieJarTest, TheJarsRoomEnds) {
  const std::size_t domains = CookieJar::kMost / 100;
  for (std::size_t d = 0; d < domains; ++d) {
    for (int i = 0; i < 100; ++i) take("http://d" + std::to_string(d) + ".test/", "n" + std::to_string(i) + "=x");
  }
  EXPECT_EQ(jar_.size(), CookieJar::kMost);
  EXPECT_NE(sent("http://d0.test/"), "");
  take("http://new.test/", "a=1");
  EXPECT_EQ(jar_.size(), CookieJar::kMost);
  EXPECT_EQ(sent("http://new.test/"), "a=1");
  EXPECT_EQ(sent("http://d1.test/").find("n0="), std::string::npos) << "the one used longest ago made room";
}

TEST_F(CookieJarTest, Clearing) {
  take("http://a.example.com/", "a=1; domain=example.com");
  take("http://a.example.com/", "b=1; max-age=100");
  take("http://other.test/", "c=1");
  jar_.clear_session();
  EXPECT_EQ(jar_.size(), 1U);
  EXPECT_EQ(sent("http://a.example.com/"), "b=1");
  take("http://other.test/", "c=1");
  jar_.clear_domain("example.com");
  EXPECT_EQ(jar_.size(), 1U);
  EXPECT_EQ(sent("http://other.test/"), "c=1");
  jar_.clear();
  EXPECT_EQ(sent("http://other.test/"), "");
}

TEST_F(CookieJarTest, SavedAndLoaded) {
  const TemporaryDirectory directory;
  const std::string path = directory / "cookies.txt";
  take("https://www.example.com/a/b", "plain=1");
  take("https://www.example.com/a/b", "rich=a=b \"c\"; domain=example.com; path=/; secure; httponly; max-age=1000");
  take("https://www.example.com/a/b", "short=1; max-age=10");
  jar_.save(path);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(read_whole_file(path),
            "# Netscape HTTP Cookie File\n"
            "www.example.com\tFALSE\t/a\tFALSE\t0\tplain\t1\n"
            "#HttpOnly_.example.com\tTRUE\t/\tTRUE\t1800001000\trich\ta=b \"c\"\n"
            "www.example.com\tFALSE\t/a\tFALSE\t1800000010\tshort\t1\n");
  now_ += std::chrono::seconds(10);
  CookieJar loaded(clock);
  loaded.load(path);
  EXPECT_EQ(loaded.cookies(), jar_.cookies());
  EXPECT_EQ(loaded.size(), 2U);
  loaded.load(directory / "nothing");
  EXPECT_EQ(loaded.size(), 2U);
  EXPECT_THROW(loaded.save(directory / "no/such/place"), OSError);
  EXPECT_THROW(loaded.load(directory / ""), Error);
}

TEST_F(CookieJarTest, FilesOfOthers) {
  const TemporaryDirectory directory;
  const std::string path = directory / "cookies.txt";
  write_whole_file(path,
                   "# comment\r\n\r\n.example.com\tTRUE\t/\tFALSE\t0\ta\t1\r\nh.test\tFALSE\t/\tFALSE\t0\tempty\t\n"
                   "h.test\tFALSE\t/\tFALSE\t0\tnone\n");
  jar_.load(path);
  EXPECT_EQ(sent("http://www.example.com/"), "a=1");
  EXPECT_EQ(sent("http://h.test/"), "empty=; none=");
  for (const char* bad : {"a b c", "h.test\tFALSE\t/\tFALSE\tsoon\ta\t1", "h.test\tmaybe\t/\tFALSE\t0\ta\t1",
                          "\tFALSE\t/\tFALSE\t0\ta\t1", "h.test\tFALSE\tx\tFALSE\t0\ta\t1"}) {
    write_whole_file(path, std::string("# comment\n") + bad + "\n");
    try {
      jar_.load(path);
      ADD_FAILURE() << bad;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find("cookies.txt:2: "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace corolla::inline v0::http
