// SPDX-License-Identifier: Apache-2.0
#include "net/server_state.hpp"

#include "backend/backend.hpp"
#include "net/socket_options.hpp"
#include "net/socket_state.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task.hpp>

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

ServerState::ServerState(EventLoop& loop, StreamHandler handler, const ServerOptions& options)
    : core_(loop.core()),
      handler_(std::move(handler)),
      backlog_(options.backlog),
      reuse_port_(options.reuse_port),
      limit_(options.max_connections),
      retry_delay_(options.accept_retry_delay) {
  core_.retain();
}

ServerState::~ServerState() {
  close();
  core_.release();
}

void ServerState::listen(const SocketAddress& address) {
  EventLoop& loop = *core_.loop();
  const std::string what = "error while attempting to bind on address " + address.to_string();
  const int descriptor = open_stream_socket(address, loop.io().nonblocking_sockets());
  if (descriptor < 0) throw OSError(-descriptor, what);
  struct Guard {
    int descriptor;
    explicit Guard(int owned) noexcept : descriptor(owned) {}
    ~Guard() {
      if (descriptor >= 0) ::close(descriptor);
    }
  } guard(descriptor);
  const int on = 1;
  if (address.family() == SocketAddress::Family::kUnix) {
    struct stat status{};
    const std::string path = address.host();
    if (path[0] != '\0' && ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  } else {
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (reuse_port_ && ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    throw OSError(errno, what);
  if (address.family() == SocketAddress::Family::kIPv6)
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(descriptor, static_cast<const sockaddr*>(address.data()), static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(descriptor, backlog_) != 0) {
    throw OSError(errno, what);
  }
  listeners_.reserve(listeners_.size() + 1);
  auto* listener = new Listener(*this, loop, descriptor, local_address_of(descriptor));
  guard.descriptor = -1;
  listeners_.push_back(FutureRef<Listener>::adopt(listener));
}

void ServerState::start() {
  for (const auto& listener : listeners_) listener->accept();
}

std::vector<SocketAddress> ServerState::addresses() const {
  std::vector<SocketAddress> all;
  for (const auto& listener : listeners_) all.push_back(listener->address());
  return all;
}

void ServerState::report(const char* message, std::exception_ptr error) noexcept {
  try {
    if (core_.loop()) core_.loop()->call_exception_handler(ErrorContext(message, std::move(error)));
  } catch (...) {  // out of memory: nobody can be told
  }
}

void ServerState::accepted(Listener& listener, int descriptor) noexcept {
  EventLoop& loop = *core_.loop();
  loop.io().forget(descriptor);
  try {
    const bool tcp = listener.address().family() != SocketAddress::Family::kUnix;
    ByteStream stream = stream_of_socket(loop, descriptor, tcp);
    tasks_.emplace_front();
    const auto entry = tasks_.begin();
    try {
      *entry = TaskMaker{loop, std::source_location::current()}.from(handler_(std::move(stream)));
      entry->add_done_callback(
          [self = shared_from_this(), entry](const Future<void>&) { self->connection_done(entry); });
    } catch (...) {
      tasks_.erase(entry);
      throw;
    }
  } catch (...) {
    report("Unhandled exception in the handler of a connection", std::current_exception());
  }
}

void ServerState::accept_failed(Listener&, int error) noexcept {
  const bool passing = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
  report(passing ? "accept is out of system resources and pauses" : "accept failed",
         StreamState::os_error(error, "accept"));
  if (closed_ || !core_.loop()) return;
  try {
    retry_.cancel();
    retry_ = core_.loop()->call_later(retry_delay_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->resume();
    });
  } catch (...) {
    report("accepting cannot be resumed", std::current_exception());
  }
}

void ServerState::resume() noexcept {
  if (closed_ || full()) return;
  for (const auto& listener : listeners_) listener->accept();
}

void ServerState::connection_done(Tasks::iterator entry) noexcept {
  const Task<void> task = std::move(*entry);
  const bool was_full = full();
  tasks_.erase(entry);
  if (!task.cancelled()) {
    if (std::exception_ptr error = task.exception())
      report("Unhandled exception in the handler of a connection", std::move(error));
  }
  if (was_full) resume();
  announce_if_finished();
}

void ServerState::announce_if_finished() noexcept {
  if (!finished()) return;
  for (const Future<void>& future : std::exchange(waiting_, {})) {
    if (!future.done()) future.set_result();
  }
}

Future<void> ServerState::finished_future() {
  waiting_.push_back(core_.loop()->create_future<void>());
  return waiting_.back();
}

void ServerState::close() noexcept {
  if (closed_) return;
  closed_ = true;
  retry_.cancel();
  for (const auto& listener : listeners_) listener->close();
  announce_if_finished();
}

void ServerState::abort_clients() noexcept {
  for (const Task<void>& task : tasks_) {
    try {
      task.cancel();
    } catch (...) {
      report("a connection could not be cancelled", std::current_exception());
    }
  }
}

}  // namespace v0
}  // namespace corolla
