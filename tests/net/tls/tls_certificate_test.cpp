// SPDX-License-Identifier: Apache-2.0
//
// Whose certificates are believed, and in which words the others are refused.
#include "tests/net/tls/tls_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <cstdio>

namespace corolla_tests {
namespace {

class TlsCertificateTest : public NetTest {};

/// What the client says of a server with these rules; "" when it is content.
std::string refusal(TlsContext client, TlsContext server, const std::string& host = "localhost") {
  return run([](TlsContext c, TlsContext s, std::string name) -> Coro<std::string> {
    auto shaking = shake_hands(std::move(c), std::move(s), to_host(name));
    const TlsPair pair = co_await std::move(shaking);
    EXPECT_EQ(pair.client_error == nullptr, pair.client.has_value());
    if (!pair.client_error) co_return std::string();
    EXPECT_FALSE(pair.server) << "the server learns of it";
    try {
      std::rethrow_exception(pair.client_error);
    } catch (const TlsCertificateError& error) {
      EXPECT_NE(error.verify_code(), 0);
      EXPECT_EQ(error.reason(), "certificate verify failed");
    } catch (...) {
      ADD_FAILURE() << "not a TlsCertificateError";
    }
    co_return describe(pair.client_error);
  }(std::move(client), std::move(server), host));
}

TEST_F(TlsCertificateTest, AGoodOneIsAcceptedAndCanBeRead) {
  run([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    const TlsPair pair = co_await std::move(shaking);
    EXPECT_TRUE(pair.client && pair.server);
    const std::optional<TlsCertificate> certificate = pair.client->tls()->peer_certificate();
    EXPECT_EQ(certificate->subject, "CN=a host of the tests");
    EXPECT_EQ(certificate->issuer, "CN=intermediate of the tests");
    const std::vector<std::string> names{"DNS:localhost", "DNS:*.wild.example", "IP Address:127.0.0.1",
                                         "IP Address:::1"};
    EXPECT_EQ(certificate->subject_alt_names, names);
    EXPECT_EQ(certificate->not_after - certificate->not_before, std::chrono::days(31));
    EXPECT_EQ(certificate->fingerprint_sha256.size(), 64U);
    EXPECT_EQ(certificate->serial_number.substr(0, 2), "01");
    EXPECT_EQ(certificate->der.substr(0, 2), "\x30\x82");
    EXPECT_FALSE(pair.server->tls()->peer_certificate());
    EXPECT_EQ(pair.client->tls()->cipher_bits(), 256);
    EXPECT_TRUE(pair.client->tls()->cipher().starts_with("TLS_"));
  }());
}

TEST_F(TlsCertificateTest, TheFingerprintIsOpenssls) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "host.pem", authorities().host.pem());
  const std::string command = "openssl x509 -noout -fingerprint -sha256 -in " + (directory / "host.pem");
  std::FILE* const pipe = ::popen(command.c_str(), "re");
  char line[256] = {};
  EXPECT_NE(std::fgets(line, sizeof line, pipe), nullptr);
  EXPECT_EQ(::pclose(pipe), 0);
  std::string theirs = std::string(line).substr(std::string(line).find('=') + 1);
  std::erase_if(theirs, [](char c) { return c == ':' || c == '\n'; });
  for (char& c : theirs) c = static_cast<char>(std::tolower(c));
  run([](std::string expected) -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    const TlsPair pair = co_await std::move(shaking);
    EXPECT_EQ(pair.client->tls()->peer_certificate()->fingerprint_sha256, expected);
  }(theirs));
}

TEST_F(TlsCertificateTest, Expired) {
  const Certificate host(host_request("DNS:localhost", -30, -2), &authorities().root);
  const std::string said = refusal(client_context(), server_context(host));
  EXPECT_TRUE(contains(said, "certificate of localhost is refused: certificate has expired (not after 20")) << said;
  EXPECT_TRUE(contains(said, " GMT)")) << said;
}

TEST_F(TlsCertificateTest, NotYetValid) {
  const Certificate host(host_request("DNS:localhost", 2, 30), &authorities().root);
  const std::string said = refusal(client_context(), server_context(host));
  EXPECT_TRUE(contains(said, "certificate is not yet valid (not before 20")) << said;
}

