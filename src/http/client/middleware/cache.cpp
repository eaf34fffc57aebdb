// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cache.hpp>

#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/client_call.hpp"
#include "http/client/middleware/cache_rules.hpp"
#include "http/client/redirect.hpp"
#include "http/client/request_head.hpp"
#include "http/client/response_state.hpp"
#include "http/methods.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

bool has_conditions(const Headers& headers) {
  for (const char* name :
       {"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Upgrade"})
    if (headers.contains(name)) return true;
  return false;
}

std::string key_of(const Url& url) { return url.without_credentials().without_fragment().href(); }

Response without_entry(const Url& url) { return Response(504, Headers(), "not in the cache", url); }

// RFC 5861, section 3: stale, and to be used while somebody asks again.
bool is_usable_meanwhile(const CachedResponse& stored, const CacheControl& wanted, seconds age, seconds lifetime) {
  const CacheControl control(stored.headers);
  if (!control.stale_while_revalidate || control.must_revalidate || control.no_cache || wanted.no_cache) return false;
  if (wanted.min_fresh || (wanted.max_age && age > *wanted.max_age)) return false;
  return age - lifetime <= *control.stale_while_revalidate;
}

// Fresh enough for this request, or as stale as it allows.
bool is_usable(const CachedResponse& stored, const CacheControl& wanted, seconds age, seconds lifetime) {
  const CacheControl control(stored.headers);
  if (control.no_cache || wanted.no_cache) return false;
  if (wanted.max_age && age > *wanted.max_age) return false;
  const seconds left = lifetime - age;
  if (left > wanted.min_fresh.value_or(seconds(0))) return true;
  if (control.must_revalidate || wanted.min_fresh) return false;
  return wanted.any_stale || (wanted.max_stale && -left <= *wanted.max_stale);
}

}  // namespace

class HttpCache::State : public std::enable_shared_from_this<HttpCache::State> {
 public:
  explicit State(CacheOptions options)
      : options_(std::move(options)),
        storage_(options_.storage ? options_.storage : std::make_shared<MemoryCacheStorage>()) {}

  [[nodiscard]] CacheStorage& storage() const noexcept { return *storage_; }

  Coro<Response> send(RequestData& request, ClientHandler next) {
    if (!request.server_hostname().empty()) return next(request);  // another server than the URL's
    const CacheControl wanted = request_cache_control(request.headers);
    if (!is_safe(request.method)) return send_unsafe(request, next);
    if ((request.method != "GET" && request.method != "HEAD") || request.source || !request.body.empty() ||
        wanted.no_store || has_conditions(request.headers))
      return next(request);
    return send_safe(request, next, wanted);
  }

  void keep(const std::string& key, CachedResponse response) {
    std::vector<CachedResponse> variants = storage_->load(key);
    std::erase_if(variants, [&](const CachedResponse& other) {
      return other.request_fields == response.request_fields || selects(other, response.request_fields);
    });
    if (variants.size() >= std::max<std::size_t>(options_.max_variants, 1)) {
      const auto oldest = std::min_element(variants.begin(), variants.end(),
                                           [](const auto& a, const auto& b) { return a.received < b.received; });
      variants.erase(oldest);
    }
    variants.push_back(std::move(response));
    storage_->store(key, std::move(variants));
  }
  [[nodiscard]] std::size_t max_body_bytes() const noexcept { return options_.max_body_bytes; }

 private:
  [[nodiscard]] sys_seconds now() const {
    return options_.now ? options_.now() : std::chrono::floor<seconds>(std::chrono::system_clock::now());
  }

  // Section 4.4: what a method that changes something said of its target holds no longer.
  Coro<Response> send_unsafe(RequestData& request, ClientHandler next) {
    auto sending = next(request);
    Response response = co_await std::move(sending);
    if (response.status() >= 200 && response.status() < 400) {
      const Url& url = response.url();
      storage_->store(key_of(url), std::vector<CachedResponse>());
      for (const char* field : {"Location", "Content-Location"}) {
        const auto target = Url::try_parse(response.headers().get(field, ""), url);
        if (response.headers().contains(field) && target && target->same_origin(url))
          storage_->store(key_of(*target), std::vector<CachedResponse>());
      }
    }
    co_return response;
  }

