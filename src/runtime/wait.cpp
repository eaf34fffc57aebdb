// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/wait.hpp>

#include <corolla/runtime/completion_watch.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/task.hpp>

#include <coroutine>

namespace corolla {
inline namespace v0 {

namespace {

/// Wakes its task once enough children are done.
class WaitOperation final : public CompletionWatch {
 public:
  WaitOperation(Children children, ReturnWhen when)
      : CompletionWatch(std::move(children)), when_(when), left_(size()) {}

  void begin(TaskBase& task, std::optional<EventLoop::duration> timeout) {
    task_ = &task;
    if (timeout) arm(*task.core().loop(), *timeout);
    subscribe();
    task.wait();
  }
  void end() noexcept { stop(); }

 private:
  void child_done(FutureBase& child) noexcept override {
    --left_;
    if (left_ == 0 || when_ == ReturnWhen::kFirstCompleted ||
        (when_ == ReturnWhen::kFirstException && child.state() == FutureBase::State::kException)) {
      disarm();
      timed_out();
    }
  }
  FutureBase* awaiter() noexcept override { return task_; }
  void timed_out() noexcept override {
    if (task_->waiting()) task_->wake();
  }

  ReturnWhen when_;
  std::size_t left_;
  TaskBase* task_ = nullptr;
};

/// Suspends until the operation wakes the task. Its end, however it comes, ends the operation.
class [[nodiscard]] EnoughDone {
 public:
  explicit EnoughDone(WaitOperation& operation, const std::optional<EventLoop::duration>& timeout) noexcept
      : operation_(operation), timeout_(timeout) {}
  EnoughDone(const EnoughDone&) noexcept = default;
  EnoughDone& operator=(const EnoughDone&) = delete;
  ~EnoughDone() {
    if (task_) operation_.end();
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    TaskBase& task = self.promise().task();
    operation_.begin(task, timeout_);
    task_ = &task;
  }
  void await_resume() {
    operation_.end();
    std::exchange(task_, nullptr)->resumed();
  }

 private:
  WaitOperation& operation_;
  const std::optional<EventLoop::duration>& timeout_;
  TaskBase* task_ = nullptr;  // while suspended
};
static_assert(sizeof(EnoughDone) <= 24);

}  // namespace

Coro<std::vector<FutureRef<FutureBase>>> wait_for_completion(std::vector<FutureRef<FutureBase>> futures,
                                                             ReturnWhen when,
                                                             std::optional<EventLoop::duration> timeout) {
  if (futures.empty()) throw ValueError("wait() needs at least one future");
  const auto operation = FutureRef<WaitOperation>::adopt(new WaitOperation(std::move(futures), when));
  co_await EnoughDone(*operation, timeout);
  std::vector<FutureRef<FutureBase>> children;
  children.reserve(operation->size());
  for (std::size_t i = 0; i < operation->size(); ++i) {
    children.push_back(FutureRef<FutureBase>::share(&operation->at(i)));
  }
  co_return std::move(children);
}

}  // namespace v0
}  // namespace corolla
