// SPDX-License-Identifier: Apache-2.0
#include "http/client/pool.hpp"

#include <corolla/net/tls_connection.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/timeout.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/request_trace.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kIdleWithoutLimit = 100;

void tell(RequestTrace* trace, RequestTrace::ConnectionHook hook, const HostPool& host) {
  if (trace) trace->tell(hook, TraceConnectionParams{host.destination.hostname, host.destination.port});
}

}  // namespace

ConnectionPool::ConnectionPool(const SessionOptions& options)
    : limit_(options.limit),
      limit_per_host_(options.limit_per_host),
      idle_limit_(options.limit ? options.limit : kIdleWithoutLimit),
      keepalive_timeout_(options.keepalive_timeout),
      parser_limits_(options.parser),
      http2_(options.http2),
      connector_(options) {}

ConnectionPool::~ConnectionPool() { close(); }

// What must be HTTP/1.1 is a request to switch to another protocol. A proxy has connections for those apart.
HostPool& ConnectionPool::host_of(const Route& route) {
  const Url& url = route.url;
  const auto& proxy = route.proxy;
  const AltService* const alternative = route.alternative;
  std::string longer;
  std::string_view key = url.host_and_port();
  const bool tls = url.scheme() == "https";
  const bool tunnels = route.http1_only && !tls && proxy && proxy->is_http();
  const bool named = tls && !route.server_hostname.empty();
  if (alternative || proxy || named) longer = key;
  if (alternative) longer.append(" at ").append(alternative->host_and_port()).append(" ").append(alternative->protocol);
  if (proxy) longer.append(tunnels ? " through " : " via ").append(proxy->key);
  if (named) longer.append(" as ").append(route.server_hostname);
  if (!longer.empty()) key = longer;
  Hosts& hosts = tls ? tls_hosts_ : plain_hosts_;
  if (const auto found = hosts.find(key); found != hosts.end()) return *found->second;
  Destination destination{std::string(url.hostname()),
                          url.effective_port(),
                          tls,
                          proxy,
                          tunnels,
                          std::string(named ? route.server_hostname : url.hostname()),
                          {}};
  if (alternative) {
    destination.hostname = alternative->host;
    destination.port = alternative->port;
    destination.protocol = alternative->protocol;
  }
  auto host = std::make_unique<HostPool>(std::string(key), std::move(destination));
  HostPool& made = *host;
  hosts.emplace(made.key, std::move(host));
  return made;
}

bool ConnectionPool::has_room(const HostPool& host) const noexcept {
  return (limit_ == 0 || slots_ < limit_) && (limit_per_host_ == 0 || host.slots < limit_per_host_);
}

std::unique_ptr<Connection> ConnectionPool::try_reuse(const Route& route, RequestTrace* trace) {
  HostPool& host = host_of(route);
  if (!has_room(host) || !host.waiters.empty()) return nullptr;
  std::unique_ptr<Connection> connection;
  if (!route.http1_only) connection = take_http2_stream(host);
  if (!connection) connection = pop_idle(host);
  if (connection) {
    take_slot(host);
    tell(trace, &TraceConfig::on_connection_reuseconn, host);
  } else {
    forget_if_unused(host);
  }
  return connection;
}

