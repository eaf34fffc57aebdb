// SPDX-License-Identifier: Apache-2.0
//
// TlsContext::set_kernel_tls. Those tests that need a kernel with the module "tls" are skipped without; scripts/vm has one.
#include "tests/net/tls/tls_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace corolla_tests {
namespace {

// A socket that is not connected cannot have it; a kernel that knows what it is says that.
bool kernel_has_tls() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int result = ::setsockopt(descriptor, IPPROTO_TCP, TCP_ULP, "tls", 4);
  const int error = errno;
  ::close(descriptor);
  return result == 0 || error == ENOTCONN;
}

struct Kind {
  const char* name;
  TlsVersion version;
  const char* ciphers;  // of TLS 1.2
  const char* suites;   // of TLS 1.3
};
constexpr Kind kKinds[] = {
    {"1.3, AES-128", TlsVersion::kTls13, "", "TLS_AES_128_GCM_SHA256"},
    {"1.3, AES-256", TlsVersion::kTls13, "", "TLS_AES_256_GCM_SHA384"},
    {"1.3, ChaCha20", TlsVersion::kTls13, "", "TLS_CHACHA20_POLY1305_SHA256"},
    {"1.2, AES-128", TlsVersion::kTls12, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256", ""},
    {"1.2, AES-256", TlsVersion::kTls12, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384", ""},
};

TlsContext with_kernel(TlsContext context, bool wanted = true) {
  context.set_kernel_tls(wanted);
  return context;
}

TlsContext client_of(const Kind& kind) {
  TlsContext context = client_context();
  context.set_minimum_version(kind.version);
  context.set_maximum_version(kind.version);
  if (*kind.ciphers) context.set_ciphers(kind.ciphers);
  if (*kind.suites) context.set_ciphersuites(kind.suites);
  return context;
}

std::string numbered(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  return bytes;
}

/// Both ends of a TCP connection.
Coro<std::pair<ByteStream, ByteStream>> tcp_streams() {
  std::optional<ByteStream> served;
  Event there;
  auto server = co_await start_server(
      [&](ByteStream stream) -> Coro<void> {
        served = std::move(stream);
        there.set();
        co_return;
      },
      "127.0.0.1", 0);
  ByteStream client = co_await connect_tcp("127.0.0.1", server.port());
  co_await there.wait();
  server.close();
  co_await server.wait_closed();
  co_return std::pair(std::move(client), std::move(*served));
}

Coro<TlsPair> pair_over_tcp(TlsContext client_rules, TlsContext server_rules) {
  auto ends = co_await tcp_streams();
  auto shaking =
      shake_hands(std::move(ends.first), std::move(ends.second), std::move(client_rules), std::move(server_rules));
  co_return co_await std::move(shaking);
}

Coro<void> send_and_close(ByteStream& stream, const std::string& bytes) {
  co_await stream.send_all(bytes);
  stream.close();
  co_await stream.wait_closed();
}

class KernelTlsTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (!kernel_has_tls()) GTEST_SKIP() << "this kernel has no module \"tls\"";
  }
};

class WithoutKernelTlsTest : public NetTest {};

// Without the module, on a Unix socket, in memory, over TLS: as if nobody had asked.
TEST_F(WithoutKernelTlsTest, WhereItCannotBeNothingChanges) {
  run([]() -> Coro<void> {
    auto over_memory = shake_hands(with_kernel(client_context()), with_kernel(server_context()));
    auto pair = co_await std::move(over_memory);
    EXPECT_FALSE(pair.client->tls()->kernel_tls());
    auto inner = shake_hands(std::move(*pair.client), std::move(*pair.server), with_kernel(client_context()),
                             with_kernel(server_context()));
    auto within = co_await std::move(inner);
    EXPECT_FALSE(within.server->tls()->kernel_tls());
    const std::string bytes = numbered(1 << 20);
    auto sending = create_task(send_and_close(*within.server, bytes));
    const std::string received = co_await receive_all(*within.client);
    EXPECT_EQ(received, bytes);
    within.client->close();
    co_await sending;
    auto over_tcp = pair_over_tcp(client_context(), server_context());
    auto plain = co_await std::move(over_tcp);
    EXPECT_FALSE(plain.server->tls()->kernel_tls()) << "not unless asked for";
    auto asking = pair_over_tcp(with_kernel(client_context()), with_kernel(server_context()));
    auto asked = co_await std::move(asking);
    EXPECT_EQ(asked.server->tls()->kernel_tls(), kernel_has_tls());
    co_await asked.server->send_all("hello");
    const std::string_view hello = co_await asked.client->receive();
    EXPECT_EQ(hello, "hello");
  }());
}

