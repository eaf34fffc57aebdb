// SPDX-License-Identifier: Apache-2.0
// Credentials from .netrc: the file, and which requests get them.
#include "tests/http/client/session_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include "http/client/netrc.hpp"

#include <cstdlib>

namespace corolla::test {
namespace {

using http::Netrc;

class NetrcTest : public SessionTest {};

// user:pass in base64 is dXNlcjpwYXNz, a:b is YTpi.
constexpr const char* kUserPass = "Basic dXNlcjpwYXNz";
constexpr const char* kAB = "Basic YTpi";

TEST_F(NetrcTest, MachinesAndTheDefault) {
  const Netrc netrc(
      "# a comment\n"
      "machine a.example login user password pass # and another one\n"
      "machine\tB.example\n  account none\r\n  password pass\n  login user\n"
      "macdef init\nmachine c.example login x password y\n\n"
      "machine twice.example login a password b\nmachine twice.example login user password pass\n"
      "machine empty.example\n"
      "machine quoted.example login \"user\" password \"pass\"\n"
      "default login a password b\n");
  EXPECT_EQ(netrc.authorization("a.example"), kUserPass);
  EXPECT_EQ(netrc.authorization("b.example"), kUserPass);
  EXPECT_EQ(netrc.authorization("quoted.example"), kUserPass);
  EXPECT_EQ(netrc.authorization("twice.example"), kAB) << "the first one counts";
  EXPECT_EQ(netrc.authorization("c.example"), kAB) << "a macro is no entry";
  EXPECT_EQ(netrc.authorization("sub.a.example"), kAB);
  EXPECT_EQ(Netrc("machine a login user password pass").authorization("b"), "");
  EXPECT_EQ(Netrc("default login a password b machine c login user password pass").authorization("c"), kUserPass);
  EXPECT_EQ(Netrc("machine a login \"a\\\"\\\\\\t\" password b").authorization("a"), "Basic YSJcCTpi");
  EXPECT_EQ(Netrc("").authorization("a"), "");
  EXPECT_EQ(Netrc("machine a login user password pass\nmacdef x").authorization("a"), kUserPass);
}

TEST_F(NetrcTest, WhatIsWrongIsNamed) {
  for (const char* bad : {"machine a\nlogin", "machine a\nlogin x what", "\nlogin x", "machine a\nlogin \"x",
                          "machine a\nmacdef", "machine a\npassword \"x\ny\""}) {
    try {
      const Netrc netrc(bad);
      ADD_FAILURE() << bad;
    } catch (const ValueError& error) {
      EXPECT_EQ(std::string(error.what()).rfind(".netrc, line 2: ", 0), 0U) << error.what();
    }
  }
  EXPECT_THROW(Netrc(std::string(Netrc::kLargestFile + 1, ' ')), ValueError);
}

TEST_F(NetrcTest, RequestsWithoutCredentialsGetThoseOfTheirHost) {
  const corolla_tests::TemporaryDirectory directory;
  const std::string path = directory / "netrc";
  corolla_tests::write_whole_file(path, "machine 127.0.0.1 login user password pass\n");
  ::setenv("NETRC", path.c_str(), 1);
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) {
      const std::size_t at = request.find("\r\nAuthorization: ");
      return ok(at == std::string::npos ? "none" : request.substr(at + 17, request.find("\r\n", at + 2) - at - 17));
    });
    co_await server.start();
    const auto text_of = [](http::Request request) -> Coro<std::string> {
      auto sending = std::move(request).send();
      auto response = co_await std::move(sending);
      co_return co_await response.text();
    };
    Session untrusting;
    const auto without = co_await text_of(untrusting.get(server.url()));
    EXPECT_EQ(without, "none");
    SessionOptions options;
    options.trust_env = true;
    options.no_proxy = "*";
    Session session(options);
    const auto with = co_await text_of(session.get(server.url()));
    EXPECT_EQ(with, kUserPass);
    const auto own = co_await text_of(session.get(server.url()).bearer_auth("mine"));
    EXPECT_EQ(own, "Bearer mine");
    const auto of_url = co_await text_of(session.get("http://a:b@127.0.0.1:" + std::to_string(server.port()) + "/"));
    EXPECT_EQ(of_url, kAB);
    const auto digest = co_await text_of(session.get(server.url()).digest_auth(http::DigestAuth("x", "y")));
    EXPECT_EQ(digest, "none") << "who is to prove a password does not send another one";
    options.headers.set("Authorization", "Bearer session");
    Session own_session(options);
    const auto of_session = co_await text_of(own_session.get(server.url()));
    EXPECT_EQ(of_session, "Bearer session");
  });
  corolla_tests::write_whole_file(path, "what\n");
  SessionOptions options;
  options.trust_env = true;
  EXPECT_THROW(Session session(options), ValueError);
  ::setenv("NETRC", (directory / "nowhere").c_str(), 1);
  EXPECT_NO_THROW(Session session(options));
  ::unsetenv("NETRC");
}

}  // namespace
}  // namespace corolla::test
