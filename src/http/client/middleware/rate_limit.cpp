// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/rate_limit.hpp>

#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>

#include "http/client/middleware/token_bucket.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kManyHosts = 1024;

class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit) : limit_(limit), overall_(limit.overall) {
    static_cast<void>(TokenBucket(limit.per_host));  // throws where it must
  }

  // The host's token first: who waits for a slow host keeps nobody else waiting.
  Coro<Response> send(RequestData& request, ClientHandler next) {
    if (limit_.per_host.requests > 0) {
      const std::shared_ptr<TokenBucket> bucket = bucket_of(request.url);
      auto taking = bucket->take();
      co_await std::move(taking);
    }
    if (limit_.overall.requests > 0) {
      auto taking = overall_.take();
      co_await std::move(taking);
    }
    auto sending = next(request);
    co_return co_await std::move(sending);
  }

 private:
  std::shared_ptr<TokenBucket> bucket_of(const Url& url) {
    std::string key = std::string(url.hostname()) + ":" + std::to_string(url.effective_port());
    if (const auto found = hosts_.find(key); found != hosts_.end()) return found->second;
    // A bucket that is full says nothing that a new one does not. The bound doubles when most are in use.
    if (hosts_.size() >= sweep_at_) {
      std::erase_if(hosts_, [](const auto& entry) { return entry.second.use_count() == 1 && entry.second->full(); });
      sweep_at_ = std::max(kManyHosts, 2 * hosts_.size());
    }
    return hosts_.emplace(std::move(key), std::make_shared<TokenBucket>(limit_.per_host)).first->second;
  }

  const RateLimit limit_;
  TokenBucket overall_;
  std::unordered_map<std::string, std::shared_ptr<TokenBucket>> hosts_;
  std::size_t sweep_at_ = kManyHosts;
};

}  // namespace

ClientMiddleware limit_rate(const RateLimit& limit) {
  return [state = std::make_shared<RateLimiter>(limit)](RequestData& request, ClientHandler next) {
    return state->send(request, next);
  };
}

}  // namespace corolla::inline v0::http