Coro<std::unique_ptr<Connection>> ConnectionPool::acquire(const Route& route, ClientTimeout timeout, bool fresh,
                                                          RequestTrace* trace) {
  HostPool& host = host_of(route);
  const bool http1_only = route.http1_only;
  if (has_room(host) && host.waiters.empty()) {
    take_slot(host);
  } else {
    tell(trace, &TraceConfig::on_connection_queued_start, host);
    auto waiting = wait_for(wait_for_slot(host), timeout.pool);
    co_await std::move(waiting);
    tell(trace, &TraceConfig::on_connection_queued_end, host);
  }
  std::unique_ptr<Connection> connection;
  try {
    if (!http1_only && may_speak_http2(host)) {
      connection = take_http2_stream(host);
      while (!connection && host.asking) {
        const Future<void> told = get_running_loop().create_future<void>();
        host.curious.push_back(told);
        tell(trace, &TraceConfig::on_connection_queued_start, host);
        co_await told;
        tell(trace, &TraceConfig::on_connection_queued_end, host);
        connection = take_http2_stream(host);
      }
    }
    if (!connection && !fresh) connection = pop_idle(host);
    if (connection) {
      tell(trace, &TraceConfig::on_connection_reuseconn, host);
    } else {
      tell(trace, &TraceConfig::on_connection_create_start, host);
      auto connecting = connect(host, timeout, http1_only, trace);
      connection = co_await std::move(connecting);
      tell(trace, &TraceConfig::on_connection_create_end, host);
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
  if (connection->http2) {
    if (connection->http2_stream().detached()) connection->stream.close();  // nobody is to be told
    connection.reset();
  } else if (reusable && !closed_ && running_loop_or_null()) {
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
  if (host.slots > 0 || host.idle || host.eligible || !host.waiters.empty() || !host.http2.empty()) return;
  const std::string key = host.key;
  (host.destination.tls ? tls_hosts_ : plain_hosts_).erase(key);
}

void ConnectionPool::close() noexcept {
  closed_ = true;
  sweep_.cancel();
  sweeping_ = false;
  while (oldest_idle_) drop_oldest_idle();
  http2_idle_ = 0;
  for (Hosts* const hosts : {&plain_hosts_, &tls_hosts_})
    for (auto& [key, host] : *hosts)
      for (const FutureRef<Http2ClientSession>& session : std::exchange(host->http2, {})) session->disown();
}

// -- HTTP/2 -----------------------------------------------------------------------------------------------------------

namespace {

// While it lives, others wait to learn which version a host speaks.
class Asking {
 public:
  explicit Asking(HostPool& host, bool ask) noexcept : host_(ask ? &host : nullptr) {
    if (host_) host_->asking = true;
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    if (!host_) return;
    host_->asking = false;
    for (const Future<void>& waiter : std::exchange(host_->curious, {}))
      if (!waiter.done()) waiter.set_result();
  }

 private:
  HostPool* host_;
};

}  // namespace

bool ConnectionPool::may_speak_http2(const HostPool& host) const noexcept {
  if (host.http1 || host.destination.forwarded() || host.destination.protocol == "http/1.1") return false;
  return host.destination.tls ? http2_ != Http2Use::kOff : http2_ == Http2Use::kPriorKnowledge;
}

std::unique_ptr<Connection> ConnectionPool::take_http2_stream(HostPool& host) {
  for (const FutureRef<Http2ClientSession>& session : host.http2) {
    if (!session->has_room()) continue;
    auto connection = std::make_unique<Connection>(Http2Lease(session), parser_limits_);
    connection->host = &host;
    return connection;
  }
  return nullptr;
}

Coro<std::unique_ptr<Connection>> ConnectionPool::connect(HostPool& host, ClientTimeout timeout, bool http1_only,
                                                          RequestTrace* trace) {
  const bool offer = !http1_only && may_speak_http2(host);
  const Asking asking(host, offer && !host.asking);
  auto connecting = wait_for(connector_.connect(host.destination, offer, trace), timeout.sock_connect);
  ByteStream stream = co_await std::move(connecting);
  const TlsConnection* const tls = stream.tls();
  const bool http2 = tls && host.destination.tls ? tls->alpn_protocol() == "h2" : offer;
  if (host.destination.protocol == "h2" && !http2)
    throw OSError(EPROTO, "the alternative service " + host.destination.hostname + " does not speak HTTP/2");
  std::unique_ptr<Connection> connection;
  if (http2) {
    auto session = FutureRef<Http2ClientSession>::adopt(
        new Http2ClientSession(std::move(stream), parser_limits_, keepalive_timeout_, *this));
    session->host = &host;
    connection = std::make_unique<Connection>(Http2Lease(session), parser_limits_);
    create_task(Http2ClientSession::read, session);
    if (closed_) session->disown();
    else host.http2.push_back(std::move(session));
  } else {
    if (offer) host.http1 = true;
    connection = std::make_unique<Connection>(std::move(stream), parser_limits_);
  }
  connection->host = &host;
  co_return connection;
}

void ConnectionPool::http2_in_use(Http2ClientSession& session, bool in_use) noexcept {
  if (session.idle == !in_use) return;
  session.idle = !in_use;
  if (in_use) {
    --http2_idle_;
  } else if (++http2_idle_ + idle_count_ > idle_limit_) {
    if (idle_count_ > 0) drop_oldest_idle();
    else session.close();
  }
}

void ConnectionPool::http2_gone(Http2ClientSession& session) noexcept {
  if (session.idle) --http2_idle_;
  HostPool& host = *session.host;
  std::erase_if(host.http2, [&](const auto& known) { return known.get() == &session; });
  forget_if_unused(host);
}

}  // namespace corolla::inline v0::http
