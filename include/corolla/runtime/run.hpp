// SPDX-License-Identifier: Apache-2.0
/// \file
/// run, Runner and run_main: from main() into the loop and out again.
///
/// Source: asyncio's run and Runner. When the main coroutine is done, what is left is cancelled and joined, errors nobody
/// retrieved are reported, the default executor's jobs are waited for, five minutes at most, and the loop is closed. In the main thread, while SIGINT has its
/// default action, the first Ctrl-C cancels the main task, so that clean-up code runs; a second one ends the process at
/// once.
#pragma once

#include <corolla/runtime/context.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

/// What run() throws when Ctrl-C ended the main task.
class COROLLA_API KeyboardInterrupt : public Error {
 public:
  KeyboardInterrupt() : Error("interrupted") {}
  ~KeyboardInterrupt() override;
};

/// A loop for several run() calls in a row. They share one context: what one sets, the next one sees. Not thread safe.
class COROLLA_API Runner {
 public:
  explicit Runner(EventLoopOptions options = EventLoopOptions());
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// close().
  ~Runner();

  /// Runs a coroutine to its end; its value, or throws its exception. RuntimeError inside a running loop or when closed.
  template <class T>
  T run(Coro<T> coro) {
    require_usable();
    Task<T> task = loop().create_task(std::move(coro), TaskOptions().context(context_));
    run_task(task.base());
    if constexpr (!std::is_void_v<T>) return std::move(future_value<T>(*task.state()));
  }
  /// The loop, made on first use.
  [[nodiscard]] EventLoop& loop();
  /// Cancels and joins all tasks, reports their errors, closes asynchronous generators, waits for the default executor
  /// (five minutes at most), closes the loop. Idempotent.
  void close();

 private:
  void require_usable() const;
  void run_task(TaskBase& task);
  void cancel_all_tasks();

  EventLoopOptions options_;
  Context context_ = copy_context();
  std::unique_ptr<EventLoop> loop_;
  bool closed_ = false;
};

/// `run(main())`: a fresh loop for one coroutine.
template <class T>
T run(Coro<T> main, const EventLoopOptions& options = EventLoopOptions()) {
  Runner runner(options);
  return runner.run(std::move(main));
}

/// What run_main does with an exception: one line on standard error and 1, or 130 for Ctrl-C.
[[nodiscard]] COROLLA_API int exit_code_of_current_exception() noexcept;

/// `int main() { return run_main(amain()); }`: the coroutine's int, or 0.
template <class T>
[[nodiscard]] int run_main(Coro<T> main) noexcept {
  try {
    if constexpr (std::is_same_v<T, int>) {
      return run(std::move(main));
    } else {
      run(std::move(main));
      return 0;
    }
  } catch (...) {
    return exit_code_of_current_exception();
  }
}

}  // namespace v0
}  // namespace corolla
