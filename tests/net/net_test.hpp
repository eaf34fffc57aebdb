// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of the network share: a fixture that finds leaks, pairs of a stream and a plain socket.
#pragma once

#include "tests/support/idle_resolver_threads.hpp"
#include "tests/support/open_descriptors.hpp"

#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include "backend/backend.hpp"
#include "net/stream/socket_state.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla_tests {

using namespace corolla;
using namespace std::chrono_literals;

/// Fails when a test leaves a descriptor, a frame or a future behind.
class NetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    descriptors_ = open_descriptors();
    objects_ = live_objects();
  }
  void TearDown() override {
    wait_for_idle_resolver_threads();
    EXPECT_EQ(open_descriptors(), descriptors_);
    EXPECT_EQ(live_objects().frames, objects_.frames);
    EXPECT_EQ(live_objects().futures, objects_.futures);
  }

 private:
  std::size_t descriptors_ = 0;
  LiveObjects objects_{};
};

/// The test's end of a connection: a plain socket, used without waiting.
class Peer {
 public:
  explicit Peer(int descriptor) noexcept : descriptor_(descriptor) {}
  Peer(Peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Peer() { close(); }

  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(bytes.size()));
  }
  /// As many as fit; how many did.
  std::size_t send_some(std::string_view bytes) const {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  /// What is there, up to 64 KiB; `ended` tells the end.
  std::string take(bool* ended = nullptr) const {
    std::string bytes(64 * 1024, '\0');
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (ended) *ended = got == 0;
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }
  void shut_down_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  /// Closes so that the other side gets ECONNRESET.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

struct StreamAndPeer {
  StreamAndPeer(ByteStream s, Peer p) noexcept : stream(std::move(s)), peer(std::move(p)) {}
  ByteStream stream;
  Peer peer;
};

/// A stream of the running loop on one end of a socket pair.
inline StreamAndPeer stream_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw OSError(errno, "socketpair");
  EventLoop& loop = get_running_loop();
  loop.io().forget(ends[0]);
  if (loop.io().nonblocking_sockets()) ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return StreamAndPeer(stream_of_socket(loop, ends[0], false), Peer(ends[1]));
}

/// As stream_pair over TCP on the loopback.
inline Coro<StreamAndPeer> tcp_pair() {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const SocketAddress any = SocketAddress::ip("127.0.0.1", 0);
  if (::bind(listening, static_cast<const sockaddr*>(any.data()), static_cast<socklen_t>(any.size())) != 0 ||
      ::listen(listening, 1) != 0)
    throw OSError(errno, "listen");
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&bound), &size);
  auto connecting = connect_to(SocketAddress(&bound, size));
  ByteStream stream = co_await std::move(connecting);
  const int accepted = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
  ::close(listening);
  co_return StreamAndPeer(std::move(stream), Peer(accepted));
}

/// It ended with an exception of type E.
template <class E, class T>
bool failed_with(const Outcome<T>& result) {
  try {
    if (result.error()) std::rethrow_exception(result.error());
  } catch (const E&) {
    return true;
  } catch (...) {
  }
  return false;
}

/// A handler that sends back what it receives, until the end.
inline Coro<void> echo(ByteStream stream) {
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    stream.consume(bytes.size());
    co_await stream.send_all(bytes);
  }
  stream.close();
  co_await stream.wait_closed();
}

/// All bytes until the end.
inline Coro<std::string> receive_all(ByteStream& stream) {
  std::string all;
  for (;;) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) co_return all;
    all += bytes;
    stream.consume(bytes.size());
  }
}

/// What a peer got until the end.
inline Coro<std::string> take_all(const Peer& peer) {
  std::string all;
  for (bool ended = false; !ended;) {
    all += peer.take(&ended);
    co_await sleep(0s);
  }
  co_return all;
}

/// Whether this machine has an IPv6 loopback.
inline bool has_ipv6() {
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const SocketAddress loopback = SocketAddress::ip("::1", 0);
  const bool bound =
      ::bind(descriptor, static_cast<const sockaddr*>(loopback.data()), static_cast<socklen_t>(loopback.size())) == 0;
  if (descriptor >= 0) ::close(descriptor);
  return bound;
}

/// The code of the OSError that `error` is; none for anything else.
inline std::error_code os_error_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const OSError& failure) {
    return failure.code();
  } catch (...) {
  }
  return {};
}

/// Numbers that are the same in every run.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15U + 1) {}
  std::uint64_t next() noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  std::size_t below(std::size_t end) noexcept { return static_cast<std::size_t>(next() % end); }

 private:
  std::uint64_t state_;
};

/// `size` bytes in which every position can be told from its neighbours.
inline std::string pattern(std::size_t size, std::size_t from = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((from + i) * 2654435761U >> 13);
  return bytes;
}

}  // namespace corolla_tests
