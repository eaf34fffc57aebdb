// SPDX-License-Identifier: Apache-2.0
#include "http/client/proxy/proxy.hpp"

#include <corolla/runtime/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace corolla::inline v0::http {
namespace {

bool direct(std::string_view list, std::string_view url) { return NoProxy(list).matches(Url::parse(url)); }

TEST(NoProxyTest, NamesAndWhatIsBelow) {
  for (const char* list : {"example.com", ".example.com", "*.example.com", "other, EXAMPLE.com.", "a b\texample.com"}) {
    EXPECT_TRUE(direct(list, "http://example.com/")) << list;
    EXPECT_TRUE(direct(list, "https://www.example.com/")) << list;
    EXPECT_FALSE(direct(list, "http://badexample.com/")) << list;
    EXPECT_FALSE(direct(list, "http://example.com.evil.test/")) << list;
  }
  EXPECT_TRUE(direct("example.com", "http://example.com./"));
  EXPECT_FALSE(direct("", "http://example.com/"));
  EXPECT_FALSE(direct(",, .", "http://example.com/"));
  EXPECT_TRUE(direct("x, *", "http://example.com/"));
}

TEST(NoProxyTest, Ports) {
  EXPECT_TRUE(direct("example.com:8080", "http://example.com:8080/"));
  EXPECT_FALSE(direct("example.com:8080", "http://example.com/"));
  EXPECT_TRUE(direct("example.com:443", "https://example.com/"));
  EXPECT_TRUE(direct("[::1]:81", "http://[::1]:81/"));
  EXPECT_FALSE(direct("[::1]:81", "http://[::1]:82/"));
}

TEST(NoProxyTest, AddressesAndNetworks) {
  EXPECT_TRUE(direct("127.0.0.1", "http://127.0.0.1:5/"));
  EXPECT_FALSE(direct("0.0.1", "http://127.0.0.1/")) << "an address is below nothing";
  EXPECT_TRUE(direct("10.0.0.0/8", "http://10.255.1.2/"));
  EXPECT_FALSE(direct("10.0.0.0/8", "http://11.0.0.1/"));
  EXPECT_TRUE(direct("192.168.4.0/23", "http://192.168.5.1/"));
  EXPECT_FALSE(direct("192.168.4.0/23", "http://192.168.6.1/"));
  EXPECT_TRUE(direct("0.0.0.0/0", "http://8.8.8.8/"));
  EXPECT_FALSE(direct("0.0.0.0/0", "http://[2001:db8::1]/"));
  EXPECT_FALSE(direct("0.0.0.0/0", "http://example.com/"));
  EXPECT_TRUE(direct("2001:db8::/32", "http://[2001:db8:1::5]/"));
  EXPECT_FALSE(direct("2001:db8::/32", "http://[2001:db9::5]/"));
  EXPECT_TRUE(direct("::1", "http://[::1]/"));
  EXPECT_FALSE(direct("10.0.0.0/33, 10.0.0.0/x, name/8, 10.0.0.0/-1", "http://10.0.0.1/")) << "no networks";
}

class ProxyRulesTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const auto& [name, value] : before_) {
      if (value) ::setenv(name.c_str(), value->c_str(), 1);
      else ::unsetenv(name.c_str());
    }
  }
  void set(const std::string& name, const std::string& value) {
    const char* const old = std::getenv(name.c_str());
    before_.try_emplace(name, old ? std::optional<std::string>(old) : std::nullopt);
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  static std::string chosen(const SessionOptions& options, std::string_view url) {
    const auto proxy = ProxyRules(options).choose(Url::parse(url));
    return proxy ? proxy->key : "none";
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(ProxyRulesTest, TheSessionsOwn) {
  SessionOptions options;
  EXPECT_EQ(chosen(options, "http://a.test/"), "none");
  options.proxy = Url::parse("http://u%40x:p%3Aw@proxy.test:3128");
  options.no_proxy = "direct.test";
  EXPECT_EQ(chosen(options, "http://a.test/"), "http://u@x:p:w@proxy.test:3128");
  EXPECT_EQ(chosen(options, "https://a.test/"), "http://u@x:p:w@proxy.test:3128");
  EXPECT_EQ(chosen(options, "https://direct.test/"), "none");
  EXPECT_EQ(Proxy(*options.proxy).authorization(), "Basic dUB4OnA6dw==");
}

TEST_F(ProxyRulesTest, DefaultPortsAndWhatIsNoProxy) {
  EXPECT_EQ(Proxy(Url::parse("http://p")).port, 80);
  EXPECT_EQ(Proxy(Url::parse("https://p")).port, 443);
  EXPECT_EQ(Proxy(Url::parse("socks5://p")).port, 1080);
  EXPECT_EQ(Proxy(Url::parse("socks5h://p:9050")).port, 9050);
  EXPECT_EQ(Proxy(Url::parse("socks5://[::1]")).hostname, "::1");
  EXPECT_THROW(Proxy(Url::parse("ftp://p")), ValueError);
  EXPECT_THROW(Proxy(Url::parse("socks5:p")), ValueError);
}

TEST_F(ProxyRulesTest, TheEnvironmentsWhenItIsTrusted) {
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
    set(name, "");
  set("HTTP_PROXY", "http://attacker.test:1");
  set("https_proxy", "https://one.test:2");
  set("HTTPS_PROXY", "http://not.this.test:3");
  set("NO_PROXY", "direct.test");
  SessionOptions options;
  EXPECT_EQ(chosen(options, "https://a.test/"), "none");
  options.trust_env = true;
  EXPECT_EQ(chosen(options, "https://a.test/"), "https://:@one.test:2");
  EXPECT_EQ(chosen(options, "https://direct.test/"), "none");
  EXPECT_EQ(chosen(options, "http://a.test/"), "none") << "HTTP_PROXY may be a client's header";
  set("ALL_PROXY", "socks5h://all.test");
  EXPECT_EQ(chosen(options, "http://a.test/"), "socks5h://:@all.test:1080");
  EXPECT_EQ(chosen(options, "https://a.test/"), "https://:@one.test:2");
  set("http_proxy", "bare.test:8080");
  EXPECT_EQ(chosen(options, "http://a.test/"), "http://:@bare.test:8080");
  options.proxy = Url::parse("http://own.test");
  EXPECT_EQ(chosen(options, "https://a.test/"), "http://:@own.test:80");
  options.no_proxy = "a.test";
  EXPECT_EQ(chosen(options, "https://direct.test/"), "http://:@own.test:80") << "one list, not both";
  options.proxy.reset();
  set("http_proxy", "ftp://x");
  EXPECT_THROW(chosen(options, "http://a.test/"), ValueError);
}

}  // namespace
}  // namespace corolla::inline v0::http
