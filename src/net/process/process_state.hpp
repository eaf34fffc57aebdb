// SPDX-License-Identifier: Apache-2.0
/// \file
/// ProcessState: a child, its pipes, and those who wait for its end: tasks, and a SubprocessTransport.
///
/// From the spawn on somebody is bound to reap the child. While the loop lives that is a poll on the pidfd, which holds
/// this state; when it ends without the child's end, because the loop dies, the last one to let go of the state kills
/// the child and waits for it.
#pragma once

#include "backend/poll_operation.hpp"

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/subprocess.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/task_base.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

/// Who is told of a child's end without being a task.
class ProcessListener {
 public:
  /// Called once, when there is a return code.
  virtual void child_ended() noexcept = 0;

 protected:
  ~ProcessListener() = default;
};

class ProcessState final : public std::enable_shared_from_this<ProcessState> {
 public:
  explicit ProcessState(EventLoop& loop);
  ProcessState(const ProcessState&) = delete;
  ProcessState& operator=(const ProcessState&) = delete;
  ~ProcessState();

  /// What becomes of the pipes: a reader or a writer on each, or the stream alone.
  enum class Ends : std::uint8_t { kReadersAndWriter, kStreams };
  void start(const std::vector<std::string>& argv, const SubprocessOptions& options, Ends ends);
  /// Nobody is interested any more: kills a child that runs and drops the pipes.
  void abandon() noexcept;

  [[nodiscard]] int pid() const noexcept { return pid_; }
  [[nodiscard]] const std::optional<int>& returncode() const noexcept { return returncode_; }
  void send_signal(int signal) const;
  /// SIGKILL to a child that runs.
  void kill() const noexcept;
  /// Null: nobody.
  void set_listener(ProcessListener* listener) noexcept { listener_ = listener; }
  void wait_to_exit(TaskBase& task);
  void stop_waiting(TaskBase& task) noexcept;

  /// This process's ends of the pipes, by the child's number; stdin's is with stdin_pipe if there is that.
  std::array<ByteStream, 3> pipes;
  std::optional<StreamWriter> stdin_pipe;
  std::optional<StreamReader> stdout_pipe;
  std::optional<StreamReader> stderr_pipe;

 private:
  class Exit final : public PollOperation {
   public:
    explicit Exit(ProcessState& owner) noexcept : PollOperation(-1, Direction::kRead), owner_(owner) {}
    void set_descriptor(int pidfd) noexcept { descriptor_ = pidfd; }
    void finished(int) noexcept override { owner_.maybe_exited(); }
    void retain_owner() noexcept override { keep_ = owner_.shared_from_this(); }
    void release_owner() noexcept override { const auto last = std::move(keep_); }

   private:
    ProcessState& owner_;
    std::shared_ptr<ProcessState> keep_;
  };

  void make_readers_and_writer(std::size_t limit);
  void watch();
  void maybe_exited() noexcept;
  /// Takes the return code; with `wait` it waits for it. False when the child runs.
  bool reap(bool wait) noexcept;
  void kill_and_reap() noexcept;
  void close_pidfd() noexcept;

  LoopCore& core_;
  int pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> returncode_;
  WaiterList waiters_;
  ProcessListener* listener_ = nullptr;
  Exit exit_{*this};
};

}  // namespace v0
}  // namespace corolla
