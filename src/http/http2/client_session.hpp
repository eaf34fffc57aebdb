// SPDX-License-Identifier: Apache-2.0
/// \file
/// Http2ClientSession: a client's connection in HTTP/2, shared by the requests to its host; Http2ClientStream: one of them.
///
/// A task of its own reads it until its end. Requests *use* it, from before they are sent until their response is over or
/// dropped; without users it is closed after keepalive_timeout. After a GOAWAY, or when nothing came for somebody's
/// sock_read, it takes no further requests. Its pool is told when it is gone.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/task_base.hpp>

#include "http/http2/session.hpp"
#include "http/parser.hpp"

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

class HostPool;
class Http2ClientSession;

/// The server did not process the request: it may be sent again, whatever its method is.
class UnprocessedError final : public ServerDisconnectedError {
 public:
  using ServerDisconnectedError::ServerDisconnectedError;
};

class Http2ClientStream final : public Http2Stream {
 public:
  Http2ClientStream(Http2ClientSession& session, const ParserLimits& limits) noexcept;

  [[nodiscard]] ResponseHead& head() noexcept { return head_; }
  [[nodiscard]] Headers& trailers() noexcept { return trailers_; }
  [[nodiscard]] bool head_complete() const noexcept { return head_complete_; }
  /// 100 (Continue) came; told once.
  [[nodiscard]] bool take_continue() noexcept { return std::exchange(continue_, false); }
  [[nodiscard]] bool may_continue() const noexcept { return continue_; }

  // -- for the session ----------------------------------------------------------------------------------------------
  /// False when the fields are far beyond the limits.
  [[nodiscard]] bool add_field(std::string_view name, std::string_view value);
  /// False when the head is not to be taken.
  [[nodiscard]] bool end_head();
  void will_fail(std::exception_ptr error) noexcept { verdict_ = std::move(error); }
  [[nodiscard]] const std::exception_ptr& verdict() const noexcept { return verdict_; }

 private:
  ParserLimits limits_;
  ResponseHead head_;
  Headers trailers_;
  std::exception_ptr verdict_;  // what we reset it for
  std::size_t head_size_ = 0;
  std::size_t fields_ = 0;
  int interim_ = 0;
  bool head_complete_ = false;
  bool continue_ = false;
};

/// Waits for a stream's head, an interim response, or its failure, which it throws; TimeoutError by the stream's deadline.
class [[nodiscard]] Http2HeadWait {
 public:
  explicit Http2HeadWait(FutureRef<StreamState> stream) noexcept : state_(std::move(stream)) {}
  Http2HeadWait(Http2HeadWait&& other) noexcept
      : state_(std::move(other.state_)), task_(std::exchange(other.task_, nullptr)) {}
  Http2HeadWait& operator=(Http2HeadWait&&) = delete;
  ~Http2HeadWait() {
    if (task_) state_->stop_receiving(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept {
    return stream().head_complete() || stream().may_continue() || state_->can_receive();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    state_->wait_to_receive(task);
    task_ = &task;
  }
  void await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      state_->stop_receiving(*task);
      task->resumed();
    }
    if (stream().head_complete() || stream().may_continue()) return;
    static_cast<void>(state_->take_received());
    if (state_->input_ended()) throw HttpProtocolError("the response ended before its head");
  }

 private:
  [[nodiscard]] Http2ClientStream& stream() const noexcept { return static_cast<Http2ClientStream&>(*state_); }
  FutureRef<StreamState> state_;
  TaskBase* task_ = nullptr;
};
static_assert(sizeof(Http2HeadWait) <= 24);

/// Who a session tells of itself: the pool.
class Http2SessionOwner {
 public:
  /// It has users again, or none any more.
  virtual void http2_in_use(Http2ClientSession& session, bool in_use) noexcept = 0;
  virtual void http2_gone(Http2ClientSession& session) noexcept = 0;

 protected:
  ~Http2SessionOwner() = default;
};

class Http2ClientSession final : public Http2Session {
 public:
  Http2ClientSession(ByteStream stream, const ParserLimits& limits, std::chrono::nanoseconds keepalive_timeout,
                     Http2SessionOwner& owner);

  /// The task that reads it.
  [[nodiscard]] static Coro<void> read(FutureRef<Http2ClientSession> self);
  /// Another request may use it.
  [[nodiscard]] bool has_room() const noexcept;
  /// Requests used it before.
  [[nodiscard]] bool used() const noexcept { return used_; }
  [[nodiscard]] std::size_t users() const noexcept { return users_; }
  void join() noexcept;
  void leave() noexcept;
  /// A stream for a request; nothing is sent yet.
  [[nodiscard]] ByteStream make_stream();
  /// Sends the head; the body comes from the stream's output. `head` is the text of HTTP/1.1, whose fields are sent.
  void submit_request(Http2ClientStream& stream, std::string_view method, std::string_view scheme,
                      std::string_view target, std::string_view head, bool has_body);
  /// Takes no further requests, and is closed once nobody uses it.
  void retire() noexcept { retired_ = true; }
  /// Takes no further requests when it has been silent for that long.
  void retire_if_silent(std::chrono::nanoseconds time) noexcept;
  /// The owner is gone: closes once nobody uses it.
  void disown() noexcept;
  /// Ends it now, in peace.
  void close() noexcept;

  // The owner's.
  HostPool* host = nullptr;
  bool idle = false;

 private:
  ~Http2ClientSession() override = default;
  void head_begins(std::int32_t id, Http2Stream* stream) override;
  [[nodiscard]] bool field_arrived(Http2Stream& stream, std::string_view name, std::string_view value) override;
  [[nodiscard]] bool head_complete(Http2Stream& stream, bool last) override;
  void stream_closes(Http2Stream& stream, std::uint32_t code) override;
  void output_complete(Http2Stream& stream) override;
  void goaway_arrived(std::int32_t last_stream_id) override;
  void needs_pump() override;
  void session_finished() noexcept override;
  void set_deadline() override;
  [[nodiscard]] std::exception_ptr stream_error(Http2Stream& stream, std::uint32_t code) override;
  void end(const std::exception_ptr& error) noexcept;
  void submit_settings();

  const ParserLimits limits_;
  const std::chrono::nanoseconds keepalive_timeout_;
  Http2SessionOwner* owner_;
  StreamState::time_point idle_since_;
  StreamState::time_point received_at_;
  std::size_t users_ = 0;
  bool used_ = false;
  bool retired_ = false;
};

/// A use of a session: counted from join() on.
class Http2Lease {
 public:
  Http2Lease() noexcept = default;
  explicit Http2Lease(FutureRef<Http2ClientSession> session) noexcept : session_(std::move(session)) {
    session_->join();
  }
  Http2Lease(Http2Lease&& other) noexcept = default;
  Http2Lease& operator=(Http2Lease&&) = delete;
  ~Http2Lease() {
    if (session_) session_->leave();
  }
  explicit operator bool() const noexcept { return static_cast<bool>(session_); }
  Http2ClientSession& operator*() const noexcept { return *session_; }
  Http2ClientSession* operator->() const noexcept { return session_.get(); }

 private:
  FutureRef<Http2ClientSession> session_;
};

}  // namespace corolla::inline v0::http
