// SPDX-License-Identifier: Apache-2.0
// Digest authentication: RFC 7616's examples, hostile challenges, and the course of requests.
#include "tests/http/client/middleware/middleware_test.hpp"

#include "http/client/middleware/digest_challenge.hpp"

#include <corolla/runtime/async_generator.hpp>

namespace corolla_tests {
namespace {

using http::DigestAuth;

class DigestAuthTest : public RuntimeTest {};

// RFC 7616, section 3.9.1: one server, two challenges.
const std::string kRealmAndNonce =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=";

std::string_view param_of(const std::string& authorization, std::string_view name) {
  static http::AuthParams params;
  const auto challenges = http::parse_challenges(authorization);
  params = challenges.empty() ? http::AuthParams() : challenges.front().params;
  return http::param(params, name);
}

TEST_F(DigestAuthTest, TheExamplesOfTheRfc) {
  const http::DigestInput input{
      "Mufasa", "Circle of Life", "GET", "/dir/index.html", "", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1};
  for (const auto& [algorithm, response] :
       {std::pair("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        std::pair("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")}) {
    const auto challenge = http::digest_challenge(Fields{{"WWW-Authenticate", kRealmAndNonce + algorithm}});
    ASSERT_TRUE(challenge);
    const std::string field = http::digest_authorization(*challenge, input);
    EXPECT_EQ(param_of(field, "response"), response) << field;
    EXPECT_EQ(param_of(field, "username"), "Mufasa");
    EXPECT_EQ(param_of(field, "realm"), "http-auth@example.org");
    EXPECT_EQ(param_of(field, "nc"), "00000001");
    EXPECT_EQ(param_of(field, "qop"), "auth");
    EXPECT_EQ(param_of(field, "opaque"), "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS");
    EXPECT_NE(field.find(std::string(", algorithm=") + algorithm + ", qop=auth, nc=00000001, cnonce=\""),
              std::string::npos);
  }
}

// RFC 2617, section 3.5; RFC 2069's form of the same challenge, without qop, worked out by the rule of section 3.2.2.1.
TEST_F(DigestAuthTest, OlderServers) {
  const std::string old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
  http::DigestInput input{"Mufasa", "Circle Of Life", "GET", "/dir/index.html", "", "0a4f113b", 1};
  const auto with = http::digest_challenge(Fields{{"WWW-Authenticate", old + ", qop=\"auth,auth-int\""}});
  ASSERT_TRUE(with);
  const std::string field = http::digest_authorization(*with, input);
  EXPECT_EQ(param_of(field, "response"), "6629fae49393a05397450978507c4ef1");
  EXPECT_EQ(field.find("algorithm"), std::string::npos);
  const auto without = http::digest_challenge(Fields{{"WWW-Authenticate", old}});
  ASSERT_TRUE(without);
  const std::string plain = http::digest_authorization(*without, input);
  EXPECT_EQ(param_of(plain, "response"), "670fd8c2df070c60b045671b8b24ff02");
  EXPECT_EQ(plain.find("nc="), std::string::npos);
}

TEST_F(DigestAuthTest, TheStrongestChallengeThatIsKnownIsTaken) {
  const auto chosen = [](const Fields& fields) {
    const auto challenge = http::digest_challenge(fields);
    return challenge ? challenge->nonce : std::string("none");
  };
  EXPECT_EQ(chosen({{"WWW-Authenticate",
                     "Basic realm=\"a\", Digest nonce=\"md5\", Digest nonce=\"sha\", algorithm=SHA-256"}}),
            "sha");
  EXPECT_EQ(chosen({{"WWW-Authenticate", "Digest nonce=\"512\", algorithm=SHA-512-256"},
                    {"WWW-Authenticate", "digest nonce=\"sha\", algorithm=sha-256-sess"}}),
            "512");
  EXPECT_EQ(chosen({{"WWW-Authenticate", "Digest nonce=\"x\", algorithm=SHA3"},
                    {"WWW-Authenticate", "Digest nonce=\"md5\""}}),
            "md5");
  EXPECT_EQ(chosen({{"WWW-Authenticate", "Negotiate abcd==, Digest nonce=\"no\""}}), "none") << "a token68 is not read";
  EXPECT_EQ(chosen({{"WWW-Authenticate", "Digest nonce=\"a\\\"b\\\\\", qop=\"auth\" , realm = x"}}), "a\"b\\");
  for (const char* bad : {"Digest", "Digest realm=\"a\"", "Digest nonce=\"a", "Digest nonce=\"a\" realm=\"b\"",
                          "Digest nonce=", "Digest nonce=\"\"", "Digest =a", "Digest nonce=\"a\", qop=\"auth-conf\"",
                          "Digest nonce=\"a\", \"b\"", ",,,", "", "\"", "Digest nonce=\"a\", @"})
    EXPECT_EQ(chosen({{"WWW-Authenticate", bad}}), "none") << bad;
  std::string many = "Digest nonce=\"a\"";
  for (int i = 0; i < 40; ++i) many += ", p" + std::to_string(i) + "=v";
  EXPECT_EQ(chosen({{"WWW-Authenticate", many}}), "none");
  EXPECT_EQ(chosen({{"WWW-Authenticate", "Digest nonce=\"" + std::string(8192, 'x') + "\""}}), "none");
  std::string schemes = "Digest nonce=\"a\"";
  for (int i = 0; i < 20; ++i) schemes += ", Other";
  EXPECT_EQ(chosen({{"WWW-Authenticate", schemes}}), "none");
}

// A server that takes a proof with its present nonce and a growing count only.
class Guard {
 public:
  explicit Guard(std::string more = ", qop=\"auth\"") : state_(std::make_shared<State>()) {
    state_->more = std::move(more);
  }
  [[nodiscard]] FakeServer server() const {
    return FakeServer([state = state_](const RequestData& request) { return judge(*state, request); });
  }
  void renew(std::string nonce) const {
    state_->nonce = std::move(nonce);
    state_->count = 0;
  }
  void announce(std::string nonce) const { state_->next = std::move(nonce); }
  void say_stale(bool say) const { state_->stale = say; }

 private:
  struct State {
    std::string more;
    std::string nonce = "n1";
    std::string next;
    unsigned long count = 0;
    bool stale = true;
  };

  static Response judge(State& state, const RequestData& request) {
    const std::string field(request.headers.get("Authorization", ""));
    http::DigestChallenge challenge;
    challenge.realm = "r";
    challenge.nonce = state.nonce;
    challenge.qop = state.more.find("auth-int") != std::string::npos ? http::DigestChallenge::Qop::kAuthInt
                                                                     : http::DigestChallenge::Qop::kAuth;
    challenge.session = state.more.find("-sess") != std::string::npos;
    const unsigned long count = std::strtoul(std::string(param_of(field, "nc")).c_str(), nullptr, 16);
    const std::string cnonce(param_of(field, "cnonce"));
    const std::string nonce(param_of(field, "nonce"));
    const http::DigestInput input{"user",
                                  "secret",
                                  request.method,
                                  request.url.request_target(),
                                  request.body,
                                  cnonce,
                                  static_cast<std::uint32_t>(count)};
    const std::string wanted(param_of(http::digest_authorization(challenge, input), "response"));
    if (!cnonce.empty() && nonce == state.nonce && count > state.count && param_of(field, "response") == wanted) {
      state.count = count;
      Fields fields;
      if (!state.next.empty()) {
        fields.set("Authentication-Info", "qop=auth, nextnonce=\"" + state.next + "\"");
        state.nonce = std::exchange(state.next, {});
        state.count = 0;
      }
      return answer(request, 200, "let in", fields);
    }
    const bool stale = state.stale && !field.empty() && nonce != state.nonce;
    return answer(request, 401, "who?",
                  Fields{{"WWW-Authenticate", "Digest realm=\"r\", nonce=\"" + state.nonce + "\"" +
                                                  (stale ? ", stale=true" : "") + state.more}});
  }

  std::shared_ptr<State> state_;
};

TEST_F(DigestAuthTest, LaterRequestsProveThemselvesAtOnce) {
  run([]() -> Coro<void> {
    for (const char* more : {", qop=\"auth\"", ", qop=\"auth-int\"", ", qop=\"auth\", algorithm=MD5-sess"}) {
      const Guard guard{more};
      const FakeServer server = guard.server();
      const DigestAuth auth("user", "secret");
      Session session(through({auth.middleware(), server.middleware()}));
      for (std::size_t i = 1; i <= 3; ++i) {
        const auto text = co_await answer_to(session.post("http://a.example/x?y=1").body("a body"));
        EXPECT_EQ(text, "200 let in") << more;
        EXPECT_EQ(server.requests().size(), i + 1) << "only the first one asks";
      }
      EXPECT_EQ(param_of(std::string(server.requests().at(3).headers.get("Authorization", "")), "nc"), "00000003");
      guard.renew("n2");
      const auto elsewhere = co_await answer_to(session.get("http://b.example/"));
      EXPECT_EQ(elsewhere, "200 let in");
      EXPECT_FALSE(server.requests().at(4).headers.contains("Authorization")) << "nothing goes to another origin";
    }
  }());
}

TEST_F(DigestAuthTest, NoncesAreRenewed) {
  run([]() -> Coro<void> {
    const Guard guard;
    const FakeServer server = guard.server();
    const DigestAuth auth("user", "secret");
    Session session(through({auth.middleware(), server.middleware()}));
    const auto ask = [&] { return answer_to(session.get("http://a.example/")); };
    const auto first = co_await ask();
    EXPECT_EQ(first, "200 let in");
    for (const bool stale : {true, false}) {
      guard.say_stale(stale);
      guard.renew(stale ? "n2" : "n3");
      const std::size_t before = server.requests().size();
      const auto text = co_await ask();
      EXPECT_EQ(text, "200 let in");
      EXPECT_EQ(server.requests().size(), before + 2);
    }
    guard.announce("n4");
    const auto told = co_await ask();
    EXPECT_EQ(told, "200 let in");
    const std::size_t before = server.requests().size();
    const auto next = co_await ask();
    EXPECT_EQ(next, "200 let in");
    EXPECT_EQ(server.requests().size(), before + 1) << "nextnonce is taken";
    EXPECT_EQ(param_of(std::string(server.requests().back().headers.get("Authorization", "")), "nc"), "00000001");
  }());
}

TEST_F(DigestAuthTest, WhatIsRefusedIsNotTriedForEver) {
  run([]() -> Coro<void> {
    const Guard guard;
    const FakeServer server = guard.server();
    const DigestAuth wrong("user", "wrong");
    Session session(through({wrong.middleware(), server.middleware()}));
    const auto text = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(text, "401 who?");
    EXPECT_EQ(server.requests().size(), 2U);
    const FakeServer never([](const RequestData& request) {
      return answer(request, 401, "", Fields{{"WWW-Authenticate", "Digest nonce=\"x\", stale=true, qop=auth"}});
    });
    Session patient(through({DigestAuth("user", "secret").middleware(), never.middleware()}));
    const auto refused = co_await answer_to(patient.get("http://a.example/"));
    EXPECT_EQ(refused, "401 ");
    EXPECT_EQ(never.requests().size(), 3U);
    EXPECT_THROW(DigestAuth("a:b", "c"), ValueError);
    EXPECT_THROW(DigestAuth("a\r\nb", "c"), ValueError);
  }());
}

TEST_F(DigestAuthTest, OnlyWithinItsDomainAndNotInPlaceOfOtherCredentials) {
  run([]() -> Coro<void> {
    const Guard guard(", qop=auth, domain=\"/private http://b.example/\"");
    const FakeServer server = guard.server();
    Session session(through({DigestAuth("user", "secret").middleware(), server.middleware()}));
    const auto first = co_await answer_to(session.get("http://a.example/private/x"));
    EXPECT_EQ(first, "200 let in");
    std::size_t count = server.requests().size();
    co_await answer_to(session.get("http://a.example/private"));
    EXPECT_EQ(server.requests().size(), count + 1);
    count = server.requests().size();
    co_await answer_to(session.get("http://a.example/privateer"));
    EXPECT_FALSE(server.requests().at(count).headers.contains("Authorization"));
    count = server.requests().size();
    co_await answer_to(session.get("http://b.example/"));
    EXPECT_FALSE(server.requests().at(count).headers.contains("Authorization")) << "another origin, whatever it says";
    co_await answer_to(session.get("http://a.example/private/").bearer_auth("mine"));
    EXPECT_EQ(server.requests().back().headers.get("Authorization"), "Bearer mine");
  }());
}

TEST_F(DigestAuthTest, OriginsThatARedirectLeadsToGetNoProof) {
  run([]() -> Coro<void> {
    const FakeServer server([](const RequestData& request) {
      if (request.url.hostname() == "a.example")
        return answer(request, 307, "", Fields{{"Location", "http://b.example/"}});
      return answer(request, 401, "", Fields{{"WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""}});
    });
    Session session(through({DigestAuth("user", "secret").middleware(), server.middleware()}));
    const auto text = co_await answer_to(session.get("http://a.example/"));
    EXPECT_EQ(text, "401 ");
    EXPECT_EQ(server.requests().size(), 2U);
    EXPECT_FALSE(server.requests().at(1).headers.contains("Authorization"));
  }());
}

TEST_F(DigestAuthTest, StreamsAreNotRepeated) {
  run([]() -> Coro<void> {
    const Guard guard(", qop=\"auth-int\"");
    const FakeServer server = guard.server();
    Session streaming(through({DigestAuth("user", "secret").middleware(), server.middleware()}));
    auto pieces = []() -> AsyncGenerator<std::string> { co_yield std::string("once"); };
    const auto text = co_await answer_to(streaming.put("http://a.example/").body(pieces()));
    EXPECT_EQ(text, "401 who?");
    EXPECT_EQ(server.requests().size(), 1U);
  }());
}

}  // namespace
}  // namespace corolla_tests