TEST_F(KernelTlsTest, BytesAndFilesArriveBothWays) {
  run([]() -> Coro<void> {
    const TemporaryDirectory directory;
    const std::string bytes = numbered(3'000'001);
    const std::string path = directory / "file";
    write_whole_file(path, bytes);
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    for (const Kind& kind : kKinds) {
      for (const bool client_too : {false, true}) {
        auto shaking = pair_over_tcp(with_kernel(client_of(kind), client_too), with_kernel(server_context()));
        auto pair = co_await std::move(shaking);
        ByteStream& client = *pair.client;
        ByteStream& server = *pair.server;
        EXPECT_TRUE(server.tls()->kernel_tls()) << kind.name;
        EXPECT_EQ(client.tls()->kernel_tls(), client_too) << kind.name;
        auto asking = create_task([](ByteStream& stream, const std::string& all) -> Coro<void> {
          co_await stream.send_all("ask");
          co_await stream.send_all(all);
          co_await stream.send_all("end");
        }(client, bytes));
        std::string asked;
        while (asked.size() < bytes.size() + 6) {
          const std::string_view part = co_await server.receive();
          if (part.empty()) break;
          asked += part;
          server.consume(part.size());
        }
        co_await asking;
        EXPECT_TRUE(asked == "ask" + bytes + "end") << kind.name;
        auto answering = create_task([](ByteStream& stream, int descriptor, std::size_t size) -> Coro<void> {
          co_await stream.send_all("head", "er");
          auto copying = stream.sendfile(descriptor, 1000, size - 2000);
          const auto copied = co_await std::move(copying);
          EXPECT_EQ(copied, size - 2000);
          co_await stream.send_all("trailer");
          stream.close();
          co_await stream.wait_closed();
        }(server, file, bytes.size()));
        const std::string answer = co_await receive_all(client);
        EXPECT_TRUE(answer == "header" + bytes.substr(1000, bytes.size() - 2000) + "trailer") << kind.name;
        EXPECT_TRUE(client.tls()->ended_cleanly()) << kind.name;
        client.close();
        co_await answering;
      }
    }
    ::close(file);
  }());
}

// The socket is full when the stream closes, and close_notify still comes behind the last byte.
TEST_F(KernelTlsTest, TheEndComesBehindAllThatASlowReaderWasSent) {
  run([]() -> Coro<void> {
    for (const Kind& kind : kKinds) {
      auto shaking = pair_over_tcp(client_of(kind), with_kernel(server_context()));
      auto pair = co_await std::move(shaking);
      const std::string bytes = numbered(16 << 20);
      auto sending = create_task(send_and_close(*pair.server, bytes));
      for (int i = 0; i < 100; ++i) co_await sleep(0s);
      EXPECT_FALSE(sending.done());
      const std::string received = co_await receive_all(*pair.client);
      EXPECT_TRUE(received == bytes) << kind.name;
      EXPECT_TRUE(pair.client->tls()->ended_cleanly()) << kind.name;
      pair.client->close();
      co_await sending;
    }
  }());
}

// Tickets are records that are no data.
TEST_F(KernelTlsTest, SessionsAreResumed) {
  run([]() -> Coro<void> {
    TlsContext client_rules = client_context();
    const TlsContext server_rules = with_kernel(server_context());
    ServerOptions options;
    options.ssl = server_rules;
    auto server = co_await start_server(
        [](ByteStream stream) -> Coro<void> {
          EXPECT_TRUE(stream.tls()->kernel_tls());
          co_await stream.send_all("hello");
          stream.close();
        },
        "127.0.0.1", 0, options);
    for (const bool resumed : {false, true}) {
      auto connecting = connect_tls("127.0.0.1", server.port(), client_rules);
      ByteStream stream = co_await std::move(connecting);
      EXPECT_EQ(stream.tls()->resumed(), resumed);
      const std::string said = co_await receive_all(stream);
      EXPECT_EQ(said, "hello");
    }
    server.close();
    co_await server.wait_closed();
  }());
}

// In TLS 1.3 the server has its last keys when it learns that the client has no certificate.
TEST_F(KernelTlsTest, AlertsArrive) {
  run([]() -> Coro<void> {
    TlsContext server_rules = with_kernel(server_context());
    server_rules.load_verify_locations("", "", authorities().root.pem());
    server_rules.set_verify_mode(TlsVerifyMode::kRequired);
    auto shaking = pair_over_tcp(client_context(), server_rules);
    auto pair = co_await std::move(shaking);
    EXPECT_TRUE(pair.server_error);
    EXPECT_TRUE(pair.client.has_value());
    const auto received = co_await outcome(receive_all(*pair.client));
    EXPECT_TRUE(failed_with<TlsError>(received));
    EXPECT_TRUE(contains(received.error_message(), "certificate required")) << received.error_message();
  }());
}

// OpenSSL changes its own keys, too, before it sends the next bytes.
TEST_F(KernelTlsTest, APeerThatWantsTheKeysChangedIsToldOff) {
  run([]() -> Coro<void> {
    ServerOptions options;
    options.ssl = with_kernel(server_context());
    std::string error;
    Event over;
    auto server = co_await start_server(
        [&](ByteStream stream) -> Coro<void> {
          co_await stream.send_all("hello");
          const std::string_view said = co_await stream.receive();  // and the wish
          EXPECT_EQ(said, "x");
          const auto result = co_await outcome(send_and_close(stream, "an answer"));
          error = result.error_message();
          over.set();
        },
        "127.0.0.1", 0, options);
    const std::uint16_t port = server.port();
    auto peer = to_thread([port] {
      const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      SSL_CTX* const rules = SSL_CTX_new(TLS_client_method());
      SSL* const ssl = SSL_new(rules);
      SSL_set_fd(ssl, descriptor);
      EXPECT_EQ(SSL_connect(ssl), 1);
      char bytes[8];
      EXPECT_EQ(SSL_read(ssl, bytes, sizeof bytes), 5);
      EXPECT_EQ(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
      EXPECT_EQ(SSL_write(ssl, "x", 1), 1);
      EXPECT_LE(SSL_read(ssl, bytes, sizeof bytes), 0);
      SSL_free(ssl);
      SSL_CTX_free(rules);
      ::close(descriptor);
    });
    co_await std::move(peer);
    co_await over.wait();
    EXPECT_TRUE(contains(error, "the peer wants the keys changed, and the kernel keeps those it has")) << error;
    server.close();
    co_await server.wait_closed();
  }());
}

}  // namespace
}  // namespace corolla_tests
