// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/async_generator.hpp>

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/task_base.hpp>

#include <functional>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

namespace {

// The frame that was allocated last and whose promise is not built yet.
struct NewestFrame {
  void* address;
  std::size_t size;
};
constinit thread_local NewestFrame newest_frame{nullptr, 0};

// A generator may own another one in ways that are not seen (never begun, behind a pointer). Down to this depth each dies
// inside its owner; what is nested deeper waits until the stack is unwound.
constexpr unsigned kDeepest = 64;
constinit thread_local unsigned depth = 0;
constinit thread_local std::vector<AsyncGeneratorPromiseBase*>* deferred = nullptr;

}  // namespace

AsyncGeneratorOwner::AsyncGeneratorOwner(AsyncGeneratorPromiseBase& promise) noexcept : promise_(&promise) {
  promise.owner_ = this;
}

AsyncGeneratorOwner::AsyncGeneratorOwner(AsyncGeneratorOwner&& other) noexcept
    : promise_(std::exchange(other.promise_, nullptr)) {
  if (promise_) promise_->owner_ = this;
}

AsyncGeneratorOwner::~AsyncGeneratorOwner() {
  AsyncGeneratorPromiseBase* const promise = promise_;
  if (!promise) return;
  promise->leave_owner();
  if (!promise->running_) promise->destroy();  // else its next() will
}

void AsyncGeneratorOwner::swap(AsyncGeneratorOwner& other) noexcept {
  std::swap(promise_, other.promise_);
  if (promise_) promise_->owner_ = this;
  if (other.promise_) other.promise_->owner_ = &other;
}

void* AsyncGeneratorPromiseBase::operator new(std::size_t size) {
  void* const frame = PromiseBase::operator new(size);
  newest_frame = {frame, size};
  return frame;
}

// The copies of the parameters are made between the two, and may make generators of their own: then the size stays
// unknown, and what the frame holds is destroyed by recursion.
AsyncGeneratorPromiseBase::AsyncGeneratorPromiseBase() noexcept {
  if (newest_frame.address == handle().address()) frame_size_ = newest_frame.size;
  newest_frame = {nullptr, 0};
}

AsyncGeneratorPromiseBase::~AsyncGeneratorPromiseBase() {
  leave_owner();
  if (outer_) outer_->inner_ = nullptr;
  if (inner_) inner_->outer_ = nullptr;
  unlink();
  if (core_) core_->release();
}

void AsyncGeneratorPromiseBase::throw_running(const char* call) {
  throw RuntimeError(std::string(call) + ": asynchronous generator is already running");
}

void AsyncGeneratorPromiseBase::first_iteration(TaskBase& task) {
  LoopCore& core = task.core();
  if (core.generators_shut_down_) {
    ErrorContext context("asynchronous generator was scheduled after loop.shutdown_asyncgens() call", nullptr);
    context.task = task.name();
    context.where = task.created_at();
    core.loop()->call_exception_handler(context);
  }
  iterated_ = true;
  core_ = &core;
  core.retain();
  link_into(core.generators_);
}

void AsyncGeneratorPromiseBase::set_outer(AsyncGeneratorPromiseBase* outer) noexcept {
  if (outer_) outer_->inner_ = nullptr;
  outer_ = outer;
  if (!outer) return;
  if (outer->inner_) outer->inner_->outer_ = nullptr;
  outer->inner_ = this;
}

// True when the object that owns `inner` is a local or a parameter of this body.
bool AsyncGeneratorPromiseBase::holds(const AsyncGeneratorPromiseBase& inner) const noexcept {
  if (inner.running_ || !inner.owner_) return false;
  const auto* const frame = static_cast<const std::byte*>(
      std::coroutine_handle<const AsyncGeneratorPromiseBase>::from_promise(*this).address());
  const auto* const owner = reinterpret_cast<const std::byte*>(inner.owner_);
  const std::less<> before;
  return !before(owner, frame) && before(owner, frame + frame_size_);
}

void AsyncGeneratorPromiseBase::leave_owner() noexcept {
  if (owner_) owner_->promise_ = nullptr;
  owner_ = nullptr;
}

void AsyncGeneratorPromiseBase::destroy() noexcept {
  leave_owner();
  if (depth >= kDeepest) {
    try {
      deferred->push_back(this);
      return;
    } catch (...) {  // out of memory: here and now, then
    }
  }
  // A pipeline of generators is destroyed from its innermost. Each is taken from its owner on the way in, so that nothing
  // which the destructors of the inner ones do can reach it.
  const auto destroy_leaf_first = [](AsyncGeneratorPromiseBase& root) noexcept {
    AsyncGeneratorPromiseBase* promise = &root;
    while (promise->inner_ && promise->holds(*promise->inner_)) {
      promise = promise->inner_;
      promise->leave_owner();
    }
    for (;;) {
      AsyncGeneratorPromiseBase* const outer = promise == &root ? nullptr : promise->outer_;
      promise->handle().destroy();
      if (!outer) return;
      promise = outer;
    }
  };
  std::vector<AsyncGeneratorPromiseBase*> waiting;
  if (depth++ == 0) deferred = &waiting;
  destroy_leaf_first(*this);
  while (!waiting.empty()) {
    AsyncGeneratorPromiseBase& next = *waiting.back();
    waiting.pop_back();
    destroy_leaf_first(next);
  }
  if (--depth == 0) deferred = nullptr;
}

void AsyncGeneratorPromiseBase::link_into(AsyncGeneratorPromiseBase*& list) noexcept {
  next_ = list;
  if (next_) next_->previous_ = &next_;
  previous_ = &list;
  list = this;
}

void AsyncGeneratorPromiseBase::unlink() noexcept {
  if (!previous_) return;
  *previous_ = next_;
  if (next_) next_->previous_ = previous_;
  previous_ = nullptr;
}

/// The generators that a shutdown found alive, newest first. One that dies meanwhile leaves the list by itself.
class AsyncGeneratorClosing {
 public:
  explicit AsyncGeneratorClosing(LoopCore& core) noexcept : first_(std::exchange(core.generators_, nullptr)) {
    core.generators_shut_down_ = true;
    if (first_) first_->previous_ = &first_;
  }
  AsyncGeneratorClosing(const AsyncGeneratorClosing&) = delete;
  AsyncGeneratorClosing& operator=(const AsyncGeneratorClosing&) = delete;
  ~AsyncGeneratorClosing() {
    while (first_) first_->unlink();
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void close_all(EventLoop& loop) {
    while (AsyncGeneratorPromiseBase* promise = first_) {
      promise->unlink();
      try {
        promise->require_idle("aclose()");
        promise->destroy();
      } catch (const RuntimeError&) {
        loop.call_exception_handler(
            ErrorContext("an error occurred during closing of asynchronous generator", std::current_exception()));
      }
    }
  }

 private:
  AsyncGeneratorPromiseBase* first_;
};

// In asyncio each generator is closed by a task of its own and a gather waits for them. The turns taken here are the
// same ones: those tasks run, their callbacks run, the gather's waiter runs.
Coro<void> EventLoop::shutdown_asyncgens() {
  AsyncGeneratorClosing closing(*core_);
  if (closing.empty()) co_return;
  co_await sleep(duration(0));
  closing.close_all(*this);
  co_await sleep(duration(0));
  co_await sleep(duration(0));
}

}  // namespace v0
}  // namespace corolla
