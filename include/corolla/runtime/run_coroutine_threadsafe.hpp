// SPDX-License-Identifier: Apache-2.0
/// \file
/// run_coroutine_threadsafe and wrap_future: between a loop and threads that wait for results.
///
/// Source: asyncio's functions of these names. Where asyncio leaves a thread waiting for ever, because the loop was
/// closed before it could answer, here the ThreadFuture is cancelled.
#pragma once

#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/thread_future.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Gives a ThreadFuture the outcome of a task. Lives in the loop, in what runs there on behalf of the thread; if that is
/// destroyed without an outcome, the ThreadFuture is cancelled.
template <class T>
class ThreadAnswer {
 public:
  /// The task, for the cancellation that may come from any thread. Touched in the loop's thread only.
  struct Link {
    FutureBase* task = nullptr;
  };

  explicit ThreadAnswer(ThreadFuture<T> future) noexcept : future_(std::move(future)) {}
  ThreadAnswer(ThreadAnswer&& other) noexcept = default;
  ThreadAnswer& operator=(ThreadAnswer&&) = delete;
  ~ThreadAnswer() {
    if (link_) link_->task = nullptr;
    if (future_.valid()) future_.cancel();
  }

  /// The ThreadFuture's cancel() cancels `task` from now on.
  void connect(EventLoop& loop, FutureBase& task) {
    link_ = std::make_shared<Link>();
    link_->task = &task;
    future_.add_done_callback([link = link_, door = loop.door()](const ThreadFuture<T>& done) {
      if (!done.cancelled()) return;
      try {
        door->call([link] {
          if (link->task) link->task->cancel();
        });
      } catch (const RuntimeError&) {  // the loop is closed, the task gone
      }
    });
  }
  void give(FutureBase& task) {
    const ThreadFuture<T> future = std::move(future_);
    if (task.cancelled()) future.cancel();
    else static_cast<void>(task.failure());  // whatever becomes of it, the thread was told
    if (!future.set_running_or_notify_cancel()) return;
    if (task.state() == FutureBase::State::kException) future.set_exception(task.failure());
    else if constexpr (std::is_void_v<T>) future.set_result();
    else future.set_result(std::move(future_value<T>(task)));
  }
  void fail(std::exception_ptr error) {
    const ThreadFuture<T> future = std::move(future_);
    if (future.set_running_or_notify_cancel()) future.set_exception(std::move(error));
  }

 private:
  ThreadFuture<T> future_;
  std::shared_ptr<Link> link_;
};

/// Runs `coro` as a task of `loop`, from any other thread; RuntimeError when the loop is closed. The ThreadFuture gets
/// what the task ends with, and an error in making the task, which also goes to the loop's exception handler. Its cancel()
/// cancels the task, and is heard at once by who waits for the ThreadFuture.
template <class T>
ThreadFuture<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop) {
  ThreadFuture<T> future = ThreadFuture<T>::make();
  loop.call_soon_threadsafe([coro = std::move(coro), answer = ThreadAnswer<T>(future)]() mutable {
    EventLoop& here = get_running_loop();
    std::exception_ptr error;
    try {
      Task<T> task = here.create_task(std::move(coro));
      answer.connect(here, *task.state());
      task.add_done_callback(
          [answer = std::move(answer)](const Future<T>& done) mutable { answer.give(*done.state()); });
      return;
    } catch (...) {
      error = std::current_exception();
    }
    // The loop is done with the exception before the thread has it.
    here.call_exception_handler(ErrorContext("Exception in callback", error));
    answer.fail(std::move(error));
  });
  return future;
}

/// The outcome of a done ThreadFuture goes into a pending Future; in the loop's thread. The value is copied, or moved if
/// it cannot be.
template <class T>
void copy_thread_result(const ThreadFuture<T>& source, FutureBase& target) {
  if (target.done()) return;
  auto& state = static_cast<FutureState<T>&>(target);
  try {
    if (source.cancelled()) target.cancel();
    else if (std::exception_ptr error = source.state()->failure()) state.set_exception(std::move(error));
    else if constexpr (std::is_void_v<T>) state.set_result();
    else if constexpr (std::is_copy_constructible_v<T>) state.set_result(std::as_const(source.state()->value()));
    else state.set_result(std::move(source.state()->value()));
  } catch (...) {  // the value could not be copied
    state.set_exception(std::current_exception());
  }
}

/// A Future of the running loop for a ThreadFuture: `co_await wrap_future(pool.submit(f))`. Cancelling either cancels the
/// other, as far as that can still be cancelled. A loop that is closed meanwhile hears nothing.
template <class T>
Future<T> wrap_future(ThreadFuture<T> source) {
  EventLoop& loop = get_running_loop();
  Future<T> future = loop.create_future<T>();
  future.add_done_callback([source](const Future<T>& done) {
    if (done.cancelled()) source.cancel();
  });
  const std::size_t ticket = loop.hold(future.state());
  source.add_done_callback([ticket, door = loop.door()](const ThreadFuture<T>& done) {
    try {
      door->call([ticket, done] { copy_thread_result(done, *get_running_loop().take_held(ticket)); });
    } catch (const RuntimeError&) {  // the loop is closed
    }
  });
  return future;
}
/// What is a Future already stays as it is.
template <class T>
Future<T> wrap_future(Future<T> future) {
  return future;
}

}  // namespace v0
}  // namespace corolla
