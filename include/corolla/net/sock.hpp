// SPDX-License-Identifier: Apache-2.0
/// \file
/// sock_recv, sock_sendall and their kin: what a Socket does, awaited.
///
///     char buffer[65536];
///     while (std::size_t count = co_await sock_recv_into(socket, buffer)) {
///       co_await sock_sendall(socket, std::string_view(buffer, count));
///     }
///
/// Source: asyncio's loop.sock_recv and so on. The kernel is asked at once, unless its last answer said that the next one
/// would be to wait; the task is suspended only then. Waiting allocates nothing. One task a direction may wait for a
/// socket: a second one is a RuntimeError. The memory that is sent or received into, the addresses and the Socket must live
/// until the await is over, which those in the same full-expression do.
///
/// Cancelled, a wait ends at once and takes nothing: what comes is there for the next call. Of a sock_sendall or
/// sock_sendfile that is cancelled or fails an unknown part was sent. OSError: EBADF for a closed Socket, ECONNABORTED when
/// it is closed meanwhile, ECONNRESET, EPIPE …; never a SIGPIPE. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/promise.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace corolla {
inline namespace v0 {

/// sock_sendfile with fallback = false, and the kernel cannot copy that file (asyncio.SendfileNotAvailableError).
class COROLLA_API SendfileNotAvailableError : public RuntimeError {
 public:
  explicit SendfileNotAvailableError(std::string message) : RuntimeError(std::move(message)) {}
  ~SendfileNotAvailableError() override;
};

/// What an awaiter asks of the kernel.
enum class SocketCall : std::uint8_t {
  kReceive,
  kReceiveFrom,
  kReceiveDatagram,  ///< as kReceiveFrom, and says how long the whole datagram was
  kAccept,
  kSendAll,
  kSendTo,
  kSendFile,
  kConnect,
  kConnected  ///< what came of kConnect
};

struct SocketRequest;

/// The base of the awaiters below. Until it is suspended it holds what to ask, afterwards the answer.
class COROLLA_API SockOperation {
 public:
  SockOperation(SockOperation&& other) noexcept
      : io_(other.io_), about_(other.about_), value_(std::exchange(other.value_, 0)) {}
  SockOperation& operator=(SockOperation&&) = delete;
  ~SockOperation() {
    if (value_ <= kReading) leave();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    suspend(self.promise().task());
  }

 protected:
  /// `about`: the memory, or the address of a kConnect.
  SockOperation(Socket& socket, const void* about, std::size_t size) noexcept
      : io_(socket.io_), about_(about), value_(static_cast<std::int64_t>(size)) {}

  /// Asks the kernel; true when it has answered.
  [[nodiscard]] bool begin(SocketCall call, const SocketAddress* to = nullptr);
  [[nodiscard]] bool begin(const SocketRequest& request);
  /// The result, or -errno; throws CancelledError.
  [[nodiscard]] std::int64_t answer() {
    if (value_ <= kReading) {
      leave();
      PromiseBase::task().resumed();
    }
    return value_;
  }
  /// The result; throws what the call failed with, or CancelledError.
  std::size_t finish(SocketCall call) {
    const std::int64_t result = answer();
    if (result < 0) [[unlikely]]
      fail(call);
    return static_cast<std::size_t>(result);
  }

 private:
  static constexpr std::int64_t kWriting = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kReading = kWriting + 1;

  void suspend(TaskBase& task) noexcept;
  /// The task waits no more; the answer, if there is one, is in value_.
  void leave() noexcept;
  [[noreturn]] void fail(SocketCall call) const;

  SocketIo* io_;
  const void* about_;
  std::int64_t value_;  // the size; kReading or kWriting while suspended; then the result or -errno
};

/// What sock_recv_into returns.
class [[nodiscard]] SockReceiveInto : public SockOperation {
 public:
  SockReceiveInto(Socket& socket, std::span<char> memory) noexcept
      : SockOperation(socket, memory.data(), memory.size()) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kReceive); }
  std::size_t await_resume() { return finish(SocketCall::kReceive); }
};

/// What sock_recv returns.
class [[nodiscard]] SockReceive : public SockOperation {
 public:
  SockReceive(Socket& socket, std::size_t size) noexcept : SockOperation(socket, nullptr, size) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kReceive); }
  COROLLA_API std::string await_resume();
};

/// What sock_recvfrom returns.
class [[nodiscard]] SockReceiveFrom : public SockOperation {
 public:
  SockReceiveFrom(Socket& socket, std::size_t size) noexcept : SockOperation(socket, nullptr, size) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kReceiveFrom); }
  COROLLA_API std::pair<std::string, SocketAddress> await_resume();
};

