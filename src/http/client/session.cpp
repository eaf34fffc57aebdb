// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/session.hpp>

#include "http/client/client_call.hpp"
#include "http/client/exchange.hpp"
#include "http/client/pool.hpp"
#include "http/client/redirect.hpp"
#include "http/client/request_head.hpp"
#include "http/client/request_trace.hpp"
#include "http/client/response_state.hpp"
#include "http/client/session_state.hpp"
#include "http/encoder.hpp"

#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/sleep.hpp>

namespace corolla::inline v0::http {

namespace {

// Who is not known to be the origin cannot say where else it is.
AltSvcStore* heeded(const SessionOptions& options) {
  const TlsContext& ssl = options.ssl;
  const bool verified = !ssl || (ssl.verify_mode() == TlsVerifyMode::kRequired && ssl.check_hostname());
  return verified && options.unix_socket.empty() ? options.alt_svc.get() : nullptr;
}

}  // namespace

SessionState::SessionState(const SessionOptions& session_options)
    : options(session_options),
      pool(FutureRef<ConnectionPool>::adopt(new ConnectionPool(session_options))),
      proxies(session_options),
      cookie_jar(session_options.cookie_jar ? session_options.cookie_jar : std::make_shared<CookieJar>()),
      netrc(session_options.trust_env ? Netrc::of_environment() : Netrc()),
      alt_svc(heeded(session_options)),
      check_response(session_options.check_response
                         ? std::make_shared<const ResponseCheck>(session_options.check_response)
                         : nullptr),
      retry(session_options.retry ? http::retry(*session_options.retry) : ClientMiddleware()),
      rate_limit(session_options.rate_limit.overall.requests > 0 || session_options.rate_limit.per_host.requests > 0
                     ? limit_rate(session_options.rate_limit)
                     : ClientMiddleware()),
      middlewares(middlewares_of(*this, nullptr)),
      default_fields(make_default_fields(session_options)) {}

namespace {

// Holds what it is given until the work is done.
Coro<void> in_background([[maybe_unused]] std::shared_ptr<SessionState> session,
                         [[maybe_unused]] std::unique_ptr<UnderWay> under_way, Coro<void> work) {
  static_cast<void>(co_await outcome(std::move(work)));
}

}  // namespace

void SessionState::begin(Coro<void> work) {
  std::erase_if(background, [](const Task<void>& task) { return task.done(); });
  background.push_back(
      create_task(in_background(shared_from_this(), std::make_unique<UnderWay>(*this), std::move(work))));
}

void SessionState::cancel_background() noexcept {
  for (const Task<void>& task : std::exchange(background, {})) task.cancel();
}

Session::Session(const SessionOptions& options) : private_(std::make_shared<SessionState>(options)) {}
Session::~Session() {
  private_->cancel_background();
  private_->pool->close();
}

std::size_t Session::connections_in_use() const noexcept { return private_->pool->slots_taken(); }
std::size_t Session::connections_idle() const noexcept { return private_->pool->idle_count(); }

CookieJar& Session::cookie_jar() noexcept { return *private_->cookie_jar; }

Request Session::request(std::string_view method, std::string_view url) {
  const std::optional<Url>& base = private_->options.base_url;
  return request(method, base ? Url::parse(url, *base) : Url::parse(url));
}

Request Session::request(std::string_view method, Url url) {
  if (!is_token(method)) throw ValueError("not a method: \"" + std::string(method) + "\"");
  if (url.scheme() != "http" && url.scheme() != "https")
    throw ClientError("only http and https URLs can be fetched, not " + std::string(url.scheme()) + ": " + url.href());
  RequestData data(method, std::move(url));
  const SessionOptions& defaults = private_->options;
  data.timeout = defaults.timeout;
  data.max_redirects = defaults.max_redirects;
  data.max_body_bytes = defaults.max_body_bytes;
  data.raise_for_status = defaults.raise_for_status;
  data.check_response = private_->check_response;
  return Request(private_, std::move(data));
}

Coro<Response> Request::send() && {
  auto* const send = session_->options.trace_configs.empty() ? send_request : send_traced;
  return send(std::move(session_), std::move(data_));
}

Coro<void> Session::close() {
  private_->closed = true;
  while (private_->under_way > 0) {
    private_->drained = get_running_loop().create_future<void>();
    co_await private_->drained;
  }
  private_->pool->close();
}

namespace {

// Says how the body is encoded; without one nothing is.
void name_compression(RequestData& request) {
  if (request.headers.contains("Content-Encoding"))
    throw ValueError("compress() and a Content-Encoding of one's own exclude each other");
  if (request.source || !request.body.empty())
    request.headers.set("Content-Encoding", name_of(*request.extras->compress));
  else request.extras->compress.reset();
}

}  // namespace

// Follows redirects; each hop is an exchange of its own.
Coro<Response> send_request(std::shared_ptr<SessionState> shared, RequestData request) {
  SessionState& session = *shared;
  if (session.closed) throw RuntimeError("Session is closed");
  const UnderWay under_way(session);
  if (request.compressed()) name_compression(request);
  if (request.timeout.total) request.deadline = get_running_loop().time() + *request.timeout.total;
  std::vector<ClientMiddleware> own;
  if (request.extras) own = middlewares_of(session, request.extras.get());
  const std::vector<ClientMiddleware>& middlewares = request.extras ? own : session.middlewares;
  if (middlewares.empty() && request.sends_body_apart()) request.move_body_apart();
  std::vector<Url> history;
  for (;;) {
    std::unique_ptr<ResponseState> state;
    if (middlewares.empty()) {
      state = co_await http::exchange(session, request);
    } else {
      RequestData hop = request;
      auto calling = call_middlewares(session, middlewares, hop);
      Response response = co_await std::move(calling);
      state = response.take_state();
      if (!state) throw RuntimeError("a middleware returned a response that it had moved from");
      request.url = state->url;
    }
    std::optional<Url> target;
    if (request.allow_redirects) target = redirect_target(state->head, state->url);
    if (!target) {
      state->history = std::move(history);
      Response response(std::move(state));
      if (request.raise_for_status) response.raise_for_status();
      if (request.check_response) {
        auto checking = (*request.check_response)(response);
        co_await std::move(checking);
      }
      co_return response;
    }
    if (history.size() >= request.max_redirects) {
      throw TooManyRedirects(state->head.status, "more than " + std::to_string(request.max_redirects) +
                                                     " redirects, the last one to " + target->href());
    }
    if (request.trace) request.trace->tell_redirect(state->head.status, state->head.headers, *target);
    history.push_back(state->url);
    prepare_redirect(request, state->head.status, std::move(*target));
    co_await discard_body(*state);
  }
}

Coro<Response> send_traced(std::shared_ptr<SessionState> shared, RequestData request) {
  const auto trace = std::make_shared<RequestTrace>(shared->options, request);
  request.trace = trace;
  trace->tell_start(request.headers);
  auto sending = send_request(std::move(shared), std::move(request));
  try {
    Response response = co_await std::move(sending);
    trace->tell_end(response);
    co_return response;
  } catch (...) {
    trace->tell_exception(std::current_exception());
    throw;
  }
}

}  // namespace corolla::inline v0::http
