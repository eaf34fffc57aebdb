// SPDX-License-Identifier: Apache-2.0
//
// create_unix_server: what stands at its path already, sockets of one's own.
#include "tests/net/transport/transport_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <memory>
#include <string>

#include <sys/stat.h>

namespace corolla_tests {
namespace {

class CreateUnixServerTest : public NetTest {};

std::shared_ptr<EchoProtocol> echo_protocol() { return std::make_shared<EchoProtocol>(); }

/// The kind of what is at `path`: S_IFSOCK, S_IFREG; 0 for nothing.
mode_t kind_of(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & S_IFMT : 0;
}

int unix_socket_at(const std::string& path, int type) {
  const int descriptor = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  const SocketAddress address = SocketAddress::unix_path(path);
  EXPECT_EQ(::bind(descriptor, static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size())),
            0);
  return descriptor;
}

Coro<std::string> echoed(std::string path, std::string text) {
  auto connecting = connect_to(SocketAddress::unix_path(path));
  ByteStream client = co_await std::move(connecting);
  co_await client.send_all(text);
  const auto bytes = co_await client.receive();
  co_return std::string(bytes);
}

TEST_F(CreateUnixServerTest, AStaleSocketIsReplaced) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    const int stale = unix_socket_at(path, SOCK_STREAM);
    EXPECT_EQ(::listen(stale, 1), 0);
    ::close(stale);
    EXPECT_EQ(kind_of(path), static_cast<mode_t>(S_IFSOCK));
    auto server = co_await create_unix_server(echo_protocol, path);
    auto talking = echoed(path, "text");
    const std::string answer = co_await std::move(talking);
    EXPECT_EQ(answer, "text");
    server.close();
    co_await server.wait_closed();
    EXPECT_EQ(kind_of(path), 0U);
  }(directory / "socket"));
}

TEST_F(CreateUnixServerTest, WhatIsNoSocketStaysAndTheAddressIsInUse) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    auto making = create_unix_server(echo_protocol, path);
    const auto refused = co_await outcome(std::move(making));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::address_in_use);
    EXPECT_NE(refused.error_message().find(path), std::string::npos) << refused.error_message();
    EXPECT_EQ(kind_of(path), static_cast<mode_t>(S_IFREG));
  }(directory / "file"));
}

TEST_F(CreateUnixServerTest, APathWithoutItsDirectoryIsAnErrorAndLeavesNoDescriptor) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    auto making = create_unix_server(echo_protocol, path);
    const auto refused = co_await outcome(std::move(making));
    EXPECT_EQ(os_error_of(refused.error()), std::errc::no_such_file_or_directory);
    auto connecting = create_unix_connection([] { return std::make_shared<Recorder>(); }, path);
    const auto missing = co_await outcome(std::move(connecting));
    EXPECT_EQ(os_error_of(missing.error()), std::errc::no_such_file_or_directory);
  }(directory / "missing/socket"));
}

TEST_F(CreateUnixServerTest, OnASocketOfOnesOwn) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    auto server = co_await create_server(echo_protocol, unix_socket_at(path, SOCK_STREAM | SOCK_NONBLOCK));
    auto talking = echoed(path, "text");
    const std::string answer = co_await std::move(talking);
    EXPECT_EQ(answer, "text");
    const std::string other = path + ".datagrams";
    EXPECT_THROW(static_cast<void>(create_server(echo_protocol, unix_socket_at(other, SOCK_DGRAM))), ValueError);
  }(directory / "socket"));
}

TEST_F(CreateUnixServerTest, ANameIsNeededWhereItIsChecked) {
  const TemporaryDirectory directory;
  run([](std::string path) -> Coro<void> {
    auto server = co_await create_unix_server(echo_protocol, path);
    ConnectOptions options;
    options.ssl = TlsContext::client();
    auto connecting = create_unix_connection([] { return std::make_shared<Recorder>(); }, path, options);
    const auto refused = co_await outcome(std::move(connecting));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    EXPECT_NE(refused.error_message().find("server_hostname"), std::string::npos) << refused.error_message();
  }(directory / "socket"));
}

}  // namespace
}  // namespace corolla_tests
