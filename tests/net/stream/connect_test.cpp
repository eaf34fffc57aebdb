// SPDX-License-Identifier: Apache-2.0
//
// Which address is connected to, from which one, and what is said when none answers.
#include "tests/net/tls/tls_test.hpp"

#include "tests/support/temporary_directory.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class ConnectTest : public NetTest {};

Coro<void> tell_the_peers_address(ByteStream stream) { co_await stream.send_all(stream.peername().to_string()); }

/// A port of 127.0.0.1 on which nobody listens.
Coro<std::uint16_t> unused_port() {
  auto server = co_await start_server(tell_the_peers_address, "127.0.0.1", 0);
  co_return server.port();
}

TEST_F(ConnectTest, ANumericHostNeedsNoResolver) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(tell_the_peers_address, "", 0);
    for (const SocketAddress& listening : server.addresses()) {
      const std::string host = listening.family() == SocketAddress::Family::kIPv6 ? "::1" : "127.0.0.1";
      ByteStream client = co_await connect_tcp(host, server.port());
      EXPECT_EQ(client.peername(), SocketAddress::ip(host, server.port()));
    }
    EXPECT_FALSE(get_running_loop().has_default_executor());
  }());
}

TEST_F(ConnectTest, ANameWithoutAnAddressIsAnErrorForClientAndServer) {
  run([]() -> Coro<void> {
    auto connecting = connect_tcp("name.invalid", 80);
    const auto connected = co_await outcome(std::move(connecting));
    EXPECT_TRUE(failed_with<gaierror>(connected));
    EXPECT_TRUE(failed_with<OSError>(connected));
    auto starting = start_server(tell_the_peers_address, "name.invalid", 0);
    const auto started = co_await outcome(std::move(starting));
    EXPECT_TRUE(failed_with<gaierror>(started));
    auto nowhere = connect_to(std::vector<SocketAddress>());
    const auto none = co_await outcome(std::move(nowhere));
    EXPECT_TRUE(failed_with<ValueError>(none));
  }());
}

TEST_F(ConnectTest, TheFirstAddressThatAnswersIsTaken) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(tell_the_peers_address, "127.0.0.2", 0);
    std::vector<SocketAddress> addresses;
    for (const char* host : {"127.0.0.1", "127.0.0.2", "127.0.0.3"})
      addresses.push_back(SocketAddress::ip(host, server.port()));
    ByteStream client = co_await connect_to(addresses);
    EXPECT_EQ(client.peername(), addresses[1]);
  }());
}

TEST_F(ConnectTest, WhenNoneAnswersTheErrorListsThemAll) {
  run([]() -> Coro<void> {
    const std::uint16_t port = co_await unused_port();
    std::vector<SocketAddress> addresses(1, SocketAddress::ip("127.0.0.1", port));
    const auto alone = co_await outcome(connect_to(addresses));
    EXPECT_EQ(os_error_of(alone.error()), std::errc::connection_refused);
    EXPECT_EQ(alone.error_message().find("Multiple"), std::string::npos);
    addresses.push_back(SocketAddress::ip("127.0.0.2", port));
    const auto both = co_await outcome(connect_to(addresses));
    EXPECT_EQ(os_error_of(both.error()), std::errc::connection_refused);
    const std::string text = both.error_message();
    EXPECT_NE(text.find("Multiple exceptions: "), std::string::npos) << text;
    for (const SocketAddress& address : addresses)
      EXPECT_NE(text.find("connect to " + address.to_string()), std::string::npos) << text;
  }());
}

TEST_F(ConnectTest, ALocalAddressIsWhatThePeerSees) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(tell_the_peers_address, "127.0.0.1", 0);
    const std::uint16_t port = co_await unused_port();
    StreamOptions options;
    options.local_address = SocketAddress::ip("127.0.0.2", port);
    auto connection = co_await open_connection("127.0.0.1", server.port(), options);
    EXPECT_EQ(connection.writer.sockname(), options.local_address);
    const std::string told = co_await connection.reader.read();
    EXPECT_EQ(told, options.local_address.to_string());
  }());
}

TEST_F(ConnectTest, ALocalAddressThatIsTakenIsNamed) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(tell_the_peers_address, "127.0.0.1", 0);
    ConnectOptions options;
    options.local_address = server.addresses().front();
    auto connecting = connect_tcp("127.0.0.1", server.port(), options);
    const auto result = co_await outcome(std::move(connecting));
    EXPECT_EQ(os_error_of(result.error()), std::errc::address_in_use);
    EXPECT_NE(result.error_message().find(options.local_address.to_string()), std::string::npos);
  }());
}

// One address is not of the local one's family (or of none that this machine has), the other one is, and decides.
TEST_F(ConnectTest, ALocalAddressOfAnotherFamilyFailsItsAddressAlone) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(tell_the_peers_address, "127.0.0.1", 0);
    const std::uint16_t unused = co_await unused_port();
    ConnectOptions options;
    options.local_address = SocketAddress::ip("127.0.0.1", 0);
    const SocketAddress foreign = SocketAddress::ip("::1", server.port());
    auto mismatch = connect_to(foreign, options);
    const auto refused = co_await outcome(std::move(mismatch));
    EXPECT_TRUE(failed_with<OSError>(refused));
    std::vector<SocketAddress> addresses(1, foreign);
    addresses.push_back(SocketAddress::ip("127.0.0.1", unused));
    const auto none = co_await outcome(connect_to(addresses, options));
    EXPECT_TRUE(failed_with<OSError>(none));
    EXPECT_NE(none.error_message().find("Multiple exceptions: "), std::string::npos) << none.error_message();
    addresses.push_back(server.addresses().front());
    ByteStream client = co_await connect_to(addresses, options);
    EXPECT_EQ(client.peername(), server.addresses().front());
  }());
}

TEST_F(ConnectTest, AUnixSocketMayCarryTls) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    StreamServerOptions serving;
    serving.ssl = server_context();
    int connections = 0;
    auto server = co_await start_unix_server(
        [&connections](StreamReader reader, StreamWriter writer) -> Coro<void> {
          ++connections;
          const std::string line = co_await reader.readline();
          co_await writer.write("you said " + line);
        },
        path, serving);
    StreamOptions options;
    options.server_hostname = "localhost";
    options.ssl = client_context();
    {
      auto connecting = open_unix_connection(path, options);
      auto [reader, writer] = co_await std::move(connecting);
      co_await writer.write("hello\n");
      const std::string answer = co_await reader.readline();
      EXPECT_EQ(answer, "you said hello\n");
      EXPECT_NE(writer.tls(), nullptr);
    }
    options.ssl = TlsContext::client();
    options.ssl.forget_verify_locations();
    auto distrusting = open_unix_connection(path, options);
    const auto refused = co_await outcome(std::move(distrusting));
    EXPECT_TRUE(failed_with<TlsCertificateError>(refused));
    EXPECT_EQ(connections, 1);
  }(directory / "socket"));
}

TEST_F(ConnectTest, OptionsOfTlsThatDoNotFitAreRefusedBeforeAnythingIsConnected) {
  run([]() -> Coro<void> {
    ConnectOptions named;
    named.server_hostname = "localhost";
    ConnectOptions serving;
    serving.ssl = server_context();
    for (const ConnectOptions& options : {named, serving}) {
      auto connecting = connect_tcp("127.0.0.1", 1, options);  // where nobody listens
      const auto result = co_await outcome(std::move(connecting));
      EXPECT_TRUE(failed_with<ValueError>(result));
    }
  }());
}

}  // namespace
}  // namespace corolla_tests
