// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/connect.hpp>

#include <corolla/net/interleave.hpp>
#include <corolla/net/resolver.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/staggered_race.hpp>

#include "backend/backend.hpp"
#include "backend/connect_operation.hpp"
#include "net/socket/socket_options.hpp"
#include "net/stream/secure_stream.hpp"
#include "net/stream/socket_state.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// A socket on its way. The operation holds it while it is in flight, and with it the address the kernel reads.
class Connecting final : public ConnectOperation, public FromBlockCache {
 public:
  Connecting(EventLoop& loop, int descriptor, const SocketAddress& to) noexcept
      : ConnectOperation(descriptor), loop_(loop), to_(to) {}

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  void start() noexcept { result_ = loop_.io().perform(*this); }
  [[nodiscard]] int result() const noexcept { return result_; }
  void wait(TaskBase& task) noexcept {
    waiter_ = &task;
    task.wait();
  }
  /// The task does not wait any more; an attempt that is not decided is withdrawn.
  void leave() noexcept {
    waiter_ = nullptr;
    if (!idle() && core_.loop()) core_.loop()->io().cancel(*this);
  }
  /// The connected socket is the caller's.
  int take() noexcept { return std::exchange(descriptor_, -1); }

  void finished(int result) noexcept override {
    result_ = result;
    if (waiter_ && waiter_->waiting()) waiter_->wake_inline();
  }
  void retain_owner() noexcept override { retain(); }
  void release_owner() noexcept override { release(); }

 private:
  ~Connecting() {
    if (descriptor_ >= 0) {
      if (core_.loop()) core_.loop()->io().forget(descriptor_);
      ::close(descriptor_);
    }
    core_.release();
  }
  [[nodiscard]] Address address() const noexcept override { return {to_.data(), to_.size()}; }

  EventLoop& loop_;
  LoopCore& core_ = retained(loop_.core());
  SocketAddress to_;
  int result_ = kPending;
  TaskBase* waiter_ = nullptr;
  unsigned references_ = 1;

  static LoopCore& retained(LoopCore& core) noexcept {
    core.retain();
    return core;
  }
};

class [[nodiscard]] ConnectWait {
 public:
  explicit ConnectWait(Connecting& connecting) noexcept : connecting_(connecting) {}
  ConnectWait(const ConnectWait&) = default;
  ConnectWait& operator=(const ConnectWait&) = delete;
  ~ConnectWait() {
    if (task_) connecting_.leave();
  }
  [[nodiscard]] bool await_ready() const noexcept { return connecting_.result() != Operation::kPending; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_ = &self.promise().task();
    connecting_.wait(*task_);
  }
  int await_resume() {
    if (TaskBase* task = std::exchange(task_, nullptr)) {
      connecting_.leave();
      task->resumed();
    }
    return connecting_.result();
  }

 private:
  Connecting& connecting_;
  TaskBase* task_ = nullptr;
};

std::string describe_attempt(const SocketAddress& address) { return "connect to " + address.to_string(); }

// A socket as the backend needs it, made here or by the user.
int open_socket(EventLoop& loop, const SocketAddress& address, const ConnectOptions& options) {
  const bool nonblocking = loop.io().nonblocking_sockets();
  if (options.socket_factory) {
    Socket made = options.socket_factory(address);
    if (!made) throw ValueError("socket_factory made no socket");
    if (const int failed = set_nonblocking(made.descriptor(), nonblocking); failed != 0)
      throw OSError(-failed, describe_attempt(address));
    return made.detach();
  }
  const int descriptor = open_stream_socket(address, nonblocking);
  if (descriptor < 0) throw OSError(-descriptor, describe_attempt(address));
  return descriptor;
}

void bind_to(int descriptor, const ConnectOptions& options) {
  const std::string& interface = options.interface;
  if (!interface.empty() && ::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                                         static_cast<socklen_t>(interface.size())) != 0) {
    throw OSError(errno, "bind to the interface " + interface);
  }
  const SocketAddress& local = options.local_address;
  if (local.size() != 0 &&
      ::bind(descriptor, static_cast<const sockaddr*>(local.data()), static_cast<socklen_t>(local.size())) != 0) {
    throw OSError(errno, "bind to " + local.to_string());
  }
}

