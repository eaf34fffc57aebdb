// SPDX-License-Identifier: Apache-2.0
#include "http/client/pool.hpp"

#include <corolla/runtime/timeout.hpp>
#include <corolla/runtime/wait_for.hpp>

#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kIdleWithoutLimit = 100;

}  // namespace

ConnectionPool::ConnectionPool(const SessionOptions& options)
    : limit_(options.limit),
      limit_per_host_(options.limit_per_host),
      idle_limit_(options.limit ? options.limit : kIdleWithoutLimit),
      keepalive_timeout_(options.keepalive_timeout),
      parser_limits_(options.parser),
      connector_(options) {}

ConnectionPool::~ConnectionPool() { close(); }

HostPool& ConnectionPool::host_of(const Url& url, const Proxied& proxy) {
  std::string with_proxy;
  std::string_view key = url.host_and_port();
  if (proxy) key = with_proxy.append(key).append(" via ").append(proxy->key);
  const bool tls = url.scheme() == "https";
  Hosts& hosts = tls ? tls_hosts_ : plain_hosts_;
  if (const auto found = hosts.find(key); found != hosts.end()) return *found->second;
  Destination destination{std::string(url.hostname()), url.effective_port(), tls, proxy};
  auto host = std::make_unique<HostPool>(std::string(key), std::move(destination));
  HostPool& made = *host;
  hosts.emplace(made.key, std::move(host));
  return made;
}

bool ConnectionPool::has_room(const HostPool& host) const noexcept {
  return (limit_ == 0 || slots_ < limit_) && (limit_per_host_ == 0 || host.slots < limit_per_host_);
}

std::unique_ptr<Connection> ConnectionPool::try_reuse(const Url& url, const Proxied& proxy) {
  HostPool& host = host_of(url, proxy);
  if (!has_room(host) || !host.waiters.empty()) return nullptr;
  std::unique_ptr<Connection> connection = pop_idle(host);
  if (connection) {
    take_slot(host);
  } else {
    forget_if_unused(host);
  }
  return connection;
}

Coro<std::unique_ptr<Connection>> ConnectionPool::acquire(const Url& url, Proxied proxy, ClientTimeout timeout,
                                                          bool fresh) {
  HostPool& host = host_of(url, proxy);
  if (has_room(host) && host.waiters.empty()) {
    take_slot(host);
  } else {
    auto waiting = wait_for(wait_for_slot(host), timeout.pool);
    co_await std::move(waiting);
  }
  std::unique_ptr<Connection> connection;
  try {
    if (!fresh) connection = pop_idle(host);
    if (!connection) {
      auto connecting = wait_for(connector_.connect(host.destination), timeout.sock_connect);
      connection = std::make_unique<Connection>(co_await std::move(connecting), parser_limits_);
      connection->host = &host;
    }
  } catch (...) {
    return_slot(host);
    throw;
  }
  co_return connection;
}

Coro<void> ConnectionPool::wait_for_slot(HostPool& host) {
  Future<void> granted = get_running_loop().create_future<void>();
  host.waiters.push_back(granted);
  update_eligible(host);
  try {
    co_await granted;
  } catch (...) {
    if (granted.done() && !granted.cancelled()) {
      return_slot(host);  // it was granted, and nobody will use it
    } else {
      forget_if_unused(host);
    }
    throw;
  }
}

void ConnectionPool::take_slot(HostPool& host) noexcept {
  ++slots_;
  ++host.slots;
}

void ConnectionPool::return_slot(HostPool& host) noexcept {
  --slots_;
  --host.slots;
  update_eligible(host);
  grant_slots();
  forget_if_unused(host);
}

void ConnectionPool::update_eligible(HostPool& host) {
  while (!host.waiters.empty() && host.waiters.front().done()) host.waiters.pop_front();  // cancelled ones
  const bool eligible = !host.waiters.empty() && (limit_per_host_ == 0 || host.slots < limit_per_host_);
  if (eligible == host.eligible) return;
  host.eligible = eligible;
  if (eligible) host.turn = eligible_.insert(eligible_.end(), &host);
  else eligible_.erase(host.turn);
}

