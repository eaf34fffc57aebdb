// SPDX-License-Identifier: Apache-2.0
/// \file
/// SubprocessProtocol, SubprocessTransport, subprocess_exec and subprocess_shell: child processes that call a protocol.
///
///     class Lines final : public SubprocessProtocol {
///       void pipe_data_received(int fd, std::string_view data) override { std::cout << fd << ": " << data; }
///       void process_exited() override { std::cout << "ended\n"; }
///     };
///     auto [transport, protocol] = co_await subprocess_exec([] { return std::make_shared<Lines>(); }, argv);
///
/// Source: asyncio's loop.subprocess_exec and subprocess_shell, SubprocessProtocol and SubprocessTransport. Code that may
/// wait is better off with a Process (subprocess.hpp), which has streams. What a child may be given and how its end is
/// noticed is said there.
///
/// A SubprocessTransport is a handle; copies share the child. The child belongs to the loop: it and its protocol live
/// until connection_lost was called, whoever holds a handle, and dropping every handle does not end it. When the loop is
/// closed first, the child is killed and reaped, the pipes are closed and the protocol is released without a call; the debug
/// mode logs that. Not thread safe.
#pragma once

#include <corolla/net/protocol.hpp>
#include <corolla/net/subprocess.hpp>
#include <corolla/net/transport.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/closure.hpp>
#include <corolla/runtime/coro.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class SubprocessProtocol;
class SubprocessTransportState;

/// See the file's comment.
class COROLLA_API SubprocessTransport {
 public:
  /// No transport; only assignment, destruction, comparison and operator bool are allowed.
  SubprocessTransport() noexcept = default;
  /// For subprocess_exec.
  explicit SubprocessTransport(std::shared_ptr<SubprocessTransportState> state) noexcept : state_(std::move(state)) {}
  explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const SubprocessTransport&, const SubprocessTransport&) noexcept = default;

  [[nodiscard]] int get_pid() const noexcept;
  /// As Process::returncode().
  [[nodiscard]] std::optional<int> get_returncode() const noexcept;
  /// The pipe to the child's stdin (0), which takes bytes, or from its stdout (1) or stderr (2), which may be paused and
  /// closed; a Transport that is none, false, where there is no pipe. write_eof() and close() end the child's input.
  [[nodiscard]] Transport get_pipe_transport(int fd) const noexcept;

  /// Does nothing to a child that has ended, until connection_lost was called: OSError (ESRCH) from then on. EINVAL for no
  /// signal.
  void send_signal(int signal) const;
  /// SIGTERM.
  void terminate() const;
  /// SIGKILL.
  void kill() const;
  /// Closes the pipes, stdin's behind what was written, and kills a child that runs. The protocol learns of all of that, and
  /// of the end. Idempotent.
  void close() const noexcept;
  /// close() was called.
  [[nodiscard]] bool is_closing() const noexcept;

  /// Who is called from now on; its connection_made() is not. ValueError for null.
  void set_protocol(std::shared_ptr<SubprocessProtocol> protocol) const;
  /// Null once connection_lost was called.
  [[nodiscard]] std::shared_ptr<SubprocessProtocol> get_protocol() const;
  /// `co_await transport.wait_closed()`: until connection_lost has returned. Cancelling it does nothing to the child.
  [[nodiscard]] Coro<void> wait_closed() const;

 private:
  std::shared_ptr<SubprocessTransportState> state_;
};

/// What a SubprocessTransport calls, in its loop: connection_made first, once. Then pipe_data_received of each pipe, and
/// pipe_connection_lost once behind its last bytes; process_exited once, before, between or behind those, as the kernel
/// has it; connection_lost last, once, when the child has ended and each pipe is gone. pause_writing and resume_writing
/// are those of the pipe to stdin. Each does nothing unless it is overridden. What they throw goes to the loop's exception
/// handler, and the transport goes on.
class COROLLA_API SubprocessProtocol : public BaseProtocol {
 public:
  ~SubprocessProtocol() override;

