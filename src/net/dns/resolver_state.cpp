// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver_state.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

// Such names are not for name servers (RFC 7686); c-ares sees to that for addresses, not for SOA records.
bool is_onion(std::string_view name) noexcept {
  constexpr std::string_view kOnion = ".onion";
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  return name.size() >= kOnion.size() && name.substr(name.size() - kOnion.size()) == kOnion;
}

const ResolverOptions& checked(const ResolverOptions& options) {
  if (options.min_ttl.count() < 0 || options.max_ttl < options.min_ttl || options.negative_ttl.count() < 0)
    throw ValueError("a resolver's times to live are not negative, and the least is not above the most");
  return options;
}

}  // namespace

ResolverState::ResolverState(ResolverOptions options)
    : options_(checked(options)), cache_(options_.cache_size), channel_(std::make_unique<ResolverChannel>(options_)) {}

void ResolverState::bind(EventLoop& loop) {
  if (channel_->loop() == &loop) return;
  if (channel_->loop()) throw RuntimeError("the resolver is used by another event loop");
  if (channel_->attached()) {  // by one that is closed
    channel_ = std::make_unique<ResolverChannel>(options_);
    lookups_.clear();
    cache_.clear();
  }
  channel_->attach(loop);
}

ResolverState::Answer ResolverState::known(const std::string& key) {
  Answer answer = cache_.find(key, channel_->loop()->time());
  if (answer) ++counters_.cache_hits;
  return answer;
}

void ResolverState::answered(const std::string& key, const std::string& name, ChannelResult result) {
  const auto found = lookups_.find(key);
  if (found == lookups_.end()) return;
  const std::shared_ptr<Lookup> lookup = found->second;
  const auto answer = std::make_shared<const ResolverAnswer>(std::move(result.answer));
  lookups_.erase(found);
  lookup->done = true;
  waiting_ -= lookup->waiting.size();
  if (answer->error != 0) ++counters_.failures;
  for (const Future<Answer>& future : lookup->waiting)
    if (!future.done()) future.set_result(answer);
  remember(key, name, answer, result);
}

void ResolverState::remember(const std::string& key, const std::string& name, const Answer& answer,
                             const ChannelResult& result) {
  EventLoop* const loop = channel_->loop();
  if (!loop || options_.cache_size == 0) return;
  if (answer->error == 0) {
    const auto ttl = std::clamp(std::chrono::seconds(result.ttl), options_.min_ttl, options_.max_ttl);
    if (ttl.count() > 0) cache_.put(key, answer, loop->time_after(ttl));
  } else if (result.missing && options_.negative_ttl.count() > 0) {
    cache_.put(key, answer, loop->time_after(options_.negative_ttl));
    if (is_onion(name)) return;
    channel_->look_up_negative_ttl(name, [this, key, answer](std::uint32_t seconds) {
      if (EventLoop* here = channel_->loop())
        cache_.shorten(key, answer, here->time_after(std::chrono::seconds(seconds)));
    });
  }
}

ResolverState::Wait::Wait(ResolverState& state, EventLoop& loop, const std::string& key)
    : state_(state), future_(loop.create_future<Answer>()) {
  auto& slot = state.lookups_[key];
  if (!slot) slot = std::make_shared<Lookup>();
  lookup_ = slot;
  place_ = lookup_->waiting.insert(lookup_->waiting.end(), future_);
  ++state.waiting_;
}

ResolverState::Wait::~Wait() {
  if (lookup_->done) return;
  lookup_->waiting.erase(place_);
  if (--state_.waiting_ != 0) return;
  state_.lookups_.clear();
  state_.channel_->cancel();
}

void ResolverState::Wait::begin(const std::string& key, const std::string& name, SocketAddress::Family family) {
  if (std::exchange(lookup_->begun, true)) {
    ++state_.counters_.shared;
    return;
  }
  ++state_.counters_.queries;
  state_.channel_->look_up(name, family, [&state = state_, key, name](ChannelResult result) {
    state.answered(key, name, std::move(result));
  });
}

}  // namespace v0
}  // namespace corolla
