// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/subprocess.hpp>

#include "net/process/process_state.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/outcome.hpp>

#include <csignal>
#include <string>
#include <tuple>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

using SharedProcess = std::shared_ptr<ProcessState>;

bool reader_went_away(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const OSError& failure) {
    return failure.code() == std::errc::broken_pipe || failure.code() == std::errc::connection_reset;
  } catch (...) {
    return false;
  }
}

// These hold the state, since one that fails ends the gather while the others go on.
Coro<void> feed(SharedProcess process, std::string input) {
  if (!process->stdin_pipe) co_return;
  StreamWriter& writer = *process->stdin_pipe;
  if (!input.empty()) {
    auto writing = writer.write(input);
    const auto written = co_await outcome(std::move(writing));
    if (!written && !reader_went_away(written.error())) std::rethrow_exception(written.error());
  }
  writer.close();
}

Coro<std::string> read_all(SharedProcess process, bool errors) {
  auto& reader = errors ? process->stderr_pipe : process->stdout_pipe;
  if (!reader) co_return std::string();
  auto reading = reader->read(-1);
  std::string all = co_await std::move(reading);
  process->pipes[errors ? STDERR_FILENO : STDOUT_FILENO].close();
  co_return all;
}

}  // namespace

// -- waiting ------------------------------------------------------------------------------------------------------

bool ProcessWait::await_ready() const noexcept { return state_->returncode().has_value(); }

void ProcessWait::wait(TaskBase& task) {
  state_->wait_to_exit(task);
  task_ = &task;
}

int ProcessWait::await_resume() {
  if (TaskBase* task = std::exchange(task_, nullptr)) {
    state_->stop_waiting(*task);
    task->resumed();
  }
  return *state_->returncode();
}

void ProcessWait::stop_waiting() noexcept { state_->stop_waiting(*task_); }

// -- the process --------------------------------------------------------------------------------------------------

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Process::~Process() {
  if (state_) state_->abandon();
}

int Process::pid() const noexcept { return state_->pid(); }
std::optional<int> Process::returncode() const noexcept { return state_->returncode(); }

Coro<std::pair<std::string, std::string>> Process::communicate(std::string input) {
  const SharedProcess process = state_;
  if (!input.empty() && !process->stdin_pipe) throw ValueError("there is input, but stdin is no pipe");
  auto all = gather(feed(process, std::move(input)), read_all(process, false), read_all(process, true));
  auto read = co_await std::move(all);
  co_await ProcessWait(process);
  co_return std::make_pair(std::move(std::get<1>(read)), std::move(std::get<2>(read)));
}

StreamWriter& Process::stdin_pipe() const {
  if (!state_->stdin_pipe) throw RuntimeError("the process's stdin is no pipe");
  return *state_->stdin_pipe;
}

StreamReader& Process::stdout_pipe() const {
  if (!state_->stdout_pipe) throw RuntimeError("the process's stdout is no pipe");
  return *state_->stdout_pipe;
}

StreamReader& Process::stderr_pipe() const {
  if (!state_->stderr_pipe) throw RuntimeError("the process's stderr is no pipe");
  return *state_->stderr_pipe;
}

void Process::close_pipe(int number) const {
  if (number == STDIN_FILENO) {
    stdin_pipe().close();
    return;
  }
  if (number != STDOUT_FILENO && number != STDERR_FILENO)
    throw ValueError("a process has no pipe " + std::to_string(number));
  ByteStream& stream = state_->pipes[static_cast<std::size_t>(number)];
  if (!stream) throw RuntimeError("that stream of the process is no pipe");
  stream.close();
}

void Process::send_signal(int signal) const { state_->send_signal(signal); }
void Process::terminate() const { state_->send_signal(SIGTERM); }
void Process::kill() const { state_->send_signal(SIGKILL); }

Coro<Process> create_subprocess_exec(std::vector<std::string> argv, SubprocessOptions options) {
  auto state = std::make_shared<ProcessState>(get_running_loop());
  state->start(argv, options, ProcessState::Ends::kReadersAndWriter);
  co_return Process(std::move(state));
}

Coro<Process> create_subprocess_shell(std::string command, SubprocessOptions options) {
  return create_subprocess_exec(shell_argv(std::move(command)), std::move(options));
}

std::vector<std::string> shell_argv(std::string command) { return {"/bin/sh", "-c", std::move(command)}; }

SubprocessOptions SubprocessOptions::piped() {
  SubprocessOptions options;
  options.stdin_from = options.stdout_to = options.stderr_to = Stdio::kPipe;
  return options;
}

}  // namespace v0
}  // namespace corolla
