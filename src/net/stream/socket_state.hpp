// SPDX-License-Identifier: Apache-2.0
/// \file
/// SocketState: the stream of a connected socket, TCP or Unix.
///
/// Sending is one call, made at once, straight from the caller's memory. What the kernel does not take is copied to
/// output_ and follows when the socket is writable: under epoll from there, under io_uring from flight_, for the kernel
/// reads it later, and what is sent meanwhile gathers in output_.
///
/// Receiving. epoll is asked while a task waits; a receive that lost its task is withdrawn, for nothing has happened yet.
/// io_uring is asked once, by the first task that waits, and then brings bytes whenever there are some. Those that come
/// while a task waits go to the buffer, one block. What comes while none does must not: the reader may hold views into it.
/// It gathers, block by block, in early_, where the next task that waits finds it; more than kReadAhead of it, and the
/// kernel is told to stop until somebody waits again.
#pragma once

#include "backend/backend.hpp"
#include "backend/receive_operation.hpp"
#include "backend/send_operation.hpp"
#include "backend/sendfile_operation.hpp"

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/send_buffer.hpp>
#include <corolla/net/stream_state.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace corolla {
inline namespace v0 {

class SocketState final : public StreamState, public FromBlockCache {
 public:
  /// Takes `descriptor`, a connected socket as the loop's backend needs it (Backend::nonblocking_sockets), which the
  /// backend was told to forget when it was opened.
  SocketState(EventLoop& loop, int descriptor, bool tcp);

  [[nodiscard]] SocketAddress peername() const override;
  [[nodiscard]] SocketAddress sockname() const override;
  [[nodiscard]] int descriptor() const noexcept override { return closed() ? -1 : descriptor_; }
  void watch_idle() override;

  // -- for TLS in the kernel (net/tls/kernel_tls.hpp) -----------------------------------------------------------------
  /// The kernel encrypts what is sent from now on with these keys, a tls12_crypto_info_*. False: it does not.
  [[nodiscard]] bool encrypt_in_kernel(const void* keys, std::size_t size) noexcept;
  /// Sends a record that is no data. Preconditions: the kernel encrypts, unsent() is 0, and nothing is sent until it is 0 again.
  void send_record(std::uint8_t type, std::string_view record) noexcept;
  /// sendfile() for `sender`, a stream on this one, whose task waits and whose deadline counts. Nothing: the kernel cannot
  /// copy that file.
  Coro<std::optional<std::uint64_t>> copy_file(FutureRef<StreamState> sender, int file, std::uint64_t offset,
                                               std::uint64_t count);

 protected:
  void want_bytes() noexcept override;
  void unwant_bytes() noexcept override;
  std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept override;
  void output_added() noexcept override;
  void shut_down_output() noexcept override;
  void close_now() noexcept override;
  [[nodiscard]] std::size_t in_transit() const noexcept override;
  [[nodiscard]] bool input_pending() const noexcept override;
  Coro<std::uint64_t> send_file_parts(int file, std::uint64_t offset, std::uint64_t count) override;

 private:
  class Receive final : public ReceiveOperation {
   public:
    Receive(SocketState& owner, int descriptor) noexcept : ReceiveOperation(descriptor), owner_(owner) {}
    void finished(int result) noexcept override { owner_.received(result); }
    void prefetch(unsigned depth) const noexcept override { owner_.prefetch(depth); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.operation_left(); }

   private:
    Room room() noexcept override;
    void room_unused() noexcept override { owner_.input_.release_if_empty(); }
    void take(char* block, std::size_t size) noexcept override { owner_.block_arrived(block, size); }
    SocketState& owner_;
  };
  struct Early;
  class Send final : public SendOperation {
   public:
    Send(SocketState& owner, int descriptor) noexcept : SendOperation(descriptor), owner_(owner) {}
    void finished(int result) noexcept override { owner_.sent_some(result); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.operation_left(); }

   private:
    [[nodiscard]] std::string_view bytes() const noexcept override { return owner_.outgoing(); }
    [[nodiscard]] std::uint8_t record_type() const noexcept override { return owner_.record_type_; }
    SocketState& owner_;
  };
  class SendFile;
  class SendFileScope;

  ~SocketState() override;
  /// Precondition: the loop lives.
  [[nodiscard]] Backend& backend() const noexcept;
  /// An operation is idle again and gives its reference back.
  void operation_left() noexcept;
  void close_if_idle() noexcept;
  void prefetch(unsigned depth) const noexcept;
  void received(int result) noexcept;
  void block_arrived(char* block, std::size_t size) noexcept;
  void take_early() noexcept;
  void report_end(int result, bool now) noexcept;
  void stop_file_part() noexcept;
  [[nodiscard]] bool file_part_idle() const noexcept;
  void start_sending() noexcept;
  void sent_some(int result) noexcept;
  void account_for(int sent) noexcept;
  [[nodiscard]] std::string_view outgoing() const noexcept;
  [[nodiscard]] std::exception_ptr failure(int result, const char* call) const noexcept;
  [[nodiscard]] std::exception_ptr send_failure(int result) const noexcept;

  int descriptor_;
  bool nonblocking_;
  bool tcp_;
  bool file_part_in_flight_ = false;
  std::uint8_t record_type_ = SendOperation::kPlain;  // of what is unsent
  SendFile* file_part_ = nullptr;                     // while sendfile() runs
  Receive receive_;
  Send send_;
  std::unique_ptr<Early> early_;  // io_uring: what arrived while nobody waited, while there is any
  SendBuffer flight_;             // io_uring: given to the kernel
};

/// Makes a ByteStream of a connected socket; closes it when that fails. TCP sockets get TCP_NODELAY.
[[nodiscard]] ByteStream stream_of_socket(EventLoop& loop, int descriptor, bool tcp);

}  // namespace v0
}  // namespace corolla
