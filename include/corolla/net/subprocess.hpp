// SPDX-License-Identifier: Apache-2.0
/// \file
/// Process, create_subprocess_exec and create_subprocess_shell: child processes and their pipes.
///
///     SubprocessOptions options;
///     options.stdout_to = Stdio::kPipe;
///     Process process = co_await create_subprocess_exec(options, "sort", "names.txt");
///     auto [output, errors] = co_await process.communicate();
///     int code = *process.returncode();                        // -N: killed by signal N
///
/// Source: asyncio.subprocess. A child's end is a poll on its pidfd (Linux 5.4), so no handler of SIGCHLD is involved, any
/// thread may run the loop, and no signal ever goes to a process that only has the same number. What asyncio calls stdin
/// is called stdin_pipe() here, since C makes macros of the three names. Strings are bytes. Not thread safe.
#pragma once

#include <corolla/net/stream_reader.hpp>
#include <corolla/net/stream_writer.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/task_base.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class ProcessState;

/// Where one of a child's three standard streams leads.
class Stdio {
 public:
  static const Stdio kInherit;  ///< where this process's own leads
  static const Stdio kPipe;     ///< a pipe to this process
  static const Stdio kDevNull;
  static const Stdio kStdout;  ///< for stderr alone: where stdout leads

  /// An open descriptor; it stays the caller's. ValueError in create_subprocess_exec when it is negative.
  constexpr Stdio(int descriptor) noexcept : descriptor_(descriptor) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr int descriptor() const noexcept { return kind_ == Kind::kDescriptor ? descriptor_ : -1; }
  friend constexpr bool operator==(const Stdio&, const Stdio&) noexcept = default;

 private:
  enum class Kind : unsigned char { kDescriptor, kInherit, kPipe, kDevNull, kStdout };
  constexpr explicit Stdio(Kind kind) noexcept : kind_(kind) {}
  Kind kind_ = Kind::kDescriptor;
  int descriptor_ = -1;
};

inline constexpr Stdio Stdio::kInherit{Stdio::Kind::kInherit};
inline constexpr Stdio Stdio::kPipe{Stdio::Kind::kPipe};
inline constexpr Stdio Stdio::kDevNull{Stdio::Kind::kDevNull};
inline constexpr Stdio Stdio::kStdout{Stdio::Kind::kStdout};

/// How to start a child.
struct SubprocessOptions {
  SubprocessOptions() {}
  /// A pipe for each of the three streams.
  [[nodiscard]] COROLLA_API static SubprocessOptions piped();
  Stdio stdin_from = Stdio::kInherit;
  Stdio stdout_to = Stdio::kInherit;
  Stdio stderr_to = Stdio::kInherit;
  /// The readers' limit for lines and records.
  std::size_t limit = StreamReader::kDefaultLimit;
  /// The child's directory; empty: this process's.
  std::string cwd;
  /// The whole environment of the child, PATH for its look-up included; unset: this process's.
  std::optional<std::vector<std::pair<std::string, std::string>>> env;
  /// setsid(2): no terminal, a process group of its own.
  bool start_new_session = false;
  /// setpgid(2): the group to join, 0: one of its own.
  std::optional<int> process_group;
  /// SIGPIPE and SIGXFSZ have their default action in the child even if this process ignores them.
  bool restore_signals = true;
  /// The child has no descriptor but 0, 1, 2 and pass_fds. False: those without FD_CLOEXEC, too.
  bool close_fds = true;
  /// Descriptors that the child has under the same number.
  std::vector<int> pass_fds;
};

/// What Process::wait returns.
class COROLLA_API ProcessWait {
 public:
  explicit ProcessWait(std::shared_ptr<ProcessState> state) noexcept : state_(std::move(state)) {}
  ProcessWait(ProcessWait&& other) noexcept
      : state_(std::move(other.state_)), task_(std::exchange(other.task_, nullptr)) {}
  ProcessWait& operator=(ProcessWait&&) = delete;
  ~ProcessWait() {
    if (task_) stop_waiting();
  }
  [[nodiscard]] bool await_ready() const noexcept;
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    wait(self.promise().task());
  }
  int await_resume();

 private:
  void wait(TaskBase& task);
  void stop_waiting() noexcept;

  std::shared_ptr<ProcessState> state_;
  TaskBase* task_ = nullptr;
};

