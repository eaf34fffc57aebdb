// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/world.hpp"

#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"

#include <corolla/runtime/gather.hpp>

#include <algorithm>
#include <iterator>
#include <source_location>
#include <utility>

#include <nlohmann/json.hpp>

namespace conformance {

World::World(const Program& program, Trace& trace)
    : program_(program), trace_(trace), clock_(std::make_shared<corolla::testkit::VirtualClock>()) {
  corolla::EventLoopOptions options;
  options.clock = clock_;
  loop_ = std::make_unique<corolla::EventLoop>(options);
  clock_->on_idle([this] { return on_idle(); });
  loop_->set_exception_handler(
      [this](corolla::EventLoop&, const corolla::ErrorContext& context) { on_loop_error(context); });
  objects_ = make_objects(program, *loop_);
  show_cancel_messages(program.flag("show_cancel_messages"));
  build_objects();
}

World::~World() {
  trace_.close();
  // Programs leave exceptions that nobody retrieves; reports about them would say nothing.
  for (const ProgramFuture& future : tasks_) future.state()->mark_retrieved();
  for (const ProgramFuture& future : named_) future.state()->mark_retrieved();
  loop_.reset();
}

void World::build_objects() {
  if (const nlohmann::json* names = program_.objects("futures")) {
    for (const nlohmann::json& name : *names) put_future(name.get<std::string>(), loop_->create_future<Value>());
  }
  if (const nlohmann::json* variables = program_.objects("vars")) {
    for (const auto& [name, value] : variables->items()) variables_[name] = value.get<std::int64_t>();
  }
}

template <class Object>
Object& World::require(const std::map<std::string, std::shared_ptr<Object>>& objects, const std::string& name) {
  const auto found = objects.find(name);
  if (found == objects.end()) fail("no such object: " + name);
  return *found->second;
}

corolla::Lock& World::lock(const std::string& name) { return require(objects_.locks, name); }
corolla::Condition& World::condition(const std::string& name) { return require(objects_.conditions, name); }
corolla::Barrier& World::barrier(const std::string& name) { return require(objects_.barriers, name); }
corolla::Event& World::event(const std::string& name) { return require(objects_.events, name); }
corolla::Semaphore& World::semaphore(const std::string& name) { return require(objects_.semaphores, name); }
const AnyQueue& World::queue(const std::string& name) { return require(objects_.queues, name); }
ProgramStream& World::stream(const std::string& name) { return require(objects_.streams, name); }
const corolla::ContextVar<std::int64_t>& World::context_variable(const std::string& name) {
  return require(objects_.context_variables, name);
}

// ---------------------------------------------------------------------------------------------------------- trace

void World::log(const std::string& who, const std::string& event) {
  if (trace_.write(std::to_string(now()) + " " + who + " " + event)) return;
  loop_->stop();
  throw TraceClosed();
}

void World::fail(const std::string& message) {
  trace_.add_error("ERROR " + message);
  loop_->stop();
  throw TraceClosed();
}

// -------------------------------------------------------------------------------------------------------- running

namespace {

corolla::Coro<Value> cancel_and_join(std::vector<ProgramFuture> pending) {
  for (const ProgramFuture& task : pending) task.cancel();
  co_await corolla::gather(corolla::return_exceptions, pending);
  co_return Value();
}

}  // namespace

void World::run() {
  try {
    run_program();
  } catch (const TraceClosed&) {
    // What is left of the program is destroyed with this object.
  }
}

bool World::run_steps(std::size_t steps) {
  steps_left_ = steps;
  try {
    run_program();
  } catch (const TraceClosed&) {
    return true;
  } catch (const StepsUsedUp&) {
    return false;
  }
  return true;
}

void World::run_program() {
  const ProgramFuture main = start_task("main", next_task_name("main"), false);
  run_until_done(main);
  std::string outcome;
  try {
    outcome = main.result().text();
  } catch (...) {
    outcome = "!" + error_text(std::current_exception());
  }
  log("-", "done " + outcome);
  for (auto pending = pending_tasks(); !pending.empty(); pending = pending_tasks()) {
    log("-", "shutdown " + names_of(pending));
    run_until_done(loop_->create_task(cancel_and_join(std::move(pending))));
  }
  log("-", "closed");
}

// With a limit of steps it does, an iteration at a time, what run_until_complete does.
void World::run_until_done(const ProgramFuture& task) {
  if (!steps_left_) {
    try {
      loop_->run_until_complete(task);
    } catch (...) {
      // The task keeps its outcome, which the caller looks at; the loop may also have been stopped by a closed trace.
    }
  } else {
    bool stopped = false;
    task.add_done_callback([&stopped](const ProgramFuture&) { stopped = true; });
    while (!stopped && !trace_.closed()) {
      if ((*steps_left_)-- == 0) throw StepsUsedUp();
      loop_->run_once();
    }
  }
  if (trace_.closed()) throw TraceClosed();
}

bool World::on_idle() {
  const std::string names = names_of(pending_tasks());
  if (++deadlocks_ > kMaxDeadlocks) {
    static_cast<void>(trace_.write(std::to_string(now()) + " - ABANDON " + names));
    trace_.close();
    loop_->stop();
    return true;
  }
  log("-", "DEADLOCK " + names);
  for (const ProgramFuture& task : pending_tasks()) task.cancel();
  return true;
}

void World::on_loop_error(const corolla::ErrorContext& context) {
  // Reports about exceptions that were never retrieved depend, in CPython, on its garbage collector: not in the trace.
  const bool in_callback = context.message.starts_with("Exception in ");
  if (!in_callback || trace_.closed()) return;
  try {
    log("-", "handler " + error_text(context.exception));
  } catch (const TraceClosed&) {
    // The loop was told to stop; a handler must not throw.
  }
}

// ------------------------------------------------------------------------------------------------ tasks and futures

void World::put_future(const std::string& slot, const ProgramFuture& future) {
  const int generation = generations_[slot]++;
  futures_[slot] = future;
  if (names_.emplace(future.state().get(), slot + "." + std::to_string(generation)).second) named_.push_back(future);
}

const ProgramFuture* World::future(const std::string& slot) const {
  const auto found = futures_.find(slot);
  return found == futures_.end() ? nullptr : &found->second;
}

const ProgramFuture* World::future_or_skip(const Actor& actor, const Statement& statement) {
  const std::string& slot = statement.text("on");
  const ProgramFuture* found = future(slot);
  if (!found) actor.log("skip " + statement.op() + " " + slot);
  return found;
}

std::optional<ProgramFuture> World::target(const Actor& actor, const Statement& statement) {
  if (statement.text("on") != "self") {
    const ProgramFuture* found = future_or_skip(actor, statement);
    if (!found) return std::nullopt;
    return *found;
  }
  const auto current = corolla::current_task();
  for (const ProgramFuture& task : tasks_) {
    if (task.state().get() == current.state().get()) return task;
  }
  return std::nullopt;
}

std::vector<ProgramFuture> World::several(const Statement& statement) const {
  std::vector<ProgramFuture> result;
  for (const std::string& name : statement.names()) {
    if (const ProgramFuture* found = future(name)) result.push_back(*found);
  }
  return result;
}

std::string World::name_of(const corolla::FutureBase& future) const {
  const auto found = names_.find(&future);
  return found == names_.end() ? "?" : found->second;
}

std::string World::names_of(const std::vector<ProgramFuture>& futures) const {
  std::string text;
  for (const ProgramFuture& future : futures) text += (text.empty() ? "" : ",") + name_of(future);
  return text.empty() ? "-" : text;
}

std::vector<ProgramFuture> World::pending_tasks() const {
  std::vector<ProgramFuture> result;
  std::copy_if(tasks_.begin(), tasks_.end(), std::back_inserter(result),
               [](const ProgramFuture& task) { return !task.done(); });
  return result;
}

bool World::task_limit_reached(const Actor& actor, const std::string& coroutine) {
  if (tasks_made_ < kMaxTasks) return false;
  actor.log("spawn-limit " + coroutine);
  return true;
}

std::string World::next_task_name(const std::string& coroutine) {
  return coroutine + "#" + std::to_string(tasks_made_++);
}

corolla::Coro<Value> World::make_coroutine(const std::string& coroutine, const std::string& name) {
  return run_coroutine(*this, name, program_.coroutine(coroutine));
}

void World::register_task(const ProgramFuture& task, const std::string& name) {
  names_.emplace(task.state().get(), name);
  tasks_.push_back(task);
}

ProgramFuture World::start_task(const std::string& coroutine, const std::string& name, bool eager) {
  if (!eager) {
    auto task = loop_->create_task(make_coroutine(coroutine, name));
    task.set_name(name);
    register_task(task, name);
    return task;
  }
  // By hand, since the task has to be found under its name while its first step runs.
  auto* state =
      new corolla::TaskState<Value>(loop_->core(), make_coroutine(coroutine, name), std::source_location::current());
  ProgramFuture task(corolla::FutureRef<corolla::FutureBase>::adopt(state));
  state->set_name(name);
  register_task(task, name);
  state->run_eagerly();
  return task;
}

ProgramFuture World::gather(const Statement& statement) {
  using List = std::vector<ProgramFuture>;
  List futures = several(statement);
  corolla::FutureBase* state;
  if (statement.flag("return_exceptions")) state = new corolla::RangeGather<Value, true, List>(*loop_, futures);
  else state = new corolla::RangeGather<Value, false, List>(*loop_, futures);
  return ProgramFuture(corolla::FutureRef<corolla::FutureBase>::adopt(state));
}

// ------------------------------------------------------------------------------------------------------- callbacks

std::string World::next_callback_name(const std::string& callback) {
  return "@" + callback + "#" + std::to_string(callbacks_made_++);
}

const NamedHandle* World::handle(const std::string& slot) const {
  const auto found = handles_.find(slot);
  return found == handles_.end() ? nullptr : &found->second;
}

void World::add_done_callback(const ProgramFuture& future, const std::string& callback, const std::string& who) {
  const corolla::CallbackId id = future.add_done_callback([this, callback, who](const ProgramFuture& done) {
    log(who, "fire " + name_of(done));
    run_callback(*this, who, program_.callback(callback));
  });
  registrations_.push_back(Registration{future.state().get(), callback, id});
}

int World::remove_done_callbacks(const ProgramFuture& future, const std::string& callback) {
  int removed = 0;
  std::erase_if(registrations_, [&](const Registration& registration) {
    if (registration.future != future.state().get() || registration.callback != callback) return false;
    removed += future.remove_done_callback(registration.id);
    return true;
  });
  return removed;
}

}  // namespace conformance
