// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/signals.hpp>

#include "backend/backend.hpp"
#include "backend/poll_operation.hpp"
#include "net/process/signal_dispatcher.hpp"

#include <corolla/runtime/context.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

// Called for a signal of the loop, in the loop. Who is not interested any more says so by having died.
class Listener {
 public:
  virtual void signalled(int signal) = 0;
  virtual ~Listener() = default;
};

// A loop's place with the dispatcher, and who listens there. It lives as the backend's watch of a descriptor that does not
// exist, so it ends with the loop, and it ends earlier when nobody listens.
class LoopSignals final : public PollOperation {
 public:
  static constexpr std::pair<int, Direction> kKey{-1, Direction::kRead};

  // Null when the loop handles no signals.
  static LoopSignals* of(EventLoop& loop) noexcept {
    const auto found = loop.io().watches().find(kKey);
    return found == loop.io().watches().end() ? nullptr : static_cast<LoopSignals*>(found->second);
  }
  static LoopSignals& get_or_make(EventLoop& loop) {
    if (LoopSignals* present = of(loop)) return *present;
    auto* const made = new LoopSignals(loop);
    int result = kPending;
    try {
      loop.io().watches().emplace(kKey, made);
      result = loop.io().perform(*made);
    } catch (...) {
      made->release_owner();
      throw;
    }
    if (result == kPending) return *made;
    loop.io().watches().erase(kKey);
    made->release_owner();
    throw OSError(-result, "cannot wait for signals");
  }

  void listen(int signal, std::weak_ptr<Listener> listener) {
    place_.want(signal);
    listeners_.emplace(signal, std::move(listener));
  }
  // Forgets the listeners that have died, and itself when there is none.
  void clean_up() noexcept {
    for (auto at = listeners_.begin(); at != listeners_.end();) {
      const int signal = at->first;
      at = at->second.expired() ? listeners_.erase(at) : std::next(at);
      if (!listeners_.contains(signal)) {
        place_.unwant(signal);
        handlers.erase(signal);
      }
    }
    if (!listeners_.empty() || !core_.loop()) return;
    Backend& backend = core_.loop()->io();
    if (backend.watches().erase(kKey) == 0) return;
    backend.cancel(*this);
    release_owner();
  }

  void finished(int) noexcept override {
    while (const int signal = place_.take()) {
      const auto [begin, end] = listeners_.equal_range(signal);
      for (auto at = begin; at != end; ++at) tell(signal, at->second);
    }
    if (of(*core_.loop()) != this) return;
    const int result = core_.loop()->io().perform(*this);
    if (result == kPending) return;
    core_.loop()->call_exception_handler(
        ErrorContext("signals are not handled any more", std::make_exception_ptr(OSError(-result, "poll"))));
  }
  void retain_owner() noexcept override { ++references_; }
  void release_owner() noexcept override {
    if (--references_ == 0) delete this;
  }

  std::map<int, std::shared_ptr<Listener>> handlers;  // those of add_signal_handler

 private:
  explicit LoopSignals(EventLoop& loop) : PollOperation(-1, Direction::kRead), core_(loop.core()) {
    core_.retain();
    descriptor_ = place_.descriptor();
    loop.io().forget(descriptor_);
  }
  ~LoopSignals() {
    for (const auto& [signal, listener] : listeners_) place_.unwant(signal);
    if (core_.loop()) core_.loop()->io().forget(descriptor_);
    core_.release();
  }

  void tell(int signal, const std::weak_ptr<Listener>& listener) noexcept {
    const auto alive = listener.lock();
    if (!alive) return;
    try {
      alive->signalled(signal);
    } catch (...) {
      report_current_exception(core_, "Exception in the handling of a signal");
    }
  }

  LoopCore& core_;
  SignalPlace place_;
  std::multimap<int, std::weak_ptr<Listener>> listeners_;
  unsigned references_ = 1;
};