Coro<ByteStream> connect_plain(SocketAddress address, ConnectOptions options) {
  EventLoop& loop = get_running_loop();
  const int descriptor = open_socket(loop, address, options);
  loop.io().forget(descriptor);
  const auto connecting = FutureRef<Connecting>::adopt(new Connecting(loop, descriptor, address));
  bind_to(descriptor, options);
  connecting->start();
  const int result = co_await ConnectWait(*connecting);
  if (result != 0) throw OSError(-result, describe_attempt(address));
  co_return stream_of_socket(loop, connecting->take(), address.family() != SocketAddress::Family::kUnix);
}

// What `connecting` connects, with TLS on it when the options say so.
Coro<ByteStream> secured(Coro<ByteStream> connecting, ConnectOptions options) {
  check_client_tls(options);
  ByteStream stream = co_await std::move(connecting);
  auto securing = secure_client(std::move(stream), std::move(options));
  co_return co_await std::move(securing);
}

// What is thrown when no address answered.
[[noreturn]] void fail(std::vector<std::exception_ptr> errors, bool all_errors) {
  if (all_errors) throw ExceptionGroup("no address answered", std::move(errors));
  std::vector<std::string> texts;
  bool same_code = true;
  std::error_code code = std::make_error_code(std::errc::io_error);
  for (const std::exception_ptr& error : errors) {
    try {
      std::rethrow_exception(error);
    } catch (const OSError& failure) {
      if (texts.empty()) code = failure.code();
      same_code = same_code && failure.code() == code;
    } catch (...) {
      same_code = false;
    }
    texts.push_back(describe(error));
  }
  if (std::all_of(texts.begin(), texts.end(), [&](const std::string& text) { return text == texts.front(); }))
    std::rethrow_exception(errors.front());
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  throw OSError(same_code ? code : std::make_error_code(std::errc::io_error), "Multiple exceptions: " + all);
}

Coro<ByteStream> connect_plain(std::vector<SocketAddress> addresses, ConnectOptions options) {
  if (addresses.empty()) throw ValueError("no address to connect to");
  if (addresses.size() == 1 && !options.all_errors) {
    auto attempt = connect_plain(addresses.front(), options);
    co_return co_await std::move(attempt);
  }
  const auto attempt_at = [&options](const SocketAddress& address) {
    return [&options, address] { return connect_plain(address, options); };
  };
  std::vector<decltype(attempt_at(addresses.front()))> attempts;
  for (const SocketAddress& address : addresses) attempts.push_back(attempt_at(address));
  auto race = staggered_race(std::move(attempts), options.happy_eyeballs_delay);
  auto result = co_await std::move(race);
  if (!result.winner) fail(std::move(result.exceptions), options.all_errors);
  co_return std::move(*result.value);
}

Coro<ByteStream> connect_plain(std::string host, std::uint16_t port, ConnectOptions options) {
  SocketAddress numeric;
  std::vector<SocketAddress> addresses;
  if (SocketAddress::parse_ip(host, port, numeric) &&
      (options.family == SocketAddress::Family::kUnspecified || options.family == numeric.family())) {
    addresses.push_back(numeric);
  } else {
    auto look_up = options.resolver ? options.resolver->resolve(std::move(host), port, options.family)
                                    : getaddrinfo(std::move(host), port, options.family);
    addresses = co_await std::move(look_up);
    if (options.interleave != 0) addresses = interleave(addresses, options.interleave);
  }
  auto attempts = connect_plain(std::move(addresses), std::move(options));
  co_return co_await std::move(attempts);
}

}  // namespace

Coro<ByteStream> connect_to(SocketAddress address, ConnectOptions options) {
  auto connecting = connect_plain(address, options);
  return secured(std::move(connecting), std::move(options));
}

Coro<ByteStream> connect_to(std::vector<SocketAddress> addresses, ConnectOptions options) {
  auto connecting = connect_plain(std::move(addresses), options);
  return secured(std::move(connecting), std::move(options));
}

// A host whose certificate is wrong is not asked again at its other addresses.
Coro<ByteStream> connect_tcp(std::string host, std::uint16_t port, ConnectOptions options) {
  if (options.ssl && options.server_hostname.empty()) options.server_hostname = host;
  auto connecting = connect_plain(std::move(host), port, options);
  return secured(std::move(connecting), std::move(options));
}

}  // namespace v0
}  // namespace corolla
