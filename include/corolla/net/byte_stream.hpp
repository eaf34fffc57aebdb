// SPDX-License-Identifier: Apache-2.0
/// \file
/// ByteStream: the lean way to a connection, for protocol libraries. StreamReader and StreamWriter stand on it.
///
///     ByteStream stream = co_await connect_tcp("127.0.0.1", 80);
///     co_await stream.send_all("GET / HTTP/1.0\r\n", "\r\n");
///     for (;;) {
///       std::string_view bytes = co_await stream.receive();   // borrowed; empty at the end
///       if (bytes.empty()) break;
///       stream.consume(parse(bytes));
///     }
///
/// Nothing is allocated and nothing copied while requests and replies flow. The same type stands for TCP, Unix sockets,
/// TLS and streams in memory. One task receives at a time and any number send. Cancelling a wait loses no byte, in
/// neither direction. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/stream_state.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/future_base.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// What ByteStream::receive returns.
class [[nodiscard]] StreamReceive {
 public:
  explicit StreamReceive(FutureRef<StreamState> state) noexcept : state_(std::move(state)) {}
  StreamReceive(StreamReceive&& other) noexcept
      : state_(std::move(other.state_)), task_(std::exchange(other.task_, nullptr)) {}
  StreamReceive& operator=(StreamReceive&&) = delete;
  ~StreamReceive() {
    if (task_) state_->stop_receiving(*task_);
  }

  [[nodiscard]] bool await_ready() const noexcept { return state_->can_receive(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    state_->wait_to_receive(task);
    task_ = &task;
  }
  std::string_view await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      state_->stop_receiving(*task);
      task->resumed();
    }
    return state_->take_received();
  }

 private:
  FutureRef<StreamState> state_;
  TaskBase* task_ = nullptr;
};

/// What ByteStream::send_all and drain return: waits until the output is empty, or low.
class [[nodiscard]] StreamDrain {
 public:
  StreamDrain(FutureRef<StreamState> state, StreamState::Level level) noexcept
      : state_(std::move(state)), level_(level) {}
  StreamDrain(StreamDrain&& other) noexcept
      : state_(std::move(other.state_)), task_(std::exchange(other.task_, nullptr)), level_(other.level_) {}
  StreamDrain& operator=(StreamDrain&&) = delete;
  ~StreamDrain() {
    if (task_) state_->stop_sending(*task_, level_);
  }

  [[nodiscard]] bool await_ready() const noexcept { return state_->sent(level_); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    state_->wait_to_send(task, level_);
    task_ = &task;
  }
  void await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      state_->stop_sending(*task, level_);
      task->resumed();
    }
    state_->check_sent(level_);
  }

 private:
  FutureRef<StreamState> state_;
  TaskBase* task_ = nullptr;
  StreamState::Level level_;
};

/// What ByteStream::wait_closed returns.
class [[nodiscard]] StreamClosed {
 public:
  explicit StreamClosed(FutureRef<StreamState> state) noexcept : state_(std::move(state)) {}
  StreamClosed(StreamClosed&& other) noexcept
      : state_(std::move(other.state_)), task_(std::exchange(other.task_, nullptr)) {}
  StreamClosed& operator=(StreamClosed&&) = delete;
  ~StreamClosed() {
    if (task_) state_->stop_closing(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return state_->closed(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    state_->wait_to_close(task);
    task_ = &task;
  }
  void await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      state_->stop_closing(*task);
      task->resumed();
    }
    if (state_->send_error()) std::rethrow_exception(state_->send_error());
  }

 private:
  FutureRef<StreamState> state_;
  TaskBase* task_ = nullptr;
};

static_assert(sizeof(StreamReceive) <= 24 && sizeof(StreamDrain) <= 24 && sizeof(StreamClosed) <= 24);

/// The owner of a connection; see the file's comment. Moving it moves the connection; destroying it aborts.
class COROLLA_API ByteStream {
 public:
  using time_point = StreamState::time_point;
  static constexpr std::size_t kMaxPieces = 16;

