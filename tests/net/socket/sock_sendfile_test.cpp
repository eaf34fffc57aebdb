// SPDX-License-Identifier: Apache-2.0
#include "tests/net/file/file_net_test.hpp"
#include "tests/net/socket/sock_test.hpp"

namespace corolla_tests {
namespace {

class SockSendfileTest : public FileNetTest {};

TEST_F(SockSendfileTest, SendsTheWholeFileAndMovesItsPosition) {
  run([](int file, const std::string& content) -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    auto receiving = create_task(take_all, std::cref(peer));
    auto sending = sock_sendfile(socket, file);
    const std::uint64_t sent = co_await std::move(sending);
    socket.close();
    const std::string got = co_await receiving;
    EXPECT_EQ(sent, content.size());
    EXPECT_TRUE(got == content);
    EXPECT_EQ(::lseek(file, 0, SEEK_CUR), static_cast<off_t>(content.size()));
  }(file_, content_));
}

TEST_F(SockSendfileTest, SendsARangeBetweenOtherBytes) {
  run([](int file, const std::string& content) -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    auto receiving = create_task(take_all, std::cref(peer));
    const std::string head = pattern(65536, 99);
    co_await sock_sendall(socket, head);
    auto part = sock_sendfile(socket, file, 1000, 2000);
    const std::uint64_t sent = co_await std::move(part);
    EXPECT_EQ(sent, 2000U);
    EXPECT_EQ(::lseek(file, 0, SEEK_CUR), 3000);
    auto rest = sock_sendfile(socket, file, content.size() - 10, 1'000'000);
    const std::uint64_t tail = co_await std::move(rest);
    EXPECT_EQ(tail, 10U);
    co_await sock_sendall(socket, head);
    socket.close();
    const std::string got = co_await receiving;
    EXPECT_TRUE(got == head + content.substr(1000, 2000) + content.substr(content.size() - 10) + head);
  }(file_, content_));
}

TEST_F(SockSendfileTest, AnEmptyFileSendsNothing) {
  write_whole_file(directory_ / "empty", "");
  const Peer empty(::open((directory_ / "empty").c_str(), O_RDONLY | O_CLOEXEC));
  run([](int file) -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    auto sending = sock_sendfile(socket, file);
    const std::uint64_t sent = co_await std::move(sending);
    EXPECT_EQ(sent, 0U);
    EXPECT_EQ(::lseek(file, 0, SEEK_CUR), 0);
  }(empty.descriptor()));
}

TEST_F(SockSendfileTest, FilesTheKernelCannotCopyFrom) {
  run([]() -> Coro<void> {
    const std::string content = read_whole_file("/proc/self/limits");
    const Peer file(::open("/proc/self/limits", O_RDONLY | O_CLOEXEC));
    auto [socket, peer] = co_await socket_and_peer();
    auto refused = sock_sendfile(socket, file.descriptor(), 0, 100, false);
    const auto result = co_await outcome(std::move(refused));
    EXPECT_TRUE(failed_with<SendfileNotAvailableError>(result));
    EXPECT_TRUE(failed_with<RuntimeError>(result));
    auto all = sock_sendfile(socket, file.descriptor());
    const std::uint64_t sent = co_await std::move(all);
    EXPECT_EQ(sent, content.size());
    auto part = sock_sendfile(socket, file.descriptor(), 10, 20);
    const std::uint64_t more = co_await std::move(part);
    EXPECT_EQ(more, 20U);
    EXPECT_EQ(::lseek(file.descriptor(), 0, SEEK_CUR), 30);
    EXPECT_EQ(peer.take(), content + content.substr(10, 20));
  }());
}

TEST_F(SockSendfileTest, ArgumentsAreChecked) {
  run([](int file) -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    auto nothing = sock_sendfile(socket, file, 0, 0);
    const auto no_count = co_await outcome(std::move(nothing));
    EXPECT_TRUE(failed_with<ValueError>(no_count));
    Socket datagram = bound_datagram_socket();
    auto no_stream = sock_sendfile(datagram, file);
    const auto refused = co_await outcome(std::move(no_stream));
    EXPECT_TRUE(failed_with<ValueError>(refused));
    auto no_file = sock_sendfile(socket, -1);
    const auto failed = co_await outcome(std::move(no_file));
    EXPECT_EQ(os_error_of(failed.error()), std::errc::bad_file_descriptor);
  }(file_));
}

TEST_F(SockSendfileTest, APeerThatIsGoneIsAnErrorAndNoSignal) {
  run([](int file) -> Coro<void> {
    auto [socket, peer] = co_await socket_and_peer();
    socket.set_send_buffer_size(65536);
    auto sending = create_task([](Socket& s, int from) -> Coro<std::uint64_t> { return sock_sendfile(s, from); },
                               std::ref(socket), file);
    while (!sending.done() && peer.take().empty()) co_await sleep(0s);
    peer.reset();
    const auto result = co_await outcome(sending);
    EXPECT_TRUE(failed_with<OSError>(result));
    auto again = sock_sendfile(socket, file);
    const auto second = co_await outcome(std::move(again));
    EXPECT_EQ(os_error_of(second.error()), std::errc::broken_pipe);
  }(file_));
}

}  // namespace
}  // namespace corolla_tests