  /// The child runs, or has ended already. Keep `transport` to write and to send signals.
  virtual void connection_made(SubprocessTransport /*transport*/) {}
  /// Bytes from the child's stdout (1) or stderr (2), however many; borrowed, for the time of the call.
  virtual void pipe_data_received(int /*fd*/, std::string_view /*data*/) {}
  /// The pipe is gone. Null when either side closed it in the regular way.
  virtual void pipe_connection_lost(int /*fd*/, std::exception_ptr /*error*/) {}
  /// The child has ended, its return code is known; its pipes may still bring something.
  virtual void process_exited() {}
};

/// Returns a std::shared_ptr to a SubprocessProtocol.
template <class F>
concept SubprocessProtocolFactory =
    std::invocable<F&> && std::convertible_to<std::invoke_result_t<F&>, std::shared_ptr<SubprocessProtocol>>;

/// What a factory's pointers point to.
template <class F>
using SubprocessProtocolOf = typename std::invoke_result_t<F&>::element_type;

/// A transport and its protocol; a structured binding takes it apart.
template <class P>
struct SubprocessConnection {
  SubprocessConnection(SubprocessTransport made, std::shared_ptr<P> by) noexcept
      : transport(std::move(made)), protocol(std::move(by)) {}
  SubprocessTransport transport;
  std::shared_ptr<P> protocol;
};

/// Starts a child and returns when connection_made was called; cancelled before, the child is killed.
[[nodiscard]] COROLLA_API Coro<SubprocessTransport> open_subprocess(std::vector<std::string> argv,
                                                                    SubprocessOptions options,
                                                                    std::shared_ptr<SubprocessProtocol> protocol);

/// What subprocess_exec runs.
template <SubprocessProtocolFactory F>
[[nodiscard]] Coro<SubprocessConnection<SubprocessProtocolOf<F>>> subprocess_of(F factory,
                                                                                std::vector<std::string> argv,
                                                                                SubprocessOptions options) {
  std::shared_ptr<SubprocessProtocolOf<F>> protocol = factory();
  auto opening = open_subprocess(std::move(argv), std::move(options), protocol);
  SubprocessTransport transport = co_await std::move(opening);
  co_return SubprocessConnection<SubprocessProtocolOf<F>>(std::move(transport), std::move(protocol));
}

/// Starts a program, with a pipe for each of the three streams unless `options` say something else. The factory is called
/// without arguments, before there is a child, and returns a std::shared_ptr to a SubprocessProtocol, whose type the result
/// keeps; a temporary one must not own anything (closure.hpp). The errors are create_subprocess_exec's; ValueError for a null
/// protocol. Cancelled, it kills the child.
template <class F>
  requires SubprocessProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<SubprocessConnection<SubprocessProtocolOf<std::decay_t<F>>>> subprocess_exec(
    F&& factory, std::vector<std::string> argv, SubprocessOptions options = SubprocessOptions::piped()) {
  require_safe_closure<F>();
  return subprocess_of<std::decay_t<F>>(std::forward<F>(factory), std::move(argv), std::move(options));
}
/// As above: `subprocess_exec(factory, options, "ls", "-l")`.
template <class F, class... Args>
  requires(SubprocessProtocolFactory<std::decay_t<F>> && sizeof...(Args) >= 1 &&
           (std::is_convertible_v<const Args&, std::string_view> && ...))
[[nodiscard]] Coro<SubprocessConnection<SubprocessProtocolOf<std::decay_t<F>>>> subprocess_exec(
    F&& factory, const SubprocessOptions& options, const Args&... args) {
  std::vector<std::string> argv;
  argv.reserve(sizeof...(Args));
  (argv.emplace_back(std::string_view(args)), ...);
  return subprocess_exec(std::forward<F>(factory), std::move(argv), options);
}
/// Runs a command by /bin/sh -c. Whoever puts text from outside into the command lets it run commands.
template <class F>
  requires SubprocessProtocolFactory<std::decay_t<F>>
[[nodiscard]] Coro<SubprocessConnection<SubprocessProtocolOf<std::decay_t<F>>>> subprocess_shell(
    F&& factory, std::string command, SubprocessOptions options = SubprocessOptions::piped()) {
  return subprocess_exec(std::forward<F>(factory), shell_argv(std::move(command)), std::move(options));
}

}  // namespace v0
}  // namespace corolla