// The callback of add_signal_handler: as in asyncio it runs one iteration after the loop has read the signal.
class Handler final : public Listener, public std::enable_shared_from_this<Handler> {
 public:
  Handler(EventLoop& loop, std::function<void()> callback)
      : loop_(loop),
        context_(copy_context()),
        callback_(std::make_shared<std::function<void()>>(std::move(callback))) {}
  void signalled(int) override {
    loop_.call_soon(context_, [self = weak_from_this()] {
      auto alive = self.lock();
      if (!alive) return;
      const auto callback = alive->callback_;  // it may remove the handler, which must be gone then
      alive.reset();
      (*callback)();
    });
  }

 private:
  EventLoop& loop_;
  Context context_;
  std::shared_ptr<std::function<void()>> callback_;
};

}  // namespace

void add_signal_handler(int signal, std::function<void()> callback) {
  EventLoop& loop = get_running_loop();
  require_signal(signal);
  LoopSignals& signals = LoopSignals::get_or_make(loop);
  try {
    auto handler = std::make_shared<Handler>(loop, std::move(callback));
    signals.listen(signal, handler);
    signals.handlers[signal] = std::move(handler);
  } catch (...) {
    signals.clean_up();
    throw;
  }
  signals.clean_up();
}

bool remove_signal_handler(int signal) {
  EventLoop& loop = get_running_loop();
  require_signal(signal);
  LoopSignals* const signals = LoopSignals::of(loop);
  if (!signals || signals->handlers.erase(signal) == 0) return false;
  signals->clean_up();
  return true;
}

// -- SignalSet ----------------------------------------------------------------------------------------------------

// The set holds the queue, and the loop knows the queue as long as the set holds it.
class SignalSetState {
 public:
  SignalSetState(EventLoop& loop, const std::vector<int>& signals) : core_(loop.core()) {
    for (const int signal : signals) require_signal(signal);
    std::vector<int> unique = signals;
    std::sort(unique.begin(), unique.end());
    unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    LoopSignals& all = LoopSignals::get_or_make(loop);
    try {
      for (const int signal : unique) all.listen(signal, queue_);
    } catch (...) {
      queue_.reset();
      all.clean_up();
      throw;
    }
    core_.retain();
  }
  SignalSetState(const SignalSetState&) = delete;
  SignalSetState& operator=(const SignalSetState&) = delete;
  ~SignalSetState() {
    queue_.reset();
    if (EventLoop* loop = core_.loop()) {
      if (LoopSignals* all = LoopSignals::of(*loop)) all->clean_up();
    }
    core_.release();
  }

  [[nodiscard]] bool empty() const noexcept { return queue_->pending.empty(); }
  [[nodiscard]] int take() noexcept {
    const int signal = queue_->pending.front();
    queue_->pending.pop_front();
    return signal;
  }
  [[nodiscard]] Future<void> wait() {
    if (core_.loop() != running_loop_or_null()) throw RuntimeError("the SignalSet was made in another event loop");
    if (queue_->waiter.valid() && !queue_->waiter.done()) throw RuntimeError("another task waits for these signals");
    queue_->waiter = core_.loop()->create_future();
    return queue_->waiter;
  }

 private:
  struct Queue final : Listener {
    void signalled(int signal) override {
      if (pending.size() < SignalSet::kMaxPending) pending.push_back(signal);
      if (waiter.valid() && !waiter.done()) waiter.set_result();
    }
    std::deque<int> pending;
    Future<void> waiter;
  };

  LoopCore& core_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
};

SignalSet::SignalSet(std::initializer_list<int> signals) : SignalSet(std::vector<int>(signals)) {}
SignalSet::SignalSet(const std::vector<int>& signals)
    : state_(std::make_shared<SignalSetState>(get_running_loop(), signals)) {}

Coro<int> SignalSet::next() {
  const auto state = state_;
  while (state->empty()) {
    const Future<void> something = state->wait();
    co_await something;
  }
  co_return state->take();
}

}  // namespace v0
}  // namespace corolla
