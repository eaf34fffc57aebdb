// SPDX-License-Identifier: Apache-2.0
/// \file
/// PipeState: the stream of one end of a pipe.
///
/// It differs from a socket's in that nothing is ever handed to the kernel to be read or written later: both backends wait
/// for readiness, then the call is made. So output_ is written from where it is. As with sockets, a read that lost its
/// task is withdrawn under epoll and stays in flight under io_uring, where what it brings waits in the buffer.
#pragma once

#include "backend/backend.hpp"
#include "backend/nonblocking.hpp"
#include "backend/pipe_operations.hpp"

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/stream_state.hpp>

#include <exception>

namespace corolla {
inline namespace v0 {

class PipeState final : public StreamState, public FromBlockCache {
 public:
  enum class End : std::uint8_t { kRead, kWrite };

  /// Does not own `descriptor` before start().
  PipeState(EventLoop& loop, int descriptor, End end);
  /// Takes the descriptor over and, with `watch_reader`, waits for the end of a writing end's reader. OSError.
  void start(bool watch_reader);

  [[nodiscard]] int descriptor() const noexcept override { return closed() ? -1 : descriptor_; }

 protected:
  void want_bytes() noexcept override;
  void unwant_bytes() noexcept override;
  std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept override;
  void output_added() noexcept override;
  void shut_down_output() noexcept override { close(); }
  void close_now() noexcept override;

 private:
  class Read final : public ReadOperation {
   public:
    Read(PipeState& owner, int descriptor) noexcept : ReadOperation(descriptor, owner.nonblocking_), owner_(owner) {}
    void finished(int result) noexcept override { owner_.received(result, true); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.operation_left(); }

   private:
    Room room() noexcept override;
    void room_unused() noexcept override { owner_.input_.release_if_empty(); }
    PipeState& owner_;
  };
  class Write final : public WriteOperation {
   public:
    Write(PipeState& owner, int descriptor) noexcept : WriteOperation(descriptor, owner.nonblocking_), owner_(owner) {}
    void finished(int result) noexcept override { owner_.wrote_some(result); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.operation_left(); }

   private:
    [[nodiscard]] std::string_view bytes() const noexcept override { return owner_.output(); }
    PipeState& owner_;
  };
  class ReaderGone final : public HangUpOperation {
   public:
    ReaderGone(PipeState& owner, int descriptor) noexcept : HangUpOperation(descriptor), owner_(owner) {}
    void finished(int) noexcept override {
      if (!owner_.closed()) owner_.end_arrived(true);
    }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.operation_left(); }

   private:
    PipeState& owner_;
  };

  ~PipeState() override;
  void operation_left() noexcept;
  void close_if_idle() noexcept;
  void close_descriptor() noexcept;
  void received(int result, bool now) noexcept;
  void start_writing() noexcept;
  void account_for(int written) noexcept;
  void wrote_some(int result) noexcept;

  Backend& backend_;  // valid while core().loop() is not null
  int descriptor_ = -1;
  bool withdrawable_;  // an operation that is cancelled is idle at once
  End end_;
  Nonblocking nonblocking_;
  Read read_;
  Write write_;
  ReaderGone reader_gone_;
};

/// A stream on a descriptor that needs no check, a pipe's that was just made; it is closed when that fails.
[[nodiscard]] ByteStream stream_of_pipe(EventLoop& loop, int descriptor, PipeState::End end);

}  // namespace v0
}  // namespace corolla