  // GET and HEAD, which a stored response to GET answers, too.
  Coro<Response> send_safe(RequestData& request, ClientHandler next, CacheControl wanted) {
    const SessionState& session = next.call().session;
    const Headers fields = fields_as_sent(session, request);
    const std::string key = key_of(request.url);
    std::optional<CachedResponse> stored = find(key, fields);
    if (stored) {
      const seconds age = current_age(*stored, now());
      const bool usable = is_usable(*stored, wanted, age, lifetime(*stored));
      if (usable || is_usable_meanwhile(*stored, wanted, age, lifetime(*stored))) {
        if (!usable && !wanted.only_if_cached) begin_to_revalidate(key, request, next);
        co_return serve(std::move(*stored), request, session.options);
      }
    }
    if (wanted.only_if_cached) co_return without_entry(request.url);
    auto asking = ask(request, next, std::move(stored), key, fields, wanted);
    co_return co_await std::move(asking);
  }

  Coro<Response> ask(const RequestData& request, ClientHandler next, std::optional<CachedResponse> stored,
                     std::string key, Headers fields, CacheControl wanted) {
    if (request.method == "HEAD")
      return ask_for_head(request, std::move(next), std::move(stored), std::move(key), std::move(fields));
    return ask_for_body(request, std::move(next), std::move(stored), std::move(key), std::move(fields), wanted);
  }

  // The server is asked, with the conditions of what is stored if anything is.
  Coro<Response> ask_for_body(const RequestData& request, ClientHandler next, std::optional<CachedResponse> stored,
                              std::string key, Headers fields, CacheControl wanted) {
    const SessionState& session = next.call().session;
    RequestData asked = request;
    if (stored) add_conditions(asked.headers, stored->headers);
    const sys_seconds requested = now();
    auto sending = next(asked);
    auto result = co_await outcome(std::move(sending));
    if (stored && may_serve_after(result, *stored, wanted)) {
      if (result) {
        const std::unique_ptr<ResponseState> failed = result->take_state();
        failed->drop_connection();
      }
      co_return serve(std::move(*stored), request, session.options);
    }
    Response response = std::move(result).value();
    if (stored && response.status() == 304) {
      update_fields(stored->headers, response.headers());
      stored->requested = requested;
      stored->received = now();
      keep(key, *stored);
      const std::unique_ptr<ResponseState> confirmed = response.take_state();
      auto discarding = discard_body(*confirmed);
      const auto discarded = co_await outcome(std::move(discarding));
      static_cast<void>(discarded);
      co_return serve(std::move(*stored), request, session.options);
    }
    co_return storing(std::move(response), key, fields, requested);
  }

  // What is stored learns from the server's answer to HEAD.
  Coro<Response> ask_for_head(const RequestData& request, ClientHandler next, std::optional<CachedResponse> stored,
                              std::string key, Headers fields) {
    RequestData asked = request;
    const sys_seconds requested = now();
    auto sending = next(asked);
    Response response = co_await std::move(sending);
    if (stored && response.status() == 200) {
      if (head_confirms(stored->headers, response.headers())) {
        update_fields(stored->headers, response.headers());
        stored->requested = requested;
        stored->received = now();
        keep(key, std::move(*stored));
      } else {
        forget(key, fields);
      }
    }
    co_return response;
  }

  // One at a time for a key.
  void begin_to_revalidate(const std::string& key, const RequestData& request, const ClientHandler& next) {
    SessionState& session = next.call().session;
    if (session.closed || !revalidating_.insert(key).second) return;
    auto mark = std::make_unique<Revalidating>(shared_from_this(), key);
    RequestData again = request;
    again.trace.reset();
    session.begin(revalidate(std::move(mark), session, next.call().middlewares, next.index(), std::move(again)));
  }
  class Revalidating {
   public:
    Revalidating(std::shared_ptr<State> of, std::string which) : cache(std::move(of)), key(std::move(which)) {}
    Revalidating(const Revalidating&) = delete;
    Revalidating& operator=(const Revalidating&) = delete;
    ~Revalidating() { cache->revalidating_.erase(key); }
    const std::shared_ptr<State> cache;
    const std::string key;
  };

  // The session outlives it.
  static Coro<void> revalidate(std::unique_ptr<Revalidating> mark, SessionState& session,
                               std::vector<ClientMiddleware> middlewares, std::size_t index, RequestData request) {
    State& cache = *mark->cache;
    const ClientCall call{session, middlewares};
    const Headers fields = fields_as_sent(session, request);
    if (request.timeout.total) request.deadline = get_running_loop().time() + *request.timeout.total;
    auto asking = wait_for(cache.ask(request, ClientHandler(call, index), cache.find(mark->key, fields), mark->key,
                                     fields, request_cache_control(request.headers)),
                           request.timeout.total);
    Response response = co_await std::move(asking);
    for (;;) {
      const std::string_view piece = co_await response.chunk();
      if (piece.empty()) break;
    }
  }

