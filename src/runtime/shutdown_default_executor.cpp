// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/timeout.hpp>
#include <corolla/runtime/wait_for.hpp>

#include <string>
#include <thread>

namespace corolla {
inline namespace v0 {

namespace {

// The thread that waits for the pool's threads. It shares what it needs, so it may be left alone.
class Joiner {
 public:
  Joiner(EventLoop& loop, std::shared_ptr<ThreadPoolExecutor> executor) : joined_(loop.create_future()) {
    const std::size_t ticket = loop.hold(joined_.state());
    try {
      thread_ = std::thread([executor = std::move(executor), door = loop.door(), ticket]() mutable {
        executor->shutdown();
        executor.reset();
        try {
          door->call([ticket] {
            const FutureRef<FutureBase> joined = get_running_loop().take_held(ticket);
            if (!joined->done()) static_cast<FutureState<void>&>(*joined).set_result();
          });
        } catch (const RuntimeError&) {  // the loop is closed
        }
      });
    } catch (...) {
      static_cast<void>(loop.take_held(ticket));
      throw;
    }
  }
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;
  ~Joiner() {
    if (!thread_.joinable()) return;
    if (joined_.done() && !joined_.cancelled()) thread_.join();  // at its end
    else thread_.detach();
  }
  [[nodiscard]] Future<void>& joined() noexcept { return joined_; }

 private:
  Future<void> joined_;
  std::thread thread_;
};

std::string seconds(EventLoop::duration time) {
  std::string text = std::to_string(std::chrono::duration<double>(time).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

Coro<void> EventLoop::shutdown_default_executor(std::optional<duration> timeout) {
  std::shared_ptr<ThreadPoolExecutor> executor = close_default_executor();
  if (!executor) co_return;
  Joiner joiner(*this, executor);
  bool late = false;
  try {
    if (timeout) co_await wait_for(joiner.joined(), *timeout);
    else co_await joiner.joined();
  } catch (const TimeoutError&) {
    late = true;
  }
  if (late) {
    executor->shutdown(false);  // the joining thread may not have come so far
    call_exception_handler(ErrorContext(
        "The executor did not finish joining its threads within " + seconds(*timeout) + " seconds", nullptr));
  }
}

}  // namespace v0
}  // namespace corolla
