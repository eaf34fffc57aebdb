// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerState: what a Server, its listening sockets and its connections share.
///
/// Under epoll a listener accepts one connection at a time and goes through the ready queue for the next, so that a burst
/// of connections does not keep the tasks waiting; io_uring hands it what came since it was asked last. It stops when the
/// limit of connections is reached, and goes on when one of them ends; those that io_uring accepted meanwhile wait here. And
/// it stops for a while when descriptors or memory run out.
#pragma once

#include "backend/accept_operation.hpp"
#include "backend/resident.hpp"

#include <corolla/net/server.hpp>
#include <corolla/runtime/callback.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/task.hpp>

#include <memory>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

class ServerState;

/// A listening socket. Counted: the operation in flight holds it.
class Listener final : public AcceptOperation {
 public:
  /// Takes a listening socket.
  Listener(ServerState& server, EventLoop& loop, int descriptor, bool cleanup_socket);

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  /// Listens, unless it does. OSError.
  void listen(int backlog);
  /// Other processes may listen on the same socket, and go on when this one stops.
  void set_shared() noexcept { shared_ = true; }
  /// Goes on accepting unless that is under way.
  void accept() noexcept;
  /// Stops listening.
  void close() noexcept;

  void finished(int result) noexcept override;
  void retain_owner() noexcept override { retain(); }
  void release_owner() noexcept override { release(); }

 private:
  ~Listener();
  void take(int accepted) noexcept override;
  void hand_out() noexcept;
  void close_accepted() noexcept;
  void close_descriptor() noexcept;

  ServerState* server_;
  LoopCore& core_;
  SocketAddress address_;
  std::vector<int> accepted_;
  std::size_t next_ = 0;  // the first of them that was not handed out
  std::string unlink_;    // a Unix path that is removed if it is still this socket's
  std::uint64_t inode_ = 0;
  unsigned references_ = 1;
  bool listening_ = false;
  bool shared_ = false;
};

/// What a server knows of a connection, from its task's beginning until it is told that the task is done. One block a
/// connection: it is its own link in the server's circle, and stands in the task's list of callbacks.
class ServedClient final : public Waiter, public ResidentLink, public FromBlockCache {
 public:
  ServedClient(ServerState& server, FutureRef<StreamState> stream) noexcept
      : server_(server), stream_(std::move(stream)) {}
  /// Belongs to the task from now on.
  void watch(FutureBase& task) noexcept;
  [[nodiscard]] StreamState& stream() const noexcept { return *stream_; }
  /// It lives: until it is done by itself, then because this is in the ready queue.
  [[nodiscard]] FutureBase& task() const noexcept { return *task_; }

  void future_done() noexcept override;
  void run() noexcept override;
  void drop() noexcept override;

 private:
  ServerState& server_;
  FutureRef<StreamState> stream_;
  FutureBase* task_ = nullptr;
};

class ServerState : public std::enable_shared_from_this<ServerState> {
 public:
  ServerState(EventLoop& loop, StreamHandler handler, const ServerOptions& options);
  ServerState(const ServerState&) = delete;
  ServerState& operator=(const ServerState&) = delete;
  ~ServerState();

  /// Binds, and listens if the server is to start; OSError.
  void bind(const SocketAddress& address);
  /// The same with a socket that is bound; owns it whatever happens.
  void adopt(int descriptor);
  void set_handler(StreamHandler handler) noexcept { handler_ = std::move(handler); }
  /// Listens and accepts, if it does not yet. OSError.
  void start();
  void close() noexcept;
  void close_clients() noexcept;
  void abort_clients() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool serving() const noexcept { return started_ && !closed_; }
  [[nodiscard]] bool finished() const noexcept { return closed_ && connections_ == 0; }
  [[nodiscard]] std::vector<SocketAddress> addresses() const;
  [[nodiscard]] std::size_t connections() const noexcept { return connections_; }
  /// Completes when finished().
  [[nodiscard]] Future<void> finished_future();
  /// Cancelled by close(), for serve_forever(); RuntimeError when there is one that is not done.
  [[nodiscard]] Future<void> serving_future();

  // For listeners.
  void accepted(Listener& listener, int descriptor) noexcept;
  void accept_failed(Listener& listener, int error) noexcept;
  [[nodiscard]] bool full() const noexcept { return limit_ != 0 && connections_ >= limit_; }

  // For its clients. The server lives as long as it has some.
  void client_came(ServedClient& client) noexcept;
  void client_left(ServedClient& client) noexcept;
  void connection_done(const Task<void>& task) noexcept;

 private:
  struct Clients final : ResidentLink {};
  template <class F>
  void for_each_client(F function) noexcept;
  void add_listener(int descriptor, const std::string& what);
  void resume() noexcept;
  void announce_if_finished() noexcept;
  void report(const char* message, std::exception_ptr error) noexcept;

  LoopCore& core_;
  StreamHandler handler_;
  int backlog_;
  bool reuse_port_;
  bool reuse_address_;
  bool keep_alive_;
  bool cleanup_socket_;
  bool start_at_once_;
  bool started_ = false;
  bool closed_ = false;
  std::size_t limit_;
  std::chrono::nanoseconds retry_delay_;
  TimerHandle retry_;
  std::vector<FutureRef<Listener>> listeners_;
  Clients clients_;
  std::size_t connections_ = 0;
  std::shared_ptr<ServerState> self_;  // while there are connections
  Future<void> serving_forever_;
  std::vector<Future<void>> waiting_;
};

}  // namespace v0
}  // namespace corolla
