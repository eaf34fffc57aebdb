// SPDX-License-Identifier: Apache-2.0
/// \file
/// TransportState: the layer on a stream that calls a Protocol.
///
/// What it does, in prose. It is *new* until its turn in the ready queue, in which connection_made is called; then it is
/// *open* and asks the stream below for bytes while it reads: it is not paused, no end came, no file is being sent. Bytes
/// come as below_received(). When that is inside an entry of the ready queue, the protocol is called at once, else in a
/// turn of its own, since who calls it, perhaps the protocol itself, may be in the middle of something. What the
/// protocol was not given, because it paused, waits in the stream's buffer; resuming schedules a turn for it.
///
/// *Closing* after close(): what was written leaves first, TLS says goodbye. *Lost* as soon as connection_lost is
/// scheduled, whatever the reason; from then on nothing else is called. That turn, the last, calls it, lets go of the
/// protocol and of the stream. Each phase leads to lost, and nothing leads out of it but that turn, so connection_lost
/// comes once and last.
///
/// *Securing* while start_tls goes on: the stream below belongs to the handshake, whose layer stands on it, and nothing
/// is called. At its end the stream of TLS takes the place of the plain one, under the same handles: a protocol that kept
/// its transport can not write a plain byte by mistake.
///
/// Life. The loop's list of residents holds it from the beginning until it is lost and that was told, or the loop is
/// closed; each scheduled turn and each handle hold it, too. It holds the protocol only as long as it is a resident, so
/// the protocol's handle to it makes no cycle that lasts.
#pragma once

#include "backend/resident.hpp"
#include "net/transport/address_pair.hpp"