  /// No stream; only assignment, destruction and operator bool are allowed.
  ByteStream() noexcept = default;
  /// Takes over a reference, for those who make a new kind of stream.
  explicit ByteStream(FutureRef<StreamState> state) noexcept : state_(std::move(state)) {}
  ByteStream(ByteStream&& other) noexcept : state_(std::move(other.state_)) {}
  ByteStream& operator=(ByteStream&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  /// Aborts, without waiting, unless close() was called.
  ~ByteStream() { drop(); }
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

  // -- receiving --------------------------------------------------------------------------------------------------
  /// `co_await stream.receive()`: waits for bytes and returns those that arrived since the last call; empty at the end
  /// of the stream, then and ever after. They stand in the stream's buffer, behind those of earlier calls that were not
  /// consumed, and are borrowed until the next receive(), move or end of the stream; consume() does not touch them.
  /// OSError (ECONNRESET …), TimeoutError (deadline), LimitOverrunError when the receive limit is buffered unconsumed,
  /// RuntimeError when another task receives. Cancelled, it leaves what still arrives to the next call.
  StreamReceive receive() { return StreamReceive(state_); }
  /// All bytes received and not consumed, in one piece; borrowed as above.
  [[nodiscard]] std::string_view buffered() const noexcept { return state_->input().unread(); }
  /// The first `count` of buffered() are done with. Precondition: count <= buffered().size().
  void consume(std::size_t count) noexcept { state_->input().consume(count); }
  /// The end was received and nothing is buffered.
  [[nodiscard]] bool at_eof() const noexcept { return state_->input_ended() && buffered().empty(); }
  /// Most bytes that may be buffered unconsumed; 1 MiB unless set.
  void set_receive_limit(std::size_t bytes) noexcept { state_->set_receive_limit(bytes); }

  // -- sending ----------------------------------------------------------------------------------------------------
  /// `co_await stream.send_all(head, body)`: sends up to kMaxPieces pieces with one system call, tried at once, and waits
  /// until the kernel has taken every byte; does not suspend when it takes them all at once. The pieces are needed
  /// during the call alone: what is left over is copied. So cancelling the wait loses nothing, the bytes still leave.
  /// OSError (EPIPE, ECONNRESET …), TimeoutError, RuntimeError after send_eof() or close(). Never a SIGPIPE.
  template <class... Pieces>
    requires(sizeof...(Pieces) >= 1 && sizeof...(Pieces) <= kMaxPieces &&
             (std::is_convertible_v<const Pieces&, std::string_view> && ...))
  StreamDrain send_all(const Pieces&... pieces) {
    const std::string_view views[] = {std::string_view(pieces)...};
    state_->send(views, sizeof...(Pieces));
    return StreamDrain(state_, StreamState::Level::kEmpty);
  }
  /// As above for a run of pieces; any number.
  StreamDrain send_all(const std::string_view* pieces, std::size_t count) {
    state_->send(pieces, count);
    return StreamDrain(state_, StreamState::Level::kEmpty);
  }
  /// Takes the bytes without waiting, however many: follow it with drain(). RuntimeError after send_eof() or close().
  void send_nowait(std::string_view bytes) { state_->send(&bytes, 1); }
  /// `co_await stream.drain()`: returns at once below the high water mark, else waits for the low one.
  StreamDrain drain() { return StreamDrain(state_, StreamState::Level::kLow); }
  /// Bytes taken and not yet handed to the kernel.
  [[nodiscard]] std::size_t unsent() const noexcept { return state_->unsent(); }
  /// 64 KiB and 16 KiB unless set. ValueError when low > high.
  void set_write_limits(std::size_t high, std::size_t low) { state_->set_write_limits(high, low); }
  /// Sends `count` bytes of the open file `file` from `offset` on, behind what was sent before, and returns how many: less
  /// only when the file ends. The kernel copies where it can. Nothing else may be sent meanwhile (RuntimeError).
  /// Cancelled, an unknown part was sent. The file's own position is neither used nor moved.
  Coro<std::uint64_t> sendfile(int file, std::uint64_t offset, std::uint64_t count) {
    return state_->sendfile(file, offset, count);
  }
  /// Half close: the peer sees the end behind what was sent. Idempotent.
  void send_eof() { state_->send_eof(); }
  [[nodiscard]] bool can_send_eof() const noexcept { return state_->can_send_eof(); }

  // -- life -------------------------------------------------------------------------------------------------------
  /// Closes once everything was sent, in the background, even if this object dies meanwhile. Idempotent.
  void close() noexcept {
    if (state_) state_->close();
  }
  /// `co_await stream.wait_closed()` after close(); throws what sending failed with.
  StreamClosed wait_closed() { return StreamClosed(state_); }
  /// Closes now. Idempotent. A task that waits on this stream gets an OSError (ECONNABORTED).
  void abort() noexcept {
    if (state_) state_->abort();
  }
  [[nodiscard]] bool is_closing() const noexcept { return state_->closing(); }

  // -- deadline: the cheap kind of timeout, no task and no cancellation behind it --------------------------------
  /// From now on waits on this stream (receive, send_all, drain, sendfile) end with TimeoutError when it passes. It stays
  /// until it is moved; moving it costs nothing while it only grows.
  void expires_at(time_point deadline) { state_->set_deadline(deadline); }
  void expires_after(std::chrono::nanoseconds delay);
  void never_expires() { state_->set_deadline(std::nullopt); }

  // -- idle keep-alive connections --------------------------------------------------------------------------------
  /// The connection goes idle: gives the receive buffer back and sees to it that quiet() learns what happens.
  void watch_idle() { state_->watch_idle(); }
  /// False once the peer closed the connection or sent something nobody asked for, or sending failed: do not use it for
  /// another request. Costs no system call; as fresh as the loop's last look at the kernel.
  [[nodiscard]] bool quiet() const noexcept { return state_->quiet(); }

  // -- about it ---------------------------------------------------------------------------------------------------
  [[nodiscard]] SocketAddress peername() const { return state_->peername(); }
  [[nodiscard]] SocketAddress sockname() const { return state_->sockname(); }
  /// The socket's descriptor, for options alone; -1 when there is none.
  [[nodiscard]] int descriptor() const noexcept { return state_->descriptor(); }
  /// What TLS agreed on, borrowed from the stream; null for a stream without it.
  [[nodiscard]] const TlsConnection* tls() const noexcept { return state_->tls(); }
  [[nodiscard]] const FutureRef<StreamState>& state() const noexcept { return state_; }

 private:
  void drop() noexcept {
    if (state_ && !state_->closing()) state_->abort();
  }

  FutureRef<StreamState> state_;
};

}  // namespace v0
}  // namespace corolla