TEST_F(TlsCertificateTest, NamesOfHosts) {
  EXPECT_EQ(refusal(client_context(), server_context(), "LOCALHOST"), "");
  EXPECT_EQ(refusal(client_context(), server_context(), "localhost."), "") << "the dot of the root is no part of it";
  EXPECT_EQ(refusal(client_context(), server_context(), "a.wild.example"), "");
  EXPECT_EQ(refusal(client_context(), server_context(), "127.0.0.1"), "");
  EXPECT_EQ(refusal(client_context(), server_context(), "::1"), "");
  for (const char* name : {"wild.example", "a.b.wild.example", "localhost.example", "127.0.0.2", "::2", "local"}) {
    const std::string said = refusal(client_context(), server_context(), name);
    EXPECT_TRUE(
        contains(said, std::string("'") + name + "' does not match 'localhost', '*.wild.example', '127.0.0.1', '::1'"))
        << said;
  }
  // A partial wildcard and a common name are no names of hosts (RFC 9525).
  const Certificate partial(host_request("DNS:lo*t"), &authorities().root);
  EXPECT_TRUE(contains(refusal(client_context(), server_context(partial)), "does not match"));
  CertificateRequest by_subject("localhost");
  const Certificate common(by_subject, &authorities().root);
  const std::string said = refusal(client_context(), server_context(common));
  EXPECT_TRUE(contains(said, "hostname 'localhost' does not match any name: the certificate has none")) << said;
}

TEST_F(TlsCertificateTest, SelfSigned) {
  const Certificate host(host_request("DNS:localhost"));
  const std::string said = refusal(client_context(), server_context(host));
  EXPECT_TRUE(contains(said, "refused: self-signed certificate")) << said;
  TlsContext trusting = client_context();
  trusting.load_verify_locations("", "", host.pem());
  EXPECT_EQ(refusal(trusting, server_context(host)), "");
}

TEST_F(TlsCertificateTest, UnknownAuthority) {
  const Certificate other(authority_request("somebody else"));
  const Certificate host(host_request("DNS:localhost"), &other);
  const std::string said = refusal(client_context(), server_context(host));
  EXPECT_TRUE(contains(said, "unable to get local issuer certificate (issued by 'CN=somebody else')")) << said;
  const std::string with_root = refusal(client_context(), server_context(host, other.pem()));
  EXPECT_TRUE(contains(with_root, "self-signed certificate in certificate chain")) << with_root;
}

TEST_F(TlsCertificateTest, MissingIntermediate) {
  const std::string said = refusal(client_context(), server_context(authorities().host));
  EXPECT_TRUE(contains(said, "unable to get local issuer certificate (issued by 'CN=intermediate of the tests')"))
      << said;
}

TEST_F(TlsCertificateTest, NothingIsCheckedOnlyWhenThatIsSaidTwice) {
  const Certificate host(host_request("DNS:elsewhere.example", -30, -2));
  TlsContext careless = client_context();
  EXPECT_THROW(careless.set_verify_mode(TlsVerifyMode::kNone), ValueError);
  careless.set_check_hostname(false);
  EXPECT_EQ(careless.verify_mode(), TlsVerifyMode::kRequired);
  EXPECT_NE(refusal(careless, server_context(host)), "") << "the name is not checked, the rest is";
  careless.set_verify_mode(TlsVerifyMode::kNone);
  EXPECT_EQ(refusal(careless, server_context(host)), "");
}

TEST_F(TlsCertificateTest, AuthoritiesFromFilesDirectoriesAndTheEnvironment) {
  const TemporaryDirectory directory;
  write_whole_file(directory / "root.pem", authorities().root.pem());
  TlsContext from_file = TlsContext::client();
  from_file.forget_verify_locations();
  EXPECT_NE(refusal(from_file, server_context()), "");
  from_file.load_verify_locations(directory / "root.pem");
  EXPECT_EQ(refusal(from_file, server_context()), "");

  EXPECT_EQ(std::system(("openssl rehash " + (directory / "")).c_str()), 0);
  TlsContext from_directory = TlsContext::client();
  from_directory.forget_verify_locations();
  from_directory.load_verify_locations("", directory / "");
  EXPECT_EQ(refusal(from_directory, server_context()), "");

  ::setenv("SSL_CERT_FILE", (directory / "root.pem").c_str(), 1);
  EXPECT_EQ(refusal(TlsContext::client(), server_context()), "");
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_NE(refusal(TlsContext::client(), server_context()), "") << "the system does not know the tests' authority";

  EXPECT_THROW(from_file.load_verify_locations(directory / "missing.pem"), OSError);
  EXPECT_THROW(from_file.load_verify_locations("", "", "no PEM"), TlsError);
  EXPECT_THROW(from_file.load_verify_locations(""), ValueError);
}

