// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/run_sharded.hpp>

#include <optional>
#include <string>

namespace corolla {
inline namespace v0 {

namespace {

// False when that loop is closed.
template <class F>
bool posted(ThreadDoor& door, F&& function) {
  try {
    door.call(std::forward<F>(function));
    return true;
  } catch (const RuntimeError&) {
    return false;
  }
}

}  // namespace

// The way back, in the other loop: taken when the task is done or, at the latest, when nobody is left who could be.
class ShardCall::Answer {
 public:
  explicit Answer(std::shared_ptr<ShardCall> call) noexcept : call_(std::move(call)) {}
  Answer(Answer&& other) noexcept = default;
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (call_) give(std::make_exception_ptr(CancelledError()));
  }
  explicit operator bool() const noexcept { return call_ != nullptr; }
  void give(std::exception_ptr error) {
    call_->keep_error(std::move(error));
    send();
  }

 private:
  void send() {
    call_->task_ = nullptr;
    const std::shared_ptr<ThreadDoor> home = call_->home_;
    posted(*home, [call = std::move(call_)] { call->came_back(); });
  }

  std::shared_ptr<ShardCall> call_;
};

// The caller's wait, which its frame may leave at any time.
class ShardCall::Waiting {
 public:
  Waiting(ShardCall& call, ThreadDoor& there) noexcept : call_(call), there_(there) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    call_.back_ = Future<>();
    if (!call_.is_back_) cancel({});
  }
  void cancel(const std::string& message) {
    posted(there_, [call = call_.shared_from_this(), message] {
      if (call->task_) call->task_->cancel(message);
    });
  }

 private:
  ShardCall& call_;
  ThreadDoor& there_;
};

ShardCall::~ShardCall() = default;

Coro<void> ShardCall::send(std::shared_ptr<ShardCall> call, std::shared_ptr<ThreadDoor> there) {
  EventLoop& loop = get_running_loop();
  call->home_ = loop.door();
  call->ticket_ = loop.hold(loop.create_future<>().state());
  if (!posted(*there, [call] { call->begin(); })) {
    static_cast<void>(loop.take_held(call->ticket_));
    throw RuntimeError("the shard has ended");
  }
  Waiting waiting(*call, *there);
  while (!call->is_back_) {
    call->back_ = loop.create_future<>();
    std::optional<std::string> message;
    try {
      const Future<> back = call->back_;
      co_await back;
    } catch (const CancelledError& error) {
      message = error.message();
    }
    if (message) waiting.cancel(*message);
  }
}

void ShardCall::begin() noexcept {
  Answer answer(shared_from_this());
  try {
    const Future<> task = start();
    task_ = task.state().get();
    task.add_done_callback([answer = std::move(answer)](const Future<>& done) mutable {
      std::exception_ptr error = done.cancelled() ? nullptr : done.exception();
      answer.give(error ? error : std::make_exception_ptr(CancelledError()));
    });
  } catch (...) {
    if (answer) answer.give(std::current_exception());
  }
}

void ShardCall::came_back() noexcept {
  static_cast<void>(get_running_loop().take_held(ticket_));
  is_back_ = true;
  if (back_.valid() && !back_.done()) back_.set_result();
}

}  // namespace v0
}  // namespace corolla