#include <corolla/net/protocol.hpp>
#include <corolla/net/stream_state.hpp>
#include <corolla/net/transport.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/task_base.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace corolla {
inline namespace v0 {

/// A transport's place in the ready queue for connection_made, or for bytes that were there already.
class TransportTurn : public Schedulable {
 public:
  void run() noexcept final;
  void drop() noexcept final;
};

/// And that for connection_lost.
class TransportLastTurn : public Schedulable {
 public:
  void run() noexcept final;
  void drop() noexcept final;
};

class TransportState final : public StreamLayer,
                             public Resident,
                             public FromBlockCache,
                             private TransportTurn,
                             private TransportLastTurn {
 public:
  /// RuntimeError when the stream cannot be taken over.
  TransportState(ByteStream stream, std::shared_ptr<Protocol> protocol);
  TransportState(const TransportState&) = delete;
  TransportState& operator=(const TransportState&) = delete;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  void close() noexcept;
  void abort() noexcept { lose(nullptr); }
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  void set_protocol(std::shared_ptr<Protocol> protocol);
  [[nodiscard]] const std::shared_ptr<Protocol>& protocol() const noexcept { return protocol_; }

  void pause_reading() noexcept;
  void resume_reading() noexcept;
  [[nodiscard]] bool reading() const noexcept { return !closing_ && !paused_; }

  void write(const std::string_view* pieces, std::size_t count);
  void write_eof();
  [[nodiscard]] bool can_write_eof() const noexcept { return below_ && below_->can_send_eof(); }
  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);
  [[nodiscard]] WriteBufferLimits write_buffer_limits() const noexcept { return {low_, high_}; }
  [[nodiscard]] std::size_t unsent() const noexcept { return below_ && !lost() ? below_->unsent() : 0; }

  [[nodiscard]] SocketAddress peername() const { return addresses_.peername(); }
  [[nodiscard]] SocketAddress sockname() const { return addresses_.sockname(); }
  [[nodiscard]] int descriptor() const noexcept { return below_ ? below_->descriptor() : -1; }
  [[nodiscard]] const TlsConnection* tls() const noexcept { return below_ ? below_->tls() : nullptr; }
  [[nodiscard]] LoopCore& core() const noexcept { return core_; }

  /// Done when connection_made has returned. To be called once.
  [[nodiscard]] Future<void> made();
  /// connection_lost has returned.
  [[nodiscard]] bool gone() const noexcept { return !below_; }
  void wait_until_gone(TaskBase& task) noexcept;
  void stop_waiting(TaskBase& task) noexcept;

  /// Begins and ends what sendfile() does.
  [[nodiscard]] FutureRef<StreamState> begin_file();
  void end_file() noexcept;

  /// The protocol is being called with what arrived.
  [[nodiscard]] bool delivering() const noexcept { return delivering_; }
  /// Lends the stream to a handshake.
  [[nodiscard]] ByteStream begin_start_tls(std::shared_ptr<Protocol> protocol);
  void end_start_tls(ByteStream secured);
  /// The connection ends with `error`, null: with none.
  void lose(std::exception_ptr error) noexcept;
  /// Lost by a failure, which is told to the loop's exception handler unless it is the network's.
  void fail(std::exception_ptr error, const char* message) noexcept;

  // -- StreamLayer ------------------------------------------------------------------------------------------------
  void below_received(bool now) noexcept override;
  void below_moved() noexcept override;
  void close_top() noexcept override { close(); }

  // -- Resident ---------------------------------------------------------------------------------------------------
  void loop_closed() noexcept override;

 private:
  friend class TransportTurn;
  friend class TransportLastTurn;

  ~TransportState();
  void schedule_turn() noexcept;
  void take_turn() noexcept;
  void tell_made() noexcept;
  void tell_lost() noexcept;
  void leave() noexcept;
  [[nodiscard]] bool wants_bytes() const noexcept {
    return made_ && reading() && !ended_ && !sending_file_ && !securing_;
  }
  void go_on_reading() noexcept;
  void deliver() noexcept;
  [[nodiscard]] bool hand_over() noexcept;
  void fill_buffers(BufferedProtocol& protocol);
  void tell_end() noexcept;
  void pause_protocol() noexcept;
  void resume_protocol() noexcept;
  void close_when_sent() noexcept;
  void report(const char* message, std::exception_ptr error) noexcept;

  LoopCore& core_;
  ByteStream stream_;  // empty while it is lent to a handshake
  FutureRef<StreamState> below_;
  std::shared_ptr<Protocol> protocol_;
  std::shared_ptr<Protocol> replaced_;  // while the protocol that was replaced is being called
  std::exception_ptr error_;
  Future<void> waits_until_made_;
  WaiterList waiting_until_gone_;
  std::size_t high_ = 64 * 1024;
  std::size_t low_ = 16 * 1024;
  std::uint32_t references_ = 1;
  std::uint32_t writes_in_vain_ = 0;
  bool made_ = false;
  bool lost_ = false;
  bool told_lost_ = false;
  bool turn_scheduled_ = false;
  bool delivering_ = false;
  bool paused_ = false;
  bool protocol_paused_ = false;
  bool ended_ = false;
  bool eof_written_ = false;
  bool closing_ = false;
  bool sending_file_ = false;
  bool securing_ = false;
  AddressPair addresses_;
};

/// co_await: until connection_lost has returned.
class [[nodiscard]] TransportGone {
 public:
  explicit TransportGone(FutureRef<TransportState> transport) noexcept : transport_(std::move(transport)) {}
  TransportGone(TransportGone&& other) noexcept
      : transport_(std::move(other.transport_)), task_(std::exchange(other.task_, nullptr)) {}
  TransportGone& operator=(TransportGone&&) = delete;
  ~TransportGone() {
    if (task_) transport_->stop_waiting(*task_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return transport_->gone(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_ = &self.promise().task();
    transport_->wait_until_gone(*task_);
  }
  void await_resume() {
    TaskBase* const task = std::exchange(task_, nullptr);
    if (!task) return;
    transport_->stop_waiting(*task);
    task->resumed();
  }

 protected:
  [[nodiscard]] const FutureRef<TransportState>& transport() const noexcept { return transport_; }

 private:
  FutureRef<TransportState> transport_;
  TaskBase* task_ = nullptr;  // while suspended
};

}  // namespace v0
}  // namespace corolla
