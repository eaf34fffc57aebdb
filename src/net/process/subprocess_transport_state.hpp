// SPDX-License-Identifier: Apache-2.0
/// \file
/// SubprocessTransportState: a child and the transports of its pipes, which call a SubprocessProtocol.
///
/// What it does, in prose. Each pipe is a Transport of its own, whose protocol (Pipe) passes on what it is told. The child's
/// end is told by the ProcessState. When the last of them, the pipes and the child, has ended, connection_lost is
/// scheduled, and nothing else can be called behind it.
///
/// connection_made comes first: its turn is queued before the pipes' own, and before the loop has asked the kernel for the
/// child's end. A child whose code was known from the start, since nobody can wait for it, is told to have ended in that
/// turn, behind connection_made.
///
/// Unlike asyncio's, the calls are made where the event is noticed and not one turn of the loop later: bytes need not be
/// copied for it, and it is the kernel's business anyway which turn that is.
///
/// Life. It holds itself while it is a resident of its loop, that is until connection_lost was called or the loop is closed.
/// Its pipes hold it, and it has handles of them, which keep nothing alive that holds it once they are lost.
#pragma once

#include "backend/resident.hpp"
#include "net/process/process_state.hpp"

#include <corolla/net/subprocess_protocol.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/schedulable.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

class SubprocessTransportState final : public Resident,
                                       private ProcessListener,
                                       public std::enable_shared_from_this<SubprocessTransportState> {
 public:
  SubprocessTransportState(EventLoop& loop, std::shared_ptr<SubprocessProtocol> protocol);
  SubprocessTransportState(const SubprocessTransportState&) = delete;
  SubprocessTransportState& operator=(const SubprocessTransportState&) = delete;
  ~SubprocessTransportState();

  /// The errors are create_subprocess_exec's.
  void start(const std::vector<std::string>& argv, const SubprocessOptions& options);
  void close() noexcept;
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  void send_signal(int signal) const;
  [[nodiscard]] int pid() const noexcept { return process_->pid(); }
  [[nodiscard]] const std::optional<int>& returncode() const noexcept { return process_->returncode(); }
  [[nodiscard]] Transport pipe(int number) const noexcept;
  void set_protocol(std::shared_ptr<SubprocessProtocol> protocol);
  [[nodiscard]] const std::shared_ptr<SubprocessProtocol>& protocol() const noexcept { return protocol_; }
  /// Done when connection_lost has returned.
  [[nodiscard]] Future<void> gone();

  // -- Resident ---------------------------------------------------------------------------------------------------
  void loop_closed() noexcept override;

 private:
  class Pipe;
  // connection_made, later connection_lost.
  class Turn final : public Schedulable {
   public:
    explicit Turn(SubprocessTransportState& owner) noexcept : owner_(owner) {}
    void schedule();
    void run() noexcept override;
    void drop() noexcept override { const auto last = std::move(held_); }

   private:
    SubprocessTransportState& owner_;
    std::shared_ptr<SubprocessTransportState> held_;
  };

  void child_ended() noexcept override;
  void pipe_lost(int number, std::exception_ptr error) noexcept;
  void finish_if_last() noexcept;
  void tell_made() noexcept;
  void tell_lost() noexcept;
  void leave() noexcept;
  /// Calls the protocol; what it throws is reported.
  template <class Call>
  void tell(const char* failed, const Call& call) noexcept;

  LoopCore& core_;
  std::shared_ptr<ProcessState> process_;
  std::shared_ptr<SubprocessProtocol> protocol_;
  std::shared_ptr<SubprocessTransportState> resident_;
  std::array<Transport, 3> pipes_;
  std::vector<Future<void>> wait_until_gone_;  // each its own: cancelling a waiter cancels what it waits for
  Turn turn_{*this};
  std::size_t open_pipes_ = 0;
  bool made_ = false;
  bool exit_told_ = false;
  bool closing_ = false;
};

}  // namespace v0
}  // namespace corolla
