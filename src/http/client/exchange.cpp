// SPDX-License-Identifier: Apache-2.0
#include "http/client/exchange.hpp"

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/error.hpp>
#include <corolla/net/tls_connection.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/check_fingerprints.hpp"
#include "http/client/request_head.hpp"
#include "http/client/request_trace.hpp"
#include "http/client/upload.hpp"
#include "http/joined_field.hpp"
#include "http/methods.hpp"
#include "http/next_event.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr int kMostInterimResponses = 20;
// A request that a server in HTTP/2 refuses before it began may be sent again.
constexpr int kMostRefusals = 3;
// With an alternative service: the origin is there, too.
constexpr std::chrono::seconds kPatience{5};

// A request to change the protocol, to that of a WebSocket.
[[nodiscard]] bool needs_http1(const RequestData& request) { return request.headers.contains("Upgrade"); }

// Gets a connection when none could be had at once.
Coro<std::unique_ptr<Connection>> connect(ConnectionPool& pool, const RequestData& request, const Route& route,
                                          const Deadlines& deadlines, bool fresh) {
  std::optional<std::chrono::nanoseconds> limit = request.timeout.connect;
  if (deadlines.total) {
    const auto left =
        std::max<std::chrono::nanoseconds>(*deadlines.total - get_running_loop().time(), std::chrono::nanoseconds(1));
    limit = limit ? std::min(*limit, left) : left;
  }
  ClientTimeout timeout = request.timeout;
  if (route.alternative)
    timeout.sock_connect = std::min<std::chrono::nanoseconds>(timeout.sock_connect.value_or(kPatience), kPatience);
  auto acquiring = wait_for(pool.acquire(route, timeout, fresh, request.trace.get()), limit);
  auto outcome_of_it = co_await outcome(std::move(acquiring));
  if (outcome_of_it) co_return std::move(*outcome_of_it);
  try {
    std::rethrow_exception(outcome_of_it.error());
  } catch (const TimeoutError&) {
    if (deadlines.total && get_running_loop().time() >= *deadlines.total) deadlines.throw_passed();
    throw ConnectionTimeoutError("no connection to " + std::string(request.url.host_and_port()) + " in time");
  } catch (const OSError& error) {
    throw ClientConnectorError(request.url.host_and_port(), error);
  } catch (const TlsCertificateError& error) {
    throw ClientConnectorCertificateError(request.url.host_and_port(), error);
  } catch (const TlsError& error) {
    throw ClientSSLError(request.url.host_and_port(), error);
  }
}

// How sending and reading a head ended.
struct HeadOutcome {
  explicit HeadOutcome(std::exception_ptr e = nullptr, bool s = false) : error(std::move(e)), silent(s) {}
  std::exception_ptr error;
  bool silent;  // not a byte of a response came
};

void tell_sent(const RequestData& request) {
  request.trace->tell_headers_sent();
  if (!request.body.empty()) request.trace->tell_sent(request.body);
}

Coro<HeadOutcome> send_and_read_head(Connection& connection, const RequestData& request, const Deadlines& deadlines,
                                     std::unique_ptr<Upload>& upload) {
  ByteStream& stream = connection.stream;
  ResponseParser& parser = connection.parser;
  bool silent = true;
  try {
    deadlines.arm_sending(*stream.state());
    parser.start(request.method);
    co_await stream.send_all(connection.head, request.body);
    if (request.trace) tell_sent(request);
    if (request.source) upload = std::make_unique<Upload>(stream, request, deadlines, Upload::Framing::kInBand);
    int interim = 0;
    for (;;) {
      const ParseEvent event = next_event(stream, parser);
      if (event == ParseEvent::kHead) {
        const int status = parser.head().status;
        if (status >= 200 || status == 101) co_return HeadOutcome();
        if (++interim > kMostInterimResponses) throw HttpProtocolError("too many interim responses");
        if (upload && status == 100) upload->go_on();
        parser.start(request.method);
      } else if (event == ParseEvent::kNeedMore) {
        deadlines.arm(stream);
        const std::string_view arrived = co_await stream.receive();
        if (arrived.empty()) static_cast<void>(parser.finish());  // throws
        silent = false;
      }
    }
  } catch (const CancelledError&) {
    throw;
  } catch (...) {
    const bool body_failed = upload && upload->failure();
    co_return HeadOutcome(body_failed ? upload->failure() : std::current_exception(), silent && !body_failed);
  }
}