void ConnectionPool::grant_slots() noexcept {
  while (!eligible_.empty() && (limit_ == 0 || slots_ < limit_)) {
    HostPool& host = *eligible_.front();
    eligible_.splice(eligible_.end(), eligible_, eligible_.begin());
    while (!host.waiters.empty()) {
      const Future<void> waiter = std::move(host.waiters.front());
      host.waiters.pop_front();
      if (waiter.done()) continue;
      take_slot(host);
      waiter.set_result();
      break;
    }
    update_eligible(host);
  }
}

std::unique_ptr<Connection> ConnectionPool::pop_idle(HostPool& host) {
  while (host.idle) {
    std::unique_ptr<Connection> connection = std::move(host.idle);
    host.idle = std::move(connection->below);
    unlink_idle(*connection);
    const bool fresh = get_running_loop().time() - connection->idle_since < keepalive_timeout_;
    if (fresh && connection->stream.quiet()) {
      connection->reused = true;
      return connection;
    }
  }
  return nullptr;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection, bool reusable) noexcept {
  HostPool& host = *connection->host;
  if (reusable && !closed_ && running_loop_or_null()) {
    push_idle(std::move(connection));
  } else {
    connection.reset();
  }
  return_slot(host);
}

void ConnectionPool::push_idle(std::unique_ptr<Connection> connection) {
  EventLoop& loop = get_running_loop();
  connection->idle_since = loop.time();
  connection->stream.never_expires();
  connection->stream.watch_idle();
  connection->older = newest_idle_;
  connection->newer = nullptr;
  (newest_idle_ ? newest_idle_->newer : oldest_idle_) = connection.get();
  newest_idle_ = connection.get();
  ++idle_count_;
  HostPool& host = *connection->host;
  connection->below = std::move(host.idle);
  host.idle = std::move(connection);
  if (idle_count_ > idle_limit_) drop_oldest_idle();
  if (!sweeping_) {
    sweeping_ = true;
    sweep_ = loop.call_later(keepalive_timeout_, [this] { drop_expired_idle(); });
  }
}

void ConnectionPool::unlink_idle(Connection& connection) noexcept {
  (connection.older ? connection.older->newer : oldest_idle_) = connection.newer;
  (connection.newer ? connection.newer->older : newest_idle_) = connection.older;
  connection.older = connection.newer = nullptr;
  --idle_count_;
}

// The oldest of all is the oldest of its host, too: it lies at the bottom of the stack, which is bounded.
void ConnectionPool::drop_oldest_idle() noexcept {
  Connection* const victim = oldest_idle_;
  HostPool& host = *victim->host;
  std::unique_ptr<Connection>* link = &host.idle;
  while (link->get() != victim) link = &(*link)->below;
  unlink_idle(*victim);
  *link = std::move((*link)->below);
  forget_if_unused(host);
}

void ConnectionPool::drop_expired_idle() {
  sweeping_ = false;
  EventLoop& loop = get_running_loop();
  const auto now = loop.time();
  while (oldest_idle_ && now - oldest_idle_->idle_since >= keepalive_timeout_) drop_oldest_idle();
  if (!oldest_idle_) return;
  sweeping_ = true;
  sweep_ = loop.call_at(oldest_idle_->idle_since + keepalive_timeout_, [this] { drop_expired_idle(); });
}

void ConnectionPool::forget_if_unused(HostPool& host) noexcept {
  if (host.slots > 0 || host.idle || host.eligible || !host.waiters.empty()) return;
  const std::string key = host.key;
  (host.destination.tls ? tls_hosts_ : plain_hosts_).erase(key);
}

void ConnectionPool::close() noexcept {
  closed_ = true;
  sweep_.cancel();
  sweeping_ = false;
  while (oldest_idle_) drop_oldest_idle();
}

}  // namespace corolla::inline v0::http