TEST_F(TlsCertificateTest, KeysThatDoNotFitOrNeedAPassword) {
  const TemporaryDirectory directory;
  const Certificate& host = authorities().host;
  TlsContext context = TlsContext::server();
  EXPECT_THROW(context.use_cert_chain(host.pem(), authorities().root.key_pem()), TlsError);
  EXPECT_THROW(context.use_cert_chain("", host.key_pem()), TlsError);
  EXPECT_THROW(context.use_cert_chain(host.pem(), "nothing"), TlsError);
  EXPECT_THROW(context.use_cert_chain(host.pem(), host.key_pem("open sesame")), TlsError) << "and nobody is asked";
  EXPECT_THROW(context.use_cert_chain(host.pem(), host.key_pem("open sesame"), "open"), TlsError);
  context.use_cert_chain(host.pem(), host.key_pem("open sesame"), "open sesame");
  write_whole_file(directory / "both.pem", host.key_pem() + authorities().chain());
  context.load_cert_chain(directory / "both.pem");
  EXPECT_EQ(refusal(client_context(), context), "");
  try {
    context.load_cert_chain(directory / "missing.pem");
    ADD_FAILURE() << "a missing file";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_TRUE(contains(error.what(), "missing.pem"));
  }
}

// -- certificates of clients ----------------------------------------------------------------------------------------

TlsContext demanding_server(TlsVerifyMode mode) {
  TlsContext context = server_context();
  context.load_verify_locations("", "", authorities().root.pem());
  context.set_verify_mode(mode);
  return context;
}

// What the server says of the client, and what the client hears of it.
Coro<std::string> words_with(TlsContext client, TlsContext server) {
  auto shaking = shake_hands(std::move(client), std::move(server));
  TlsPair pair = co_await std::move(shaking);
  if (pair.server) {
    const auto certificate = pair.server->tls()->peer_certificate();
    co_return certificate ? "hello " + certificate->subject : std::string("hello stranger");
  }
  std::string heard = describe(pair.client_error);
  if (pair.client) {
    // With TLS 1.3 the client is done before the server has looked.
    const auto received = co_await outcome(pair.client->receive());
    heard = received.error_message();
  }
  co_return describe(pair.server_error) + " / " + heard;
}

TEST_F(TlsCertificateTest, ClientsAreKnownByTheirCertificates) {
  run([]() -> Coro<void> {
    const Certificate customer(CertificateRequest("customer"), &authorities().root);
    const Certificate stranger(CertificateRequest("stranger"));
    TlsContext known = client_context();
    known.use_cert_chain(customer.pem(), customer.key_pem());
    TlsContext unknown = client_context();
    unknown.use_cert_chain(stranger.pem(), stranger.key_pem());
    for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
      for (TlsContext* context : {&known, &unknown}) context->set_maximum_version(version);
      TlsContext bare = client_context();
      bare.set_maximum_version(version);
      auto first = words_with(known, demanding_server(TlsVerifyMode::kRequired));
      const auto first_words = co_await std::move(first);
      EXPECT_EQ(first_words, "hello CN=customer");
      auto second = words_with(bare, demanding_server(TlsVerifyMode::kOptional));
      const auto second_words = co_await std::move(second);
      EXPECT_EQ(second_words, "hello stranger");
      auto third = words_with(bare, demanding_server(TlsVerifyMode::kRequired));
      const std::string absent = co_await std::move(third);
      EXPECT_TRUE(contains(absent, "peer did not return a certificate")) << absent;
      const char* const alert = version == TlsVersion::kTls12 ? "handshake failure" : "certificate required";
      EXPECT_TRUE(contains(absent, std::string("the peer refuses: ") + alert)) << absent;
      for (const TlsVerifyMode mode : {TlsVerifyMode::kRequired, TlsVerifyMode::kOptional}) {
        auto fourth = words_with(unknown, demanding_server(mode));
        const std::string wrong = co_await std::move(fourth);
        EXPECT_TRUE(contains(wrong, "is refused: self-signed certificate")) << wrong;
        EXPECT_TRUE(contains(wrong, "the peer refuses: unknown CA")) << wrong;
      }
    }
  }());
}

}  // namespace
}  // namespace corolla_tests
