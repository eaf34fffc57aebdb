// SPDX-License-Identifier: Apache-2.0
/// \file
/// StreamState: what stands behind a ByteStream, a StreamReader and a StreamWriter: a socket, TLS, a pair in memory.
///
/// For those who write a new kind of stream; users of streams need byte_stream.hpp. The base class keeps the buffers, the
/// waiting tasks and the deadline; a kind of stream moves the bytes.
///
/// Receiving. One task may wait. While one does, the kind of stream has been told want_bytes(); it calls bytes_arrived(),
/// end_arrived() or receive_failed() when it has something, whether or not the task still waits: what nobody waits for
/// stays in the buffer. Sending. send() takes every byte at once: it passes on what can be passed on and keeps the rest in
/// `output_`, which the kind of stream empties by itself, calling output_moved(). So a task cancelled while it waits for
/// that never tears a message in two. Life. Counted by handles, awaiters and operations in flight; abort() ends it from
/// any state, close() when the output is empty. Not thread safe.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/receive_buffer.hpp>
#include <corolla/net/send_buffer.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/schedulable.hpp>
#include <corolla/runtime/task_base.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla {
inline namespace v0 {

class TlsConnection;

/// What stands on a stream in place of waiting tasks: another kind of stream, TLS. It is told where they would be woken.
class COROLLA_API StreamLayer {
 public:
  /// can_receive() of the stream below became true. With `now` tasks may be resumed inside the call.
  virtual void below_received(bool now) noexcept = 0;
  /// The stream below passed bytes on, failed to, or is closed.
  virtual void below_moved() noexcept = 0;
  /// Closes what stands on top of all, as StreamState::close() does.
  virtual void close_top() noexcept = 0;

 protected:
  ~StreamLayer() = default;
};

/// See the file's comment.
class COROLLA_API StreamState {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  StreamState(const StreamState&) = delete;
  StreamState& operator=(const StreamState&) = delete;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  // -- receiving --------------------------------------------------------------------------------------------------
  [[nodiscard]] ReceiveBuffer& input() noexcept { return input_; }
  [[nodiscard]] const ReceiveBuffer& input() const noexcept { return input_; }
  /// The end was received: nothing comes behind what is buffered.
  [[nodiscard]] bool input_ended() const noexcept { return ended_; }
  /// The failure of receiving, null if there is none.
  [[nodiscard]] const std::exception_ptr& receive_error() const noexcept { return receive_error_; }
  /// True when there are bytes not reported yet, or the end, or a failure.
  [[nodiscard]] bool can_receive() const noexcept { return input_.has_fresh() || ended_ || receive_error_; }
  /// `task` waits until can_receive(), or until the deadline. RuntimeError when another one does; LimitOverrunError when
  /// receive_limit bytes are buffered.
  void wait_to_receive(TaskBase& task);
  void stop_receiving(TaskBase& task) noexcept;
  /// What arrived since it was asked last; empty at the end. Throws the failure of receiving, or TimeoutError when
  /// there is nothing of all that.
  [[nodiscard]] std::string_view take_received();
  /// One reader at a time, for the whole of a read that waits several times; false when there is one.
  [[nodiscard]] bool claim_reading() noexcept { return !std::exchange(reading_, true); }
  void unclaim_reading() noexcept { reading_ = false; }
  /// Most bytes that may stand unconsumed in the buffer.
  void set_receive_limit(std::size_t limit) noexcept { receive_limit_ = limit; }

  // -- sending ----------------------------------------------------------------------------------------------------
  /// Takes all pieces. Never throws for the connection's sake: the failure is send_error(). RuntimeError after
  /// send_eof() or close().
  void send(const std::string_view* pieces, std::size_t count);
  /// Bytes taken and not passed on yet.
  [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() + in_transit(); }
  [[nodiscard]] const std::exception_ptr& send_error() const noexcept { return send_error_; }
  /// What may be waited for: everything is out, or the low water mark.
  enum class Level : std::uint8_t { kEmpty, kLow };
  [[nodiscard]] bool sent(Level level) const noexcept {
    return send_error_ != nullptr || unsent() <= (level == Level::kEmpty ? 0 : high_water_);
  }
  void wait_to_send(TaskBase& task, Level level);
  void stop_sending(TaskBase& task, Level level) noexcept;
  /// After waiting for `level`: throws the failure of sending, or TimeoutError when there was none and it is not sent.
  void check_sent(Level level) const;
  /// ValueError when low > high.
  void set_write_limits(std::size_t high, std::size_t low);
  [[nodiscard]] std::size_t high_water() const noexcept { return high_water_; }
  [[nodiscard]] std::size_t low_water() const noexcept { return low_water_; }
  /// See ByteStream::sendfile.
  Coro<std::uint64_t> sendfile(int file, std::uint64_t offset, std::uint64_t count);
  /// Half close behind what was sent so far. RuntimeError when this kind of stream cannot.
  void send_eof();
  [[nodiscard]] virtual bool can_send_eof() const noexcept { return true; }

  // -- life -------------------------------------------------------------------------------------------------------
  /// Closes once the output is empty; who waits to receive gets the end. Idempotent.
  void close() noexcept;
  /// The same for the stream on top, TLS or a transport, which sees to this one.
  void close_top() noexcept;
  /// Closes now and drops the output; who waits gets an OSError (ECONNABORTED). Idempotent.
  void abort() noexcept;
  /// True after close() or abort().
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  /// True when the descriptor is gone, as far as users can tell.
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Suspends `task` until closed(), which must not be true.
  void wait_to_close(TaskBase& task);
  void stop_closing(TaskBase& task) noexcept;

  // -- deadline ---------------------------------------------------------------------------------------------------
  /// Waits that last beyond it end with TimeoutError. Moving it later, the usual case, touches no timer.
  void set_deadline(std::optional<time_point> deadline);
  [[nodiscard]] LoopCore& core() const noexcept { return *core_; }

  // -- idleness ---------------------------------------------------------------------------------------------------
  /// See ByteStream::watch_idle.
  virtual void watch_idle() {}
  [[nodiscard]] bool quiet() const noexcept { return !closing_ && !can_receive() && !send_error_ && !input_pending(); }

  // -- a stream on this one ---------------------------------------------------------------------------------------
  /// `layer` is told from now on, null: nobody, and tasks cannot receive. RuntimeError when one does. The layer asks for
  /// bytes as a task does by waiting, and takes them from input().
  void set_layer(StreamLayer* layer);
  void want_for_layer() noexcept {
    layer_wants_ = true;
    want_bytes();
  }
  void unwant_for_layer() noexcept {
    layer_wants_ = false;
    unwant_bytes();
  }

  // -- about it ---------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual SocketAddress peername() const { return {}; }
  [[nodiscard]] virtual SocketAddress sockname() const { return {}; }
  /// The socket's descriptor, -1 when there is none (any more).
  [[nodiscard]] virtual int descriptor() const noexcept { return -1; }
  /// See ByteStream::tls.
  [[nodiscard]] virtual const TlsConnection* tls() const noexcept { return nullptr; }
  /// The operating system's description of a failed call, as an OSError in an exception_ptr.
  [[nodiscard]] static std::exception_ptr os_error(int errno_value, std::string_view what) noexcept;

 protected:
  explicit StreamState(LoopCore& core) noexcept;
  virtual ~StreamState();

  /// A task waits for bytes: receive some. May be called again while that is under way.
  virtual void want_bytes() noexcept = 0;
  /// Nobody waits any more.
  virtual void unwant_bytes() noexcept {}
  /// Passes bytes on as far as possible and returns how many; the first call after output_ was empty. A failure is set
  /// with send_failed().
  virtual std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept = 0;
  /// Bytes were added to output_: see that it is emptied.
  virtual void output_added() noexcept = 0;
  /// Half closes; output_ is empty.
  virtual void shut_down_output() noexcept = 0;
  /// The output is empty and the stream is closing: true when it may be closed now. Who returns false calls
  /// finish_closing() later; may be called again meanwhile.
  virtual bool say_goodbye() noexcept { return true; }
  /// Closes; called once. Operations are cancelled; nothing more may be reported.
  virtual void close_now() noexcept = 0;
  /// Bytes given to the kernel and not answered.
  [[nodiscard]] virtual std::size_t in_transit() const noexcept { return 0; }
  /// The kernel has something to read that is not in the buffer yet, as far as known without asking it.
  [[nodiscard]] virtual bool input_pending() const noexcept { return false; }

  /// The reports of a kind of stream. With `now` the waiting task is resumed inside the call, which only an entry of the
  /// ready queue may ask for.
  void bytes_arrived(bool now) noexcept { wake_receiver(now); }
  void end_arrived(bool now) noexcept {
    ended_ = true;
    wake_receiver(now);
  }
  void receive_failed(std::exception_ptr error, bool now) noexcept {
    receive_error_ = std::move(error);
    wake_receiver(now);
  }
  void send_failed(std::exception_ptr error) noexcept;
  /// output_ or what is in transit shrank.
  void output_moved() noexcept;
  [[nodiscard]] std::string_view output() const noexcept { return output_.bytes(); }
  void drop_output(std::size_t count) noexcept;
  /// Ends what say_goodbye() put off.
  void finish_closing() noexcept;
  /// What sendfile() does once the output is empty and nobody else may send. This one reads the file in the executor and
  /// sends what it read.
  virtual Coro<std::uint64_t> send_file_parts(int file, std::uint64_t offset, std::uint64_t count);
  /// Asks the processor for the waiting task, and with depth 1 for its innermost frame.
  void prefetch_receiver(unsigned depth) const noexcept;
  /// Somebody, a task or a layer, wants bytes and got none since.
  [[nodiscard]] bool receiver_waits() const noexcept { return task_waits() || layer_wants_; }

  ReceiveBuffer input_;
  SendBuffer output_;

 private:
  class SendingFile;
  class Deadline;

  [[nodiscard]] bool task_waits() const noexcept { return receiver_ != nullptr && receiver_->waiting(); }
  void wake_receiver(bool now) noexcept {
    if (task_waits()) {
      if (now) receiver_->wake_inline();
      else receiver_->wake();
    } else if (layer_) {
      layer_wants_ = false;
      layer_->below_received(now);
    }
  }
  /// As send(), whatever was closed or promised to a file.
  void put(const std::string_view* pieces, std::size_t count);
  static void wake_all(WaiterList& waiters) noexcept;
  [[nodiscard]] bool anybody_waits() const noexcept;
  void deadline_passed() noexcept;

  std::uint32_t references_ = 1;
  bool ended_ = false;
  bool eof_wanted_ = false;  // send_eof() was called
  bool eof_sent_ = false;
  bool reading_ = false;
  bool sending_file_ = false;
  bool closing_ = false;
  bool closed_ = false;
  bool layer_wants_ = false;
  LoopCore* core_;
  TaskBase* receiver_ = nullptr;
  StreamLayer* layer_ = nullptr;
  WaiterList waiting_for_empty_;
  WaiterList waiting_for_low_;
  WaiterList waiting_for_close_;
  std::size_t high_water_;
  std::size_t low_water_;
  std::size_t receive_limit_;
  std::exception_ptr receive_error_;
  std::exception_ptr send_error_;
  std::unique_ptr<Deadline> deadline_;  // from the first one on: many streams never have any
};

}  // namespace v0
}  // namespace corolla