Coro<HeadOutcome> send_and_read_http2(Connection& connection, const RequestData& request, const Deadlines& deadlines,
                                      std::unique_ptr<Upload>& upload) {
  ByteStream& stream = connection.stream;
  Http2ClientStream& state = connection.http2_stream();
  try {
    deadlines.arm(stream);
    if (!request.body.empty()) {
      stream.send_nowait(request.body);
      state.finish_output();
    }
    connection.http2->submit_request(state, request.method, request.url.scheme(), request.url.request_target(),
                                     connection.head, request.source || !request.body.empty());
    if (request.trace) tell_sent(request);
    if (request.source) upload = std::make_unique<Upload>(stream, request, deadlines, Upload::Framing::kNone);
    while (!state.head_complete()) {
      deadlines.arm(stream);
      co_await Http2HeadWait(stream.state());
      if (state.take_continue() && upload) upload->go_on();
    }
    co_return HeadOutcome();
  } catch (const CancelledError&) {
    throw;
  } catch (const TimeoutError&) {
    if (deadlines.sock_read) connection.http2->retire_if_silent(*deadlines.sock_read);
    co_return HeadOutcome(std::current_exception());
  } catch (...) {
    const bool body_failed = upload && upload->failure();
    co_return HeadOutcome(body_failed ? upload->failure() : std::current_exception(), !body_failed);
  }
}

[[nodiscard]] bool is_unprocessed(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const UnprocessedError&) {
    return true;
  } catch (...) {
    return false;
  }
}

// A kept connection's end that the server chose before it saw the request.
[[nodiscard]] bool is_stale(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ServerDisconnectedError&) {
    return true;
  } catch (const OSError& e) {
    return e.code() == std::errc::connection_reset || e.code() == std::errc::broken_pipe;
  } catch (...) {
    return false;
  }
}

[[noreturn]] void throw_failure(const std::exception_ptr& error, const RequestData& request, const Deadlines& deadlines,
                                bool sending) {
  try {
    std::rethrow_exception(error);
  } catch (const TimeoutError&) {
    deadlines.throw_passed(sending);
  } catch (const OSError& e) {
    throw ClientOSError(request.url.host_and_port(), e);
  } catch (const TlsError& e) {
    throw ClientSSLError(request.url.host_and_port(), e);
  }
}

const std::vector<Fingerprint>& fingerprints_for(const SessionOptions& session, const RequestData& request) {
  return request.extras && !request.extras->fingerprints.empty() ? request.extras->fingerprints : session.fingerprints;
}

// Gives the slot and the connection back if the exchange ends without a response.
class Lease {
 public:
  Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection) noexcept
      : pool_(pool), connection_(std::move(connection)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (connection_) pool_.give_back(std::move(connection_), false);
  }
  Connection& operator*() const noexcept { return *connection_; }
  Connection* operator->() const noexcept { return connection_.get(); }
  std::unique_ptr<Connection> take() noexcept { return std::move(connection_); }

 private:
  ConnectionPool& pool_;
  std::unique_ptr<Connection> connection_;
};

// The alternative service that a request uses, if there is one and as long as it serves.
class Alternative {
 public:
  Alternative(const SessionState& session, const RequestData& request)
      : url_(request.url), store_(store_for(session, request)) {
    if (!store_) return;
    const bool speaks_http2 = session.options.http2 != Http2Use::kOff && !needs_http1(request);
    for (AltService& service : store_->find(url_)) {
      if (service.protocol != "http/1.1" && !(service.protocol == "h2" && speaks_http2)) continue;
      service_ = std::move(service);
      return;
    }
  }
  [[nodiscard]] const AltService* get() const noexcept { return service_ ? &*service_ : nullptr; }
  /// It does not serve: the origin is asked.
  void failed() {
    store_->failed(url_, *service_);
    service_.reset();
  }
  void learn(const ResponseHead& head) const {
    if (store_ && head.status != kMisdirected && head.headers.contains("Alt-Svc"))
      store_->update(url_, joined_field(head.headers, "Alt-Svc"));
  }
  static constexpr int kMisdirected = 421;