static_assert(sizeof(ProcessWait) <= 24);

/// A child process; see the file's comment. Movable. Destroyed while the child runs it kills the child and drops the
/// pipes. The loop reaps the child; if that is closed or gets closed, it is reaped there and then, which takes as long as
/// the child takes to die of SIGKILL. So no zombie is left when the loop is gone.
class COROLLA_API Process {
 public:
  /// For create_subprocess_exec.
  explicit Process(std::shared_ptr<ProcessState> state) noexcept : state_(std::move(state)) {}
  Process(Process&&) noexcept = default;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] int pid() const noexcept;
  /// The exit status, or -N when signal N ended it; none until the loop has noticed its end, whether or not anybody waits.
  /// 255 when somebody else reaped the child, which is logged.
  [[nodiscard]] std::optional<int> returncode() const noexcept;
  /// `co_await process.wait()`: the return code. Any number of tasks may wait; cancelling one does nothing to the child or
  /// the others. A child that fills a pipe which nobody reads never ends: use communicate(). RuntimeError in another loop.
  [[nodiscard]] ProcessWait wait() { return ProcessWait(state_); }
  /// Writes `input` to the child's stdin and closes it, reads its stdout and stderr to the end, all at once, and waits for
  /// its end: what came from stdout and stderr, empty where that is no pipe. A child that does not read its input is no
  /// error. ValueError when there is input, but stdin is no pipe; LimitOverrunError beyond StreamReader::kReadAllLimit.
  /// Cancelled, it loses what was read; the child runs on.
  [[nodiscard]] Coro<std::pair<std::string, std::string>> communicate(std::string input = std::string());

  /// The pipes; RuntimeError for one that is none. They live as long as this object.
  [[nodiscard]] StreamWriter& stdin_pipe() const;
  [[nodiscard]] StreamReader& stdout_pipe() const;
  [[nodiscard]] StreamReader& stderr_pipe() const;
  /// Closes one of them, behind what was written: a child that goes on writing to it gets a SIGPIPE. ValueError when
  /// `number` is not 0, 1 or 2; RuntimeError when that is no pipe. Idempotent.
  void close_pipe(int number) const;

  /// OSError (ESRCH) once there is a return code; EINVAL for no signal.
  void send_signal(int signal) const;
  /// SIGTERM.
  void terminate() const;
  /// SIGKILL.
  void kill() const;

 private:
  std::shared_ptr<ProcessState> state_;
};

/// Starts a program: argv[0] is its path, or a name to be looked up in PATH. What keeps it from being started, exec
/// included, is thrown: OSError (ENOENT, EACCES, EMFILE …); ValueError for an empty argv, a NUL byte, an impossible
/// redirection. It does not suspend, so it cannot be cancelled half-way. Needs the running loop.
[[nodiscard]] COROLLA_API Coro<Process> create_subprocess_exec(std::vector<std::string> argv,
                                                               SubprocessOptions options = SubprocessOptions());
/// As above: `create_subprocess_exec(options, "ls", "-l")`.
template <class... Args>
  requires(sizeof...(Args) >= 1 && (std::is_convertible_v<const Args&, std::string_view> && ...))
[[nodiscard]] Coro<Process> create_subprocess_exec(const SubprocessOptions& options, const Args&... args) {
  std::vector<std::string> argv;
  argv.reserve(sizeof...(Args));
  (argv.emplace_back(std::string_view(args)), ...);
  return create_subprocess_exec(std::move(argv), options);
}
/// The arguments that run a command by the shell.
[[nodiscard]] COROLLA_API std::vector<std::string> shell_argv(std::string command);
/// Runs a command by /bin/sh -c. Whoever puts text from outside into the command lets it run commands.
[[nodiscard]] COROLLA_API Coro<Process> create_subprocess_shell(std::string command,
                                                                SubprocessOptions options = SubprocessOptions());

}  // namespace v0
}  // namespace corolla
