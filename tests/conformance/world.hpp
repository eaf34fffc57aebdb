// SPDX-License-Identifier: Apache-2.0
// What a running program consists of: a loop under a virtual clock, objects, slots, names, a trace.
#pragma once

#include "tests/conformance/objects.hpp"
#include "tests/conformance/program.hpp"
#include "tests/conformance/trace.hpp"
#include "tests/conformance/value.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/task_group.hpp>
#include <corolla/runtime/timeout.hpp>
#include <corolla/testkit/virtual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace conformance {

class Actor;

/// A handle of call_soon, call_later or call_at, and the name of its invocation.
struct NamedHandle {
  corolla::Handle handle;
  std::string who;
};

using ProgramFuture = corolla::Future<Value>;

/// What a slot keeps of a scope: the scope itself lives only as long as its block runs.
template <class Scope>
struct ScopeSlot {
  Scope* scope = nullptr;  // null once the block was left
};

/// See the file's comment. One program, run once.
class World {
 public:
  static constexpr int kMaxTasks = 30;
  static constexpr int kMaxDeadlocks = 20;

  World(const Program& program, Trace& trace);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Destroys the loop first, in whatever state it is, then what the program holds.
  ~World();

  /// Runs the program to its end.
  void run();
  /// Runs at most `steps` iterations of the loop; true when that was the whole program.
  bool run_steps(std::size_t steps);

  [[nodiscard]] corolla::EventLoop& loop() noexcept { return *loop_; }
  [[nodiscard]] const Program& program() const noexcept { return program_; }

  /// One event; throws TraceClosed when the trace is closed, and stops the loop.
  void log(const std::string& who, const std::string& event);
  /// Ends the program with an error of the interpreter's own.
  [[noreturn]] void fail(const std::string& message);

  // -- plain variables ------------------------------------------------------------------------------------------
  [[nodiscard]] std::int64_t& variable(const std::string& name) { return variables_[name]; }

  // -- synchronisation objects ----------------------------------------------------------------------------------
  [[nodiscard]] const Objects& objects() const noexcept { return objects_; }
  /// Each ends the program when there is none of that kind.
  [[nodiscard]] corolla::Lock& lock(const std::string& name);
  [[nodiscard]] corolla::Condition& condition(const std::string& name);
  [[nodiscard]] corolla::Barrier& barrier(const std::string& name);
  [[nodiscard]] corolla::Event& event(const std::string& name);
  [[nodiscard]] corolla::Semaphore& semaphore(const std::string& name);
  [[nodiscard]] const AnyQueue& queue(const std::string& name);
  [[nodiscard]] ProgramStream& stream(const std::string& name);
  [[nodiscard]] const corolla::ContextVar<std::int64_t>& context_variable(const std::string& name);

  // -- tasks and futures ----------------------------------------------------------------------------------------
  /// Makes a future a slot's content and gives it a name if it has none.
  void put_future(const std::string& slot, const ProgramFuture& future);
  /// Puts a task, which has a name already.
  void put_task(const std::string& slot, const ProgramFuture& task) { futures_[slot] = task; }
  /// Null when the slot is empty.
  [[nodiscard]] const ProgramFuture* future(const std::string& slot) const;
  /// As above; says so in the trace when it is empty.
  [[nodiscard]] const ProgramFuture* future_or_skip(const Actor& actor, const Statement& statement);
  /// The content of "on", or the current task for "self"; null and silent when there is no current task.
  [[nodiscard]] std::optional<ProgramFuture> target(const Actor& actor, const Statement& statement);
  /// The contents of the slots under "of" that are not empty.
  [[nodiscard]] std::vector<ProgramFuture> several(const Statement& statement) const;
  [[nodiscard]] std::string name_of(const corolla::FutureBase& future) const;
  [[nodiscard]] std::string name_of(const ProgramFuture& future) const { return name_of(*future.state()); }
  /// Joined by commas; "-" when there are none.
  [[nodiscard]] std::string names_of(const std::vector<ProgramFuture>& futures) const;
  [[nodiscard]] std::vector<ProgramFuture> pending_tasks() const;
  [[nodiscard]] const std::vector<ProgramFuture>& tasks() const noexcept { return tasks_; }

