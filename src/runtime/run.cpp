// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/run.hpp>

#include <corolla/runtime/gather_children.hpp>

#include "runtime/interrupt.hpp"

#include <chrono>
#include <cstdio>
#include <vector>

namespace corolla {
inline namespace v0 {

namespace {

// A future that is done when all tasks of the loop are, whatever their types and outcomes.
class AllTasks final : public FutureState<void>, protected GatherChildren {
 public:
  explicit AllTasks(EventLoop& loop) : FutureState<void>(loop.core(), FutureBase::Kind::kGather), GatherChildren(true) {
    for (TaskBase* task = loop.core().first_task(); task; task = task->next_task())
      add(FutureRef<FutureBase>::share(task));
    subscribe();
  }
  [[nodiscard]] GatherChildren* gather_children() noexcept override { return this; }
  [[nodiscard]] std::size_t count() const noexcept { return size(); }
  void report_failures(EventLoop& loop) const {
    for (std::size_t i = 0; i < size(); ++i) {
      auto& task = static_cast<TaskBase&>(at(i));
      if (task.state() != State::kException) continue;
      ErrorContext context("unhandled exception during run() shutdown", task.failure());
      context.task = task.name();
      context.where = task.created_at();
      loop.call_exception_handler(context);
    }
  }

 private:
  FutureBase& outer() noexcept override { return *this; }
  void collect() override { set_result(); }
  void fail_outer(std::exception_ptr error) noexcept override { fail(std::move(error)); }
};

constexpr std::chrono::minutes kExecutorTimeout(5);

}  // namespace

KeyboardInterrupt::~KeyboardInterrupt() = default;

Runner::Runner(EventLoopOptions options) : options_(std::move(options)) {}

Runner::~Runner() {
  try {
    close();
  } catch (...) {  // a task stopped the loop during the shutdown; the loop is closed all the same
    std::fputs("corolla: the shutdown of a Runner was interrupted\n", stderr);
  }
}

EventLoop& Runner::loop() {
  if (!loop_) loop_ = std::make_unique<EventLoop>(options_);
  return *loop_;
}

void Runner::require_usable() const {
  if (closed_) throw RuntimeError("Runner is closed");
  if (running_loop_or_null()) throw RuntimeError("run() cannot be called from a running event loop");
}

void Runner::run_task(TaskBase& task) {
  const InterruptScope interrupt(loop_->door());
  bool cancelled_by_interrupt = false;
  loop_->set_interrupt_handler([&] {
    if (!cancelled_by_interrupt && interrupt.interrupted()) {
      cancelled_by_interrupt = true;
      task.cancel();
    }
  });
  struct Reset {
    EventLoop& loop;
    ~Reset() { loop.set_interrupt_handler(nullptr); }
  };
  const Reset reset{*loop_};
  const auto keep = FutureRef<FutureBase>::share(&task);
  try {
    loop_->run_until_done(task);
  } catch (const CancelledError&) {
    if (cancelled_by_interrupt && task.uncancel() == 0) throw KeyboardInterrupt();
    throw;
  }
}

void Runner::cancel_all_tasks() {
  auto* all = new AllTasks(*loop_);
  const auto keep = FutureRef<FutureBase>::adopt(all);
  if (all->count() == 0) return;
  for (TaskBase* task = loop_->core().first_task(); task; task = task->next_task()) task->cancel();
  loop_->run_until_done(*all);
  all->report_failures(*loop_);
}

void Runner::close() {
  if (std::exchange(closed_, true) || !loop_) return;
  struct CloseLoop {
    EventLoop& loop;
    ~CloseLoop() {
      if (!loop.is_running()) loop.close();
    }
  };
  const CloseLoop last{*loop_};
  cancel_all_tasks();
  loop_->run_until_complete(loop_->shutdown_asyncgens());
  if (loop_->has_default_executor()) loop_->run_until_complete(loop_->shutdown_default_executor(kExecutorTimeout));
}

int exit_code_of_current_exception() noexcept {
  try {
    throw;
  } catch (const KeyboardInterrupt&) {
    return 130;
  } catch (...) {
    try {
      std::fprintf(stderr, "error: %s\n", describe(std::current_exception()).c_str());
    } catch (...) {
      std::fputs("error: out of memory\n", stderr);
    }
    return 1;
  }
}

}  // namespace v0
}  // namespace corolla
