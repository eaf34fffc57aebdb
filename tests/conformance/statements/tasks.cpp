// SPDX-License-Identifier: Apache-2.0
// Making, awaiting and cancelling tasks; sleeping.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <corolla/runtime/sleep.hpp>

#include <chrono>

namespace conformance {

namespace {

using corolla::Coro;

void run_spawn(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string& coroutine = statement.text("coro");
  if (world.task_limit_reached(actor, coroutine)) return;
  const bool eager = statement.flag("eager");
  const std::string name = world.next_task_name(coroutine);
  actor.log("spawn " + name + (eager ? " eager" : ""));
  const ProgramFuture task = world.start_task(coroutine, name, eager);
  world.put_task(statement.text("into"), task);
}

void run_cancel(const Actor& actor, const Statement& statement) {
  const auto future = actor.world.target(actor, statement);
  if (!future) return;
  const bool accepted = future->cancel(statement.has("msg") ? statement.text("msg") : std::string());
  actor.log("cancel " + actor.world.name_of(*future) + " = " + text_of(accepted));
}

corolla::TaskBase& task_of(const ProgramFuture& future) { return static_cast<corolla::TaskBase&>(*future.state()); }

void run_cancelling(const Actor& actor, const Statement& statement) {
  const auto task = actor.world.target(actor, statement);
  if (!task) return;
  actor.log("cancelling " + actor.world.name_of(*task) + " = " + std::to_string(task_of(*task).cancelling()));
}

void run_uncancel(const Actor& actor, const Statement& statement) {
  const auto task = actor.world.target(actor, statement);
  if (!task) return;
  actor.log("uncancel " + actor.world.name_of(*task) + " = " + std::to_string(task_of(*task).uncancel()));
}

std::optional<std::string> sleep_label(const Frame& /*frame*/, const Statement& statement) {
  return "sleep " + std::to_string(statement.integer("ms"));
}

Coro<std::string> run_sleep(Frame& /*frame*/, const Statement& statement) {
  co_await corolla::sleep(std::chrono::milliseconds(statement.integer("ms")));
  co_return std::string();
}

std::optional<std::string> yield_label(const Frame& /*frame*/, const Statement& /*statement*/) { return "yield"; }

Coro<std::string> run_yield(Frame& /*frame*/, const Statement& /*statement*/) {
  co_await corolla::sleep(std::chrono::milliseconds(0));
  co_return std::string();
}

std::optional<std::string> await_label(const Frame& frame, const Statement& statement) {
  const ProgramFuture* future = frame.world.future_or_skip(frame, statement);
  if (!future) return std::nullopt;
  return "await " + frame.world.name_of(*future);
}

Coro<std::string> run_await(Frame& frame, const Statement& statement) {
  const ProgramFuture future = *frame.world.future(statement.text("on"));
  const Value value = co_await future;
  co_return " " + value.text();
}

std::optional<std::string> call_label(const Frame& /*frame*/, const Statement& statement) {
  return "call " + statement.text("coro");
}

Coro<std::string> run_call(Frame& frame, const Statement& statement) {
  const Value value = co_await frame.world.make_coroutine(statement.text("coro"), frame.who);
  co_return " " + value.text();
}

}  // namespace

void add_task_operations(OperationTable& table) {
  table.emplace_back("spawn", run_spawn);
  table.emplace_back("cancel", run_cancel);
  table.emplace_back("cancelling", run_cancelling);
  table.emplace_back("uncancel", run_uncancel);
  table.emplace_back("sleep", AwaitingOperation{sleep_label, run_sleep});
  table.emplace_back("yield", AwaitingOperation{yield_label, run_yield});
  table.emplace_back("await", AwaitingOperation{await_label, run_await});
  table.emplace_back("call", AwaitingOperation{call_label, run_call});
}

}  // namespace conformance
