// SPDX-License-Identifier: Apache-2.0
#include "net/process/subprocess_transport_state.hpp"

#include "backend/backend.hpp"

#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include <cerrno>
#include <utility>

namespace corolla {
inline namespace v0 {

// The protocol of one pipe.
class SubprocessTransportState::Pipe final : public Protocol {
 public:
  Pipe(std::shared_ptr<SubprocessTransportState> owner, int number) noexcept
      : owner_(std::move(owner)), number_(number) {}

  void data_received(std::string_view data) override {
    owner_->tell("protocol.pipe_data_received() failed",
                 [&](SubprocessProtocol& protocol) { protocol.pipe_data_received(number_, data); });
  }
  void connection_lost(std::exception_ptr error) override { owner_->pipe_lost(number_, std::move(error)); }
  void pause_writing() override {
    owner_->tell("protocol.pause_writing() failed", [](SubprocessProtocol& protocol) { protocol.pause_writing(); });
  }
  void resume_writing() override {
    owner_->tell("protocol.resume_writing() failed", [](SubprocessProtocol& protocol) { protocol.resume_writing(); });
  }

 private:
  std::shared_ptr<SubprocessTransportState> owner_;
  int number_;
};

SubprocessTransportState::SubprocessTransportState(EventLoop& loop, std::shared_ptr<SubprocessProtocol> protocol)
    : core_(loop.core()), process_(std::make_shared<ProcessState>(loop)), protocol_(std::move(protocol)) {
  core_.retain();
}

SubprocessTransportState::~SubprocessTransportState() { core_.release(); }

template <class Call>
void SubprocessTransportState::tell(const char* failed, const Call& call) noexcept {
  const std::shared_ptr<SubprocessProtocol> protocol = protocol_;
  if (!protocol) return;
  try {
    call(*protocol);
  } catch (...) {
    report_current_exception(core_, failed);
  }
}

// -- life ---------------------------------------------------------------------------------------------------------

// What fails behind the spawn, for want of memory, closes it: the child is killed, and the protocol sees it begin and end.
void SubprocessTransportState::start(const std::vector<std::string>& argv, const SubprocessOptions& options) {
  process_->start(argv, options, ProcessState::Ends::kStreams);
  process_->set_listener(this);
  core_.loop()->io().residents().add(*this);
  resident_ = shared_from_this();
  turn_.schedule();
  try {
    for (std::size_t i = 0; i < pipes_.size(); ++i) {
      if (!process_->pipes[i]) continue;
      pipes_[i] = make_transport(std::move(process_->pipes[i]),
                                 std::make_shared<Pipe>(shared_from_this(), static_cast<int>(i)));
      ++open_pipes_;
    }
  } catch (...) {
    close();
    throw;
  }
}

void SubprocessTransportState::close() noexcept {
  if (std::exchange(closing_, true)) return;
  for (const Transport& pipe : pipes_) {
    if (pipe) pipe.close();
  }
  if (core_.debug() && !returncode()) log(LogLevel::kDebug, "a child is killed: its transport was closed");
  process_->kill();
}

void SubprocessTransportState::loop_closed() noexcept {
  const auto held = shared_from_this();
  if (core_.debug() && !closing_) log(LogLevel::kWarning, "unclosed transport of a child");
  closing_ = true;
  process_->abandon();
  leave();
}

// No resident from now on. What dies here may call back: it finds everything closed.
void SubprocessTransportState::leave() noexcept {
  leave_circle();
  process_->set_listener(nullptr);
  const std::shared_ptr<SubprocessProtocol> protocol = std::move(protocol_);
  const std::shared_ptr<SubprocessTransportState> resident = std::move(resident_);
}

Future<void> SubprocessTransportState::gone() {
  Future<void> future = get_running_loop().create_future<void>();
  if (protocol_) wait_until_gone_.push_back(future);
  else future.set_result();
  return future;
}

// -- what is told -------------------------------------------------------------------------------------------------

void SubprocessTransportState::Turn::schedule() {
  held_ = owner_.shared_from_this();
  owner_.core_.call_soon(*this);
}

void SubprocessTransportState::Turn::run() noexcept {
  const auto held = std::move(held_);
  if (owner_.made_) owner_.tell_lost();
  else owner_.tell_made();
}

void SubprocessTransportState::tell_made() noexcept {
  made_ = true;
  tell("protocol.connection_made() failed",
       [this](SubprocessProtocol& protocol) { protocol.connection_made(SubprocessTransport(shared_from_this())); });
  if (returncode()) child_ended();
}

void SubprocessTransportState::child_ended() noexcept {
  if (!made_) return;  // its turn asks
  exit_told_ = true;
  tell("protocol.process_exited() failed", [](SubprocessProtocol& protocol) { protocol.process_exited(); });
  finish_if_last();
}

void SubprocessTransportState::pipe_lost(int number, std::exception_ptr error) noexcept {
  --open_pipes_;
  tell("protocol.pipe_connection_lost() failed",
       [&](SubprocessProtocol& protocol) { protocol.pipe_connection_lost(number, error); });
  finish_if_last();
}

void SubprocessTransportState::finish_if_last() noexcept {
  if (exit_told_ && open_pipes_ == 0) turn_.schedule();
}

void SubprocessTransportState::tell_lost() noexcept {
  tell("protocol.connection_lost() failed", [](SubprocessProtocol& protocol) { protocol.connection_lost(nullptr); });
  leave();
  for (const Future<void>& waiting : std::exchange(wait_until_gone_, {})) {
    if (!waiting.done()) waiting.set_result();
  }
}

// -- the handle's -------------------------------------------------------------------------------------------------

void SubprocessTransportState::send_signal(int signal) const {
  if (!protocol_) throw OSError(ESRCH, "send_signal to process " + std::to_string(pid()));
  if (!returncode()) process_->send_signal(signal);
}

Transport SubprocessTransportState::pipe(int number) const noexcept {
  return number >= 0 && static_cast<std::size_t>(number) < pipes_.size() ? pipes_[static_cast<std::size_t>(number)]
                                                                         : Transport();
}

void SubprocessTransportState::set_protocol(std::shared_ptr<SubprocessProtocol> protocol) {
  if (!protocol) throw ValueError("a transport needs a protocol");
  if (protocol_) protocol_.swap(protocol);
}

}  // namespace v0
}  // namespace corolla