  [[nodiscard]] seconds lifetime(const CachedResponse& stored) const {
    return freshness_lifetime(stored, options_.max_heuristic);
  }

  // The variant that came last, of those that the request's fields choose.
  std::optional<CachedResponse> find(const std::string& key, const Headers& fields) {
    std::optional<CachedResponse> found;
    for (CachedResponse& variant : storage_->load(key))
      if (selects(variant, fields) && (!found || variant.received >= found->received)) found = std::move(variant);
    return found;
  }

  static void add_conditions(Headers& headers, const Headers& stored) {
    if (const auto tag = stored.get("ETag")) headers.set("If-None-Match", *tag);
    if (const auto time = stored.get("Last-Modified")) headers.set("If-Modified-Since", *time);
  }

  // RFC 5861, section 4.
  bool may_serve_after(const Outcome<Response>& result, const CachedResponse& stored,
                       const CacheControl& wanted) const {
    const CacheControl control(stored.headers);
    const auto window = wanted.stale_if_error ? wanted.stale_if_error : control.stale_if_error;
    if (!window || control.must_revalidate || control.no_cache || wanted.no_cache) return false;
    const int status = result ? result.value().status() : 500;
    if (status != 500 && status != 502 && status != 503 && status != 504) return false;
    return current_age(stored, now()) - lifetime(stored) <= *window;
  }

  Response serve(CachedResponse stored, const RequestData& request, const SessionOptions& session) const {
    const seconds age = current_age(stored, now());
    auto state = std::make_unique<ResponseState>(request.url, FutureRef<ConnectionPool>());
    state->head.status = stored.status;
    state->head.reason = std::move(stored.reason);
    state->head.headers = std::move(stored.headers);
    state->head.headers.set("Age", std::to_string(age.count()));
    state->head.content_length = stored.body->size();
    const bool has_body = request.method != "HEAD";
    state->stored = has_body ? std::move(stored.body) : std::make_shared<const std::string>();
    state->from_cache = true;
    state->max_body_bytes = request.max_body_bytes;
    if (has_body) state->start_decoding(session);
    return Response(std::move(state));
  }

  // Keeps the body when it was read to its end.
  class Keeper final : public BodyWatcher {
   public:
    Keeper(std::shared_ptr<State> cache, std::string key, CachedResponse response)
        : cache_(std::move(cache)), key_(std::move(key)), response_(std::move(response)) {}
    void arrived(std::string_view piece) override {
      if (too_large_) return;
      too_large_ = body_.size() + piece.size() > cache_->max_body_bytes();
      if (too_large_) body_ = std::string();
      else body_.append(piece);
    }
    void ended() override {
      if (too_large_) return;
      response_.body = std::make_shared<const std::string>(std::move(body_));
      cache_->keep(key_, std::move(response_));
    }

   private:
    std::shared_ptr<State> cache_;
    std::string key_;
    CachedResponse response_;
    std::string body_;
    bool too_large_ = false;
  };

  Response storing(Response response, const std::string& key, const Headers& fields, sys_seconds requested) {
    auto chosen_by = selecting_fields(response.headers(), fields);
    const bool small = response.content_length().value_or(0) <= options_.max_body_bytes;
    if (!chosen_by || !small || !may_store(response.status(), response.headers())) {
      // A newer answer takes the place of the one that it did not confirm.
      if (response.status() < 500) forget(key, fields);
      return response;
    }
    std::unique_ptr<ResponseState> state = response.take_state();
    CachedResponse kept;
    kept.status = state->head.status;
    kept.reason = state->head.reason;
    kept.headers = storable_fields(state->head.headers);
    kept.request_fields = std::move(*chosen_by);
    kept.requested = requested;
    kept.received = now();
    state->watchers.push_back(std::make_unique<Keeper>(shared_from_this(), key, std::move(kept)));
    return Response(std::move(state));
  }

  void forget(const std::string& key, const Headers& fields) {
    std::vector<CachedResponse> variants = storage_->load(key);
    if (std::erase_if(variants, [&](const CachedResponse& other) { return selects(other, fields); }) > 0)
      storage_->store(key, std::move(variants));
  }

  const CacheOptions options_;
  const std::shared_ptr<CacheStorage> storage_;
  std::set<std::string, std::less<>> revalidating_;
};

HttpCache::HttpCache(const CacheOptions& options) : state_(std::make_shared<State>(options)) {}

ClientMiddleware HttpCache::middleware() const {
  return [state = state_](RequestData& request, ClientHandler next) { return state->send(request, next); };
}

CacheStorage& HttpCache::storage() const noexcept { return state_->storage(); }

}  // namespace corolla::inline v0::http
