// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/subprocess_protocol.hpp>

#include "net/process/subprocess_transport_state.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/sleep.hpp>

#include <chrono>
#include <csignal>

namespace corolla {
inline namespace v0 {

SubprocessProtocol::~SubprocessProtocol() = default;

int SubprocessTransport::get_pid() const noexcept { return state_->pid(); }
std::optional<int> SubprocessTransport::get_returncode() const noexcept { return state_->returncode(); }
Transport SubprocessTransport::get_pipe_transport(int fd) const noexcept { return state_->pipe(fd); }
void SubprocessTransport::send_signal(int signal) const { state_->send_signal(signal); }
void SubprocessTransport::terminate() const { state_->send_signal(SIGTERM); }
void SubprocessTransport::kill() const { state_->send_signal(SIGKILL); }
void SubprocessTransport::close() const noexcept { state_->close(); }
bool SubprocessTransport::is_closing() const noexcept { return state_->closing(); }
void SubprocessTransport::set_protocol(std::shared_ptr<SubprocessProtocol> protocol) const {
  state_->set_protocol(std::move(protocol));
}
std::shared_ptr<SubprocessProtocol> SubprocessTransport::get_protocol() const { return state_->protocol(); }

namespace {

Coro<void> wait_until_gone(std::shared_ptr<SubprocessTransportState> state) {
  const Future<void> gone = state->gone();
  co_await gone;
}

// Ends the child with the coroutine, unless that said it was through.
class CloseScope {
 public:
  explicit CloseScope(std::shared_ptr<SubprocessTransportState> transport) noexcept
      : transport_(std::move(transport)) {}
  CloseScope(const CloseScope&) = delete;
  CloseScope& operator=(const CloseScope&) = delete;
  ~CloseScope() {
    if (transport_) transport_->close();
  }
  void through() noexcept { transport_.reset(); }

 private:
  std::shared_ptr<SubprocessTransportState> transport_;
};

}  // namespace

Coro<void> SubprocessTransport::wait_closed() const { return wait_until_gone(state_); }

Coro<SubprocessTransport> open_subprocess(std::vector<std::string> argv, SubprocessOptions options,
                                          std::shared_ptr<SubprocessProtocol> protocol) {
  if (!protocol) throw ValueError("a transport needs a protocol");
  auto state = std::make_shared<SubprocessTransportState>(get_running_loop(), std::move(protocol));
  state->start(argv, options);
  CloseScope scope(state);
  co_await sleep(std::chrono::nanoseconds(0));  // connection_made is queued before
  scope.through();
  co_return SubprocessTransport(std::move(state));
}

}  // namespace v0
}  // namespace corolla