 private:
  // Who proves to be somebody else cannot say where the origin is.
  static AltSvcStore* store_for(const SessionState& session, const RequestData& request) noexcept {
    return request.server_hostname().empty() ? session.alt_svc : nullptr;
  }

  const Url& url_;
  AltSvcStore* store_;
  std::optional<AltService> service_;
};

}  // namespace

Coro<std::unique_ptr<ResponseState>> exchange(SessionState& session, const RequestData& request) {
  const Deadlines deadlines(request);
  Alternative alternative(session, request);
  Route route(request.url, needs_http1(request));
  route.server_hostname = request.server_hostname();
  if (session.options.unix_socket.empty())
    route.proxy = request.proxy ? request.proxy : session.proxies.choose(request.url);
  bool fresh = false;
  int refusals = 0;
  if (request.trace) request.trace->begin_hop(request, fields_as_sent(session, request));
  for (;;) {
    route.alternative = alternative.get();
    std::unique_ptr<Connection> connection;
    if (!fresh) connection = session.pool->try_reuse(route, request.trace.get());
    if (!connection) {
      auto connecting = connect(*session.pool, request, route, deadlines, fresh);
      auto connected = co_await outcome(std::move(connecting));
      const bool in_time = !deadlines.total || get_running_loop().time() < *deadlines.total;
      if (route.alternative && !connected && !connected.cancelled() && in_time) {
        alternative.failed();
        continue;
      }
      connection = std::move(connected).value();
    }
    Lease lease(*session.pool, std::move(connection));
    // Before a plain request the TLS may be a proxy's.
    const std::vector<Fingerprint>& wanted = fingerprints_for(session.options, request);
    if (!wanted.empty() && request.url.scheme() == "https") {
      try {
        check_fingerprints(wanted, *lease->stream.tls(), request.url.host_and_port());
      } catch (...) {
        if (lease->http2) lease->http2->retire();  // as any other such connection, it is not kept
        if (!route.alternative) throw;
        alternative.failed();
        continue;
      }
    }
    const Proxy* const forwarder = lease->host->destination.forwarded() ? route.proxy.get() : nullptr;
    write_request_head(lease->head, session, request, forwarder, route.alternative);
    const bool reused = lease->reused && !fresh;
    std::unique_ptr<Upload> upload;
    auto exchanging = lease->http2 ? send_and_read_http2(*lease, request, deadlines, upload)
                                   : send_and_read_head(*lease, request, deadlines, upload);
    const HeadOutcome ended = co_await std::move(exchanging);
    if (ended.error) {
      if (request.repeatable() && is_unprocessed(ended.error) && ++refusals <= kMostRefusals) continue;
      const bool repeats =
          ended.silent && request.repeatable() && is_idempotent(request.method) && is_stale(ended.error);
      if (repeats && (reused || route.alternative)) {
        if (reused) fresh = true;
        else alternative.failed();
        continue;
      }
      throw_failure(ended.error, request, deadlines, lease->stream.state()->unsent() > 0);
    }
    if (route.alternative && lease->response_head().status == Alternative::kMisdirected) {
      alternative.failed();
      if (request.repeatable()) continue;
    }
    alternative.learn(lease->response_head());
    auto state = std::make_unique<ResponseState>(request.url, session.pool);
    state->head = std::move(lease->response_head());
    state->connection = lease.take();
    // One that refuses the request has no use for the rest of it.
    if (upload && state->head.status >= 300 && !upload->done()) {
      upload->stop();
      state->head.keep_alive = false;
    }
    state->upload = std::move(upload);
    if (session.options.use_cookies && state->head.headers.contains("Set-Cookie"))
      session.cookie_jar->update(request.url, state->head.headers);
    state->deadlines = deadlines;
    state->max_body_bytes = request.max_body_bytes;
    if (request.method != "HEAD") state->start_decoding(session.options);
    if (request.trace) state->watchers.push_back(trace_body(request.trace));
    co_return state;
  }
}

}  // namespace corolla::inline v0::http
