// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/event_loop.hpp>

#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/gather_children.hpp>
#include <corolla/runtime/task_base.hpp>

#include <corolla/runtime/log.hpp>

#include "backend/backend.hpp"
#include "runtime/debug.hpp"
#include "runtime/side_table.hpp"
#include "runtime/timer_queue.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <pthread.h>

namespace corolla {
inline namespace v0 {

namespace {

// While callbacks keep each other busy the kernel is asked after this many of them, not after each iteration.
constexpr unsigned kCallbacksBetweenPolls = 64;
constexpr auto kLongestWait = std::chrono::hours(24);
// Where timers expire in crowds, the loop wakes for them once in this time: a wake-up costs as much as running hundreds.
constexpr auto kCrowdSpacing = std::chrono::milliseconds(1);

}  // namespace

Clock::~Clock() = default;

LoopCore::LoopCore(EventLoop& owner) : loop_(&owner), side_table_(std::make_unique<SideTable>()) {}
LoopCore::~LoopCore() = default;

struct EventLoop::Private {
  TimerQueue timers;
  time_point crowd_until = time_point::min();  // no wake-up for a timer before
  std::vector<FutureRef<FutureBase>> held;     // by ticket; empty where free
  std::vector<std::size_t> free_tickets;
  std::shared_ptr<ThreadPoolExecutor> executor;
  bool executor_shut_down = false;
};

constinit thread_local Running running_now = {nullptr, nullptr, nullptr};

namespace {

// The child of a fork is in no loop, even when one that ran made it: it may run one of its own.
void leave_loop_in_child() noexcept { running_now = {nullptr, nullptr, nullptr}; }

}  // namespace

void throw_no_running_loop() { throw RuntimeError("no running event loop"); }

EventLoop::EventLoop(const EventLoopOptions& options)
    : core_(new LoopCore(*this)), clock_(options.clock), door_(std::make_shared<ThreadDoor>()) {
  core_->debug_ = options.debug.value_or(debug_by_environment());
  try {
    private_ = std::make_unique<Private>();
    backend_ = make_backend(options.backend, core_->ready_, door_->descriptor());
  } catch (...) {
    core_->loop_ = nullptr;
    core_->release();
    throw;
  }
}

EventLoop::~EventLoop() {
  if (!closed_) close();
  core_->release();
}

void LoopCore::check_thread_now() const {
  if (loop_ && loop_->is_running() && running_now.loop != loop_)
    throw RuntimeError("Non-thread-safe operation invoked on an event loop other than the current one");
}

void EventLoop::require_open() const {
  if (closed_) throw RuntimeError("Event loop is closed");
}

// The order matters: the kernel must be done with every buffer before a frame is freed, and nothing may be queued once
// the queue is gone, which core_->loop_ == nullptr sees to.
void EventLoop::close() {
  if (running_) throw RuntimeError("Cannot close a running event loop");
  if (closed_) return;
  report_pending_tasks();
  closed_ = true;
  if (private_->executor) private_->executor->shutdown(false);
  private_->executor.reset();
  door_->close();
  backend_->shut_down();
  core_->loop_ = nullptr;
  while (!core_->ready_.empty()) core_->ready_.pop().drop();
  while (Schedulable* const timer = private_->timers.pop_due(time_point::max())) timer->drop();
  while (TaskBase* task = core_->newest_) task->abandon();
  while (GatherChildren* gather = core_->gathers_) gather->abandon();
  private_->held.clear();
  backend_.reset();
}

// A run() has cancelled and joined all tasks by now; what is left was forgotten by somebody.
void EventLoop::report_pending_tasks() noexcept {
  constexpr int kMost = 10;
  int left = kMost;
  for (TaskBase* task = core_->oldest_; task; task = task->next_task()) {
    try {
      if (left-- == 0) {
        call_exception_handler(ErrorContext("More tasks were destroyed while pending", nullptr));
        return;
      }
      ErrorContext context("Task was destroyed but it is pending", nullptr);
      context.task = task->name();
      context.where = task->created_at();
      call_exception_handler(context);
    } catch (...) {
      std::fputs("corolla: a task was destroyed but it is pending\n", stderr);
    }
  }
}

void EventLoop::run_forever() { run(false); }

void EventLoop::require_runnable() const {
  require_open();
  if (running_) throw RuntimeError("This event loop is already running");
  if (running_now.loop) throw RuntimeError("Cannot run the event loop while another loop is running");
}

// Something may be due besides what is ready.
inline bool EventLoop::must_look_around() const noexcept {
  return !private_->timers.empty() || stopping_ || door_->has_news();
}

// Runs what is ready now; what that schedules waits for the next iteration.
inline void EventLoop::run_ready() noexcept {
  ReadyQueue& ready = core_->ready_;
  const Schedulable* const last = ready.last();
  if (!last) return;
  unsigned run = 0;
  for (const Schedulable* entry = nullptr; entry != last; ++run) {
    Schedulable& next = ready.pop();
    entry = &next;
    if (core_->debug_) [[unlikely]]
      run_watched(next);
    else next.run();
  }
  since_poll_ += run;
}

void EventLoop::run(bool once) {
  [[maybe_unused]] static const int at_fork = ::pthread_atfork(nullptr, nullptr, leave_loop_in_child);
  require_runnable();
  struct Running {
    EventLoop& loop;
    explicit Running(EventLoop& l) : loop(l) {
      running_now.loop = &l;
      l.running_ = true;
    }
    ~Running() {
      running_now.loop = nullptr;
      loop.running_ = false;
      loop.stopping_ = false;
    }
  };
  const Running scope(*this);
  do {
    if (since_poll_ >= kCallbacksBetweenPolls || core_->ready_.empty() || must_look_around()) wait_for_events();
    run_ready();
  } while (!once && !stopping_);
}

void EventLoop::run_until_done(FutureBase& future) {
  require_runnable();
  struct StopWhenDone {
    FutureBase& future;
    CallbackId id;
    StopWhenDone(FutureBase& f, EventLoop& loop)
        : future(f), id(add_done_callback_to(f, [&loop](FutureBase&) { loop.stop(); })) {}
    ~StopWhenDone() { remove_done_callback_from(future, id); }
  };
  {
    const StopWhenDone stop_when_done(future, *this);
    run_forever();
  }
  if (!future.done()) throw RuntimeError("Event loop stopped before Future completed.");
  future.throw_if_failed();
}

void EventLoop::run_once() { run(true); }

// Fills the ready queue: completions and posts first, expired timers behind them.
void EventLoop::wait_for_events() {
  ReadyQueue& ready = core_->ready_;
  TimerQueue& timers = private_->timers;
  for (;;) {
    const bool must_not_wait = !ready.empty() || stopping_ || door_->has_posts();
    if (must_not_wait) {
      if (since_poll_ >= kCallbacksBetweenPolls || ready.empty()) {
        since_poll_ = 0;
        backend_->poll(std::chrono::nanoseconds(0));
      }
    } else {
      since_poll_ = 0;
      std::optional<time_point> next;
      if (!timers.empty()) next = timers.first();
      if (clock_ && backend_->in_flight() == 0 && private_->held.size() == private_->free_tickets.size() &&
          clock_->idle(next)) {
        // Time moved, or something was scheduled.
      } else if (door_->fall_asleep()) {
        if (next) {
          const duration left = (clock_ ? *next : std::max(*next, private_->crowd_until)) - time();
          backend_->poll(std::clamp<duration>(left, duration(0), kLongestWait));
        } else {
          backend_->poll(std::nullopt);
        }
      }
    }
    if (door_->has_posts()) door_->drain(ready);
    if (door_->take_interrupt() && interrupt_handler_) interrupt_handler_();
    if (!timers.empty()) {
      const time_point now = time();
      unsigned expired = 0;
      for (; Schedulable* const timer = timers.pop_due(now); ++expired) ready.push(*timer);
      if (expired > 1) private_->crowd_until = now + kCrowdSpacing;
    }
    if (!ready.empty() || stopping_) return;
  }
}

// The entry may be gone once it ran, so it is described before.
void EventLoop::run_watched(Schedulable& entry) noexcept {
  std::string what;
  try {
    what = entry.describe();
  } catch (...) {  // out of memory: it runs without a description
  }
  const time_point start = time();
  entry.run();
  const duration took = time() - start;
  if (took < slow_callback_duration_) return;
  try {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", std::chrono::duration<double>(took).count());
    log(LogLevel::kWarning, "Executing " + what + " took " + seconds + " seconds");
  } catch (...) {
    log(LogLevel::kWarning, "a callback took long, and there is no memory to say which");
  }
}

void EventLoop::queue(ScheduledCallback& callback) {
  require_open();
  core_->check_thread();
  if (!running_) take_posts();
  callback.retain();
  core_->ready_.push(callback);
}

void EventLoop::take_posts() noexcept {
  while (door_->has_posts()) door_->drain(core_->ready_);
}

// A call from the loop's own thread keeps its place among those of call_soon.
void EventLoop::send(ThreadCall& call) {
  if (running_now.loop == this) core_->ready_.push(call);
  else if (!door_->post(call)) ThreadDoor::refuse(call);
}

void EventLoop::arm_callback(ScheduledCallback& callback, time_point when) {
  require_open();
  core_->check_thread();
  callback.when_ = when.time_since_epoch();
  private_->timers.arm(callback, when);
  callback.retain();
}

void EventLoop::arm(Schedulable& timer, time_point when) { private_->timers.arm(timer, when); }
std::size_t EventLoop::timer_count() const noexcept { return private_->timers.size(); }

void EventLoop::disarm(Schedulable& timer) noexcept { private_->timers.disarm(timer); }

std::string_view EventLoop::backend() const noexcept { return backend_ ? backend_->name() : std::string_view(); }

std::size_t EventLoop::hold(FutureRef<FutureBase> future) {
  if (private_->free_tickets.empty()) {
    if (private_->held.size() == private_->held.capacity()) {
      const std::size_t room = std::max<std::size_t>(16, 2 * private_->held.size());
      private_->free_tickets.reserve(room);  // so that giving back cannot fail
      private_->held.reserve(room);
    }
    private_->held.push_back(std::move(future));
    return private_->held.size() - 1;
  }
  const std::size_t ticket = private_->free_tickets.back();
  private_->free_tickets.pop_back();
  private_->held[ticket] = std::move(future);
  return ticket;
}

FutureRef<FutureBase> EventLoop::take_held(std::size_t ticket) noexcept {
  private_->free_tickets.push_back(ticket);
  return std::exchange(private_->held[ticket], {});
}

ThreadPoolExecutor& EventLoop::default_executor() {
  require_open();
  if (private_->executor_shut_down) throw RuntimeError("Executor shutdown has been called");
  if (!private_->executor) private_->executor = std::make_shared<ThreadPoolExecutor>();
  return *private_->executor;
}

bool EventLoop::has_default_executor() const noexcept { return private_->executor != nullptr; }

void EventLoop::set_default_executor(std::shared_ptr<ThreadPoolExecutor> executor) {
  private_->executor = std::move(executor);
}

std::shared_ptr<ThreadPoolExecutor> EventLoop::close_default_executor() noexcept {
  private_->executor_shut_down = true;
  return private_->executor;
}

void EventLoop::set_task_factory(TaskFactory factory) { task_factory_ = std::move(factory); }

void EventLoop::set_interrupt_handler(std::function<void()> handler) { interrupt_handler_ = std::move(handler); }

void EventLoop::set_exception_handler(ExceptionHandler handler) {
  exception_handler_ = handler ? std::make_shared<ExceptionHandler>(std::move(handler)) : nullptr;
}

EventLoop::ExceptionHandler EventLoop::get_exception_handler() const {
  return exception_handler_ ? *exception_handler_ : ExceptionHandler();
}

void EventLoop::call_exception_handler(const ErrorContext& context) noexcept {
  if (const auto handler = exception_handler_) {
    try {
      (*handler)(*this, context);
      return;
    } catch (...) {
      std::fputs("corolla: the exception handler itself failed\n", stderr);
    }
  }
  default_exception_handler(context);
}

void EventLoop::default_exception_handler(const ErrorContext& context) noexcept {
  try {
    const std::string error = context.exception ? ": " + describe(context.exception) : std::string();
    const std::string task = context.task.empty() ? std::string() : " [" + context.task + "]";
    std::string place;
    if (context.where.line() != 0) {
      place =
          std::string(" (created at ") + context.where.file_name() + ":" + std::to_string(context.where.line()) + ")";
    }
    std::fprintf(stderr, "corolla: %s%s%s%s\n", context.message.c_str(), task.c_str(), error.c_str(), place.c_str());
  } catch (...) {
    std::fputs("corolla: an error could not be described\n", stderr);
  }
}

}  // namespace v0
}  // namespace corolla
