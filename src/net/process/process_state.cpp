// SPDX-License-Identifier: Apache-2.0
#include "net/process/process_state.hpp"

#include "backend/backend.hpp"
#include "net/file/pipe_state.hpp"
#include "net/process/spawn.hpp"
#include "net/socket/owned_descriptor.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// What the shell and Python say of an end that nobody knows.
constexpr int kUnknown = 255;
constexpr idtype_t kPidfd = static_cast<idtype_t>(3);  // P_PIDFD, which only newer C libraries name

// The C library of Debian 12 has the numbers, but not the functions, in every mode.
int open_pidfd(int pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
int send_by_pidfd(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

// Out of the way of 0, 1 and 2, which this process may have closed.
OwnedDescriptor above_standard(OwnedDescriptor descriptor) {
  if (descriptor.get() > STDERR_FILENO) return descriptor;
  OwnedDescriptor moved(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (moved.get() < 0) throw OSError(errno, "dup");
  return moved;
}

// The child's end of one standard stream, and ours when it is a pipe.
struct Redirection {
  OwnedDescriptor child;
  OwnedDescriptor parent;
};

Redirection open_redirection(const Stdio& stdio, int number) {
  Redirection made;
  if (stdio == Stdio::kPipe) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw OSError(errno, "pipe2");
    OwnedDescriptor reading(ends[0]);
    OwnedDescriptor writing(ends[1]);
    const bool to_child = number == STDIN_FILENO;
    made.child = above_standard(std::move(to_child ? reading : writing));
    made.parent = above_standard(std::move(to_child ? writing : reading));
  } else if (stdio == Stdio::kDevNull) {
    OwnedDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null.get() < 0) throw OSError(errno, "/dev/null");
    made.child = above_standard(std::move(null));
  } else if (stdio == Stdio::kStdout && number != STDERR_FILENO) {
    throw ValueError("only stderr can be led where stdout leads");
  } else if (stdio != Stdio::kInherit && stdio != Stdio::kStdout && stdio.descriptor() < 0) {
    throw ValueError("a standard stream cannot be led to descriptor " + std::to_string(stdio.descriptor()));
  }
  return made;
}

}  // namespace

ProcessState::ProcessState(EventLoop& loop) : core_(loop.core()) { core_.retain(); }

ProcessState::~ProcessState() {
  if (pid_ > 0 && !returncode_) kill_and_reap();
  close_pidfd();
  core_.release();
}

// Whatever can fail for want of memory or descriptors is done before the spawn, as far as possible; what fails after it
// leaves a state whose destructor ends the child.
void ProcessState::start(const std::vector<std::string>& argv, const SubprocessOptions& options, Ends ends) {
  EventLoop& loop = *core_.loop();
  const std::array<Stdio, 3> wanted{options.stdin_from, options.stdout_to, options.stderr_to};
  std::array<Redirection, 3> opened;
  StandardStreams streams{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    opened[i] = open_redirection(wanted[i], static_cast<int>(i));
    streams[i] = opened[i].child.get() >= 0 ? opened[i].child.get() : wanted[i].descriptor();
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (opened[i].parent.get() < 0) continue;
    const auto end = i == STDIN_FILENO ? PipeState::End::kWrite : PipeState::End::kRead;
    pipes[i] = stream_of_pipe(loop, opened[i].parent.release(), end);
  }
  if (ends == Ends::kReadersAndWriter) make_readers_and_writer(options.limit);
  pid_ = spawn(argv, options, streams);
  pidfd_ = open_pidfd(pid_);
  if (pidfd_ >= 0) {
    watch();
    return;
  }
  if (errno != ESRCH) throw OSError(errno, "pidfd_open");
  returncode_ = kUnknown;  // SIGCHLD is ignored, and the child had ended
}

void ProcessState::make_readers_and_writer(std::size_t limit) {
  if (pipes[0]) stdin_pipe.emplace(std::move(pipes[0]));
  if (pipes[1]) stdout_pipe.emplace(pipes[1].state(), limit);
  if (pipes[2]) stderr_pipe.emplace(pipes[2].state(), limit);
}

void ProcessState::watch() {
  exit_.set_descriptor(pidfd_);
  core_.loop()->io().forget(pidfd_);
  const int result = core_.loop()->io().perform(exit_);
  if (result < 0 && result != Operation::kPending) throw OSError(-result, "cannot wait for a child");
}

void ProcessState::maybe_exited() noexcept {
  if (reap(false)) {
    close_pidfd();
    while (Waiter* waiter = waiters_.pop_front()) {
      TaskBase& task = static_cast<WakeUp*>(waiter)->task();
      if (task.waiting()) task.wake();
    }
    if (listener_) std::exchange(listener_, nullptr)->child_ended();
    return;
  }
  const int result = core_.loop() ? core_.loop()->io().perform(exit_) : Operation::kPending;
  if (result == Operation::kPending) return;
  kill_and_reap();  // nobody would learn of its end
  maybe_exited();
}

bool ProcessState::reap(bool wait) noexcept {
  if (returncode_) return true;
  siginfo_t info{};
  const auto kind = pidfd_ >= 0 ? kPidfd : P_PID;
  const auto id = static_cast<id_t>(pidfd_ >= 0 ? pidfd_ : pid_);
  int result = 0;
  do {
    result = ::waitid(kind, id, &info, WEXITED | (wait ? 0 : WNOHANG));
  } while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) return false;
  if (result == 0) {
    returncode_ = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
  } else {
    returncode_ = kUnknown;
    log(LogLevel::kWarning, "a child was reaped by somebody else: its return code is unknown and reported as 255");
  }
  return true;
}

// pid_ is the child's as long as nobody reaped it.
void ProcessState::kill_and_reap() noexcept {
  if (pidfd_ >= 0) send_by_pidfd(pidfd_, SIGKILL);
  else ::kill(pid_, SIGKILL);
  reap(true);
}

void ProcessState::close_pidfd() noexcept {
  if (pidfd_ < 0) return;
  if (core_.loop()) core_.loop()->io().forget(pidfd_);
  ::close(std::exchange(pidfd_, -1));
}

void ProcessState::abandon() noexcept {
  if (stdin_pipe) stdin_pipe->abort();
  for (ByteStream& pipe : pipes) pipe.abort();
  kill();
}

void ProcessState::send_signal(int signal) const {
  if (returncode_) throw OSError(ESRCH, "send_signal to process " + std::to_string(pid_));
  if (send_by_pidfd(pidfd_, signal) != 0) throw OSError(errno, "send_signal to process " + std::to_string(pid_));
}

void ProcessState::kill() const noexcept {
  if (!returncode_ && pidfd_ >= 0) send_by_pidfd(pidfd_, SIGKILL);
}

void ProcessState::wait_to_exit(TaskBase& task) {
  if (core_.loop() != running_loop_or_null()) throw RuntimeError("the process was started in another event loop");
  waiters_.push_back(task);
  task.wait();
}

void ProcessState::stop_waiting(TaskBase& task) noexcept {
  if (task.linked()) waiters_.remove(task);
}

}  // namespace v0
}  // namespace corolla