/// What sock_recvfrom_into returns.
class [[nodiscard]] SockReceiveFromInto : public SockOperation {
 public:
  SockReceiveFromInto(Socket& socket, std::span<char> memory) noexcept
      : SockOperation(socket, memory.data(), memory.size()) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kReceiveFrom); }
  COROLLA_API std::pair<std::size_t, SocketAddress> await_resume();
};

/// What sock_sendall returns.
class [[nodiscard]] SockSendAll : public SockOperation {
 public:
  SockSendAll(Socket& socket, std::string_view bytes) noexcept : SockOperation(socket, bytes.data(), bytes.size()) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kSendAll); }
  void await_resume() { finish(SocketCall::kSendAll); }
};

/// What sock_sendto returns.
class [[nodiscard]] SockSendTo : public SockOperation {
 public:
  SockSendTo(Socket& socket, std::string_view bytes, const SocketAddress& address) noexcept
      : SockOperation(socket, bytes.data(), bytes.size()), address_(&address) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kSendTo, address_); }
  std::size_t await_resume() { return finish(SocketCall::kSendTo); }

 private:
  const SocketAddress* address_;
};

/// What sock_connect returns.
class [[nodiscard]] SockConnect : public SockOperation {
 public:
  SockConnect(Socket& socket, const SocketAddress& address) noexcept : SockOperation(socket, &address, 0) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kConnect); }
  void await_resume() { finish(SocketCall::kConnect); }
};

/// What sock_accept returns.
class [[nodiscard]] SockAccept : public SockOperation {
 public:
  explicit SockAccept(Socket& socket) noexcept : SockOperation(socket, nullptr, 0) {}
  [[nodiscard]] bool await_ready() { return begin(SocketCall::kAccept); }
  COROLLA_API std::pair<Socket, SocketAddress> await_resume();
};

static_assert(sizeof(SockReceiveInto) <= 24 && sizeof(SockReceive) <= 24 && sizeof(SockReceiveFrom) <= 24 &&
              sizeof(SockSendAll) <= 24 && sizeof(SockConnect) <= 24 && sizeof(SockAccept) <= 24);

/// `co_await sock_recv(socket, 4096)`: at most that many bytes, at most 1 MiB; empty at the end of the stream. A datagram
/// that is longer loses its end.
inline SockReceive sock_recv(Socket& socket, std::size_t size) noexcept { return {socket, size}; }
/// As sock_recv, into memory of one's own; how many bytes. Nothing is received into no memory, and 0 returned at once.
inline SockReceiveInto sock_recv_into(Socket& socket, std::span<char> memory) noexcept { return {socket, memory}; }
/// `auto [bytes, from] = co_await sock_recvfrom(socket, 65536)`: a datagram and its sender.
inline SockReceiveFrom sock_recvfrom(Socket& socket, std::size_t size) noexcept { return {socket, size}; }
/// As sock_recvfrom, into memory of one's own.
inline SockReceiveFromInto sock_recvfrom_into(Socket& socket, std::span<char> memory) noexcept {
  return {socket, memory};
}
/// Sends all of it.
inline SockSendAll sock_sendall(Socket& socket, std::string_view bytes) noexcept { return {socket, bytes}; }
/// Sends a datagram; how many bytes. An unspecified address: to the peer. ENOBUFS when a Unix socket's receiver does not keep
/// up and this one is not connected to it: the kernel does not tell when it does.
inline SockSendTo sock_sendto(Socket& socket, std::string_view bytes, const SocketAddress& address) noexcept {
  return {socket, bytes, address};
}
/// Connects. Cancelled, the attempt goes on, and a further call joins it.
inline SockConnect sock_connect(Socket& socket, const SocketAddress& address) noexcept { return {socket, address}; }
/// Connects to the first address of `host`, a name or a number, in the socket's family. gaierror.
[[nodiscard]] COROLLA_API Coro<void> sock_connect(Socket& socket, std::string host, std::uint16_t port);
/// `auto [connection, from] = co_await sock_accept(listening)`. EMFILE, ENFILE … leave the connection in the queue.
inline SockAccept sock_accept(Socket& socket) noexcept { return SockAccept(socket); }

/// Sends `count` bytes of the open file `file` from `offset` on, to its end at most, and returns how many. The kernel
/// copies; where it cannot, the file is read in the executor and sent, or with `fallback` false
/// SendfileNotAvailableError thrown. Afterwards the file's position is behind what was sent. ValueError for a socket that
/// is no stream, and for a `count` of 0.
[[nodiscard]] COROLLA_API Coro<std::uint64_t> sock_sendfile(
    Socket& socket, int file, std::uint64_t offset = 0, std::uint64_t count = std::numeric_limits<std::uint64_t>::max(),
    bool fallback = true);

}  // namespace v0
}  // namespace corolla
