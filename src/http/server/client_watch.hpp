// SPDX-License-Identifier: Apache-2.0
/// \file
/// ClientWatch: cancels who works for a client when the client goes away.
///
/// A state machine. *Idle* until begin(), which notes the running task. *On watch* it learns in one of two ways that the client is
/// gone: a connection of HTTP/1.1 is received from, and ends or breaks; a stream of HTTP/2 is closed, of which its session tells
/// by client_went(). Either cancels the task, once: *fired*. end() leads back to idle and withdraws that cancellation, so that it
/// goes no further than the work it was meant for.
///
/// What arrives while it looks, the next requests or a body that nobody reads, stays in the stream's buffer, in order. Beyond
/// kMostAhead it looks no further: such a client is not seen to go, and what it sends waits in the kernel. Who reads the body has
/// the stream for himself, and pieces of its buffer: from the first piece until the end of the body was told (hold(), let_go())
/// the watch does not receive, and the reader learns that the client is gone.
///
/// A handler that does not suspend costs no system call: looking means to be told by the backend, and it is withdrawn.
#pragma once

#include <corolla/net/stream_state.hpp>
#include <corolla/runtime/task_base.hpp>

#include <cstddef>

namespace corolla::inline v0::http {

class ClientWatch final : public StreamLayer {
 public:
  /// Bytes that may wait behind a request while its handler runs.
  static constexpr std::size_t kMostAhead = std::size_t{64} * 1024;

  /// Looks at `stream`, which lives longer; null: is told.
  explicit ClientWatch(StreamState* stream) noexcept : stream_(stream) {}
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;
  ~ClientWatch() { stop(); }

  /// The running task is to be cancelled from now on.
  void begin();
  /// And no longer. True when it was, and nobody else wants it cancelled. Idempotent.
  bool end() noexcept { return task_ && leave(); }
  /// For the next request: idle, nobody holds the stream.
  void reset() noexcept {
    stop();
    held_ = false;
  }
  /// Does nothing unless on watch.
  void client_went() noexcept;

  /// Somebody else receives from the stream, or uses its buffer.
  void hold() noexcept;
  void let_go();

  void below_received(bool now) noexcept override;
  void below_moved() noexcept override {}
  void close_top() noexcept override { stream_->close(); }

 private:
  bool leave() noexcept;
  void stop() noexcept;
  void look();
  void look_away() noexcept;
  void want_more() noexcept;

  StreamState* const stream_;
  TaskBase* task_ = nullptr;
  unsigned cancelling_ = 0;  // requests when it began
  bool fired_ = false;
  bool held_ = false;
  bool looking_ = false;  // it is the stream's layer
  bool wanting_ = false;  // inside want_more()
  bool told_ = false;     // meanwhile
};

}  // namespace corolla::inline v0::http