  /// Says so in the trace when no more tasks may be made.
  [[nodiscard]] bool task_limit_reached(const Actor& actor, const std::string& coroutine);
  /// The next task's name; it is used up.
  [[nodiscard]] std::string next_task_name(const std::string& coroutine);
  /// The coroutine a task of that name runs.
  [[nodiscard]] corolla::Coro<Value> make_coroutine(const std::string& coroutine, const std::string& name);
  void register_task(const ProgramFuture& task, const std::string& name);
  ProgramFuture start_task(const std::string& coroutine, const std::string& name, bool eager);
  /// A gather whose list is a Value.
  [[nodiscard]] ProgramFuture gather(const Statement& statement);

  // -- callbacks ------------------------------------------------------------------------------------------------
  /// The next invocation's name; it is used up.
  [[nodiscard]] std::string next_callback_name(const std::string& callback);
  void put_handle(const std::string& slot, NamedHandle handle) { handles_[slot] = std::move(handle); }
  [[nodiscard]] const NamedHandle* handle(const std::string& slot) const;
  /// Registers a done callback under its name, to be found again by remove_done_callbacks.
  void add_done_callback(const ProgramFuture& future, const std::string& callback, const std::string& who);
  /// How many were still registered.
  int remove_done_callbacks(const ProgramFuture& future, const std::string& callback);

  // -- scopes ---------------------------------------------------------------------------------------------------
  /// Null when the slot is empty.
  using GroupSlot = std::shared_ptr<ScopeSlot<corolla::TaskGroup>>;
  using TimeoutSlot = std::shared_ptr<ScopeSlot<corolla::Timeout>>;
  [[nodiscard]] GroupSlot& group(const std::string& slot) { return groups_[slot]; }
  [[nodiscard]] TimeoutSlot& timeout(const std::string& slot) { return timeouts_[slot]; }

  // -- time -----------------------------------------------------------------------------------------------------
  [[nodiscard]] std::int64_t now() const {
    return std::chrono::floor<std::chrono::milliseconds>(clock_->elapsed()).count();
  }
  [[nodiscard]] static corolla::EventLoop::time_point at(std::int64_t milliseconds) {
    return corolla::EventLoop::time_point(std::chrono::milliseconds(milliseconds));
  }

 private:
  class StepsUsedUp {};
  struct Registration {
    const corolla::FutureBase* future;
    std::string callback;
    corolla::CallbackId id;
  };

  void build_objects();
  template <class Object>
  [[nodiscard]] Object& require(const std::map<std::string, std::shared_ptr<Object>>& objects, const std::string& name);
  void run_program();
  void run_until_done(const ProgramFuture& task);
  bool on_idle();
  void on_loop_error(const corolla::ErrorContext& context);

  const Program& program_;
  Trace& trace_;
  std::shared_ptr<corolla::testkit::VirtualClock> clock_;
  Objects objects_;
  std::map<std::string, std::int64_t> variables_;
  std::map<std::string, ProgramFuture> futures_;
  std::map<std::string, NamedHandle> handles_;
  std::map<std::string, GroupSlot> groups_;
  std::map<std::string, TimeoutSlot> timeouts_;
  std::map<std::string, int> generations_;  // of futures put into a slot
  std::vector<ProgramFuture> tasks_;        // in the order of creation
  std::vector<ProgramFuture> named_;        // all that names_ has, so that no address is used twice
  std::unordered_map<const corolla::FutureBase*, std::string> names_;
  std::vector<Registration> registrations_;
  int tasks_made_ = 0;
  int callbacks_made_ = 0;
  int deadlocks_ = 0;
  std::optional<std::size_t> steps_left_;  // none: no limit
  std::unique_ptr<corolla::EventLoop> loop_;
};

}  // namespace conformance
