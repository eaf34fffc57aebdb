// SPDX-License-Identifier: Apache-2.0
// The blocks taskgroup and timeout, and what is done to them from inside and outside.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

#include <chrono>

namespace conformance {

namespace {

using corolla::Coro;

std::string text_of(const std::optional<std::int64_t>& number) { return number ? std::to_string(*number) : "None"; }

/// The block inside a scope, its outcome logged.
Coro<Flow> run_scope_body(Frame& frame, const std::string& id, const Block& block) {
  Flow flow = Flow::kWentThrough;
  std::exception_ptr error;
  try {
    flow = co_await run_block(frame, block);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    frame.log("body " + id + " !" + error_text(error));
    std::rethrow_exception(error);
  }
  frame.log("body " + id + " ok");
  co_return flow;
}

Coro<Flow> run_task_group(Frame& frame, const Statement& statement) {
  const std::string& id = statement.text("id");
  const auto slot = std::make_shared<ScopeSlot<corolla::TaskGroup>>();
  frame.world.group(id) = slot;
  frame.log("> taskgroup " + id);
  Flow flow = Flow::kWentThrough;
  auto body = [&](corolla::TaskGroup& group) -> Coro<void> {
    slot->scope = &group;
    flow = co_await run_scope_body(frame, id, statement.body);
  };
  std::exception_ptr error;
  try {
    co_await corolla::task_group(body);
  } catch (...) {
    error = std::current_exception();
  }
  slot->scope = nullptr;
  if (error) {
    frame.log("! taskgroup " + id + " " + error_text(error));
    std::rethrow_exception(error);
  }
  frame.log("< taskgroup " + id);
  co_return flow;
}

void run_group_spawn(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string& id = statement.text("group");
  const World::GroupSlot slot = world.group(id);
  if (!slot) {
    actor.log("skip tg_spawn " + id);
    return;
  }
  const std::string& coroutine = statement.text("coro");
  if (world.task_limit_reached(actor, coroutine)) return;
  const std::string name = world.next_task_name(coroutine);
  probe(actor, "tg_spawn " + id + " " + name, [&] {
    if (!slot->scope) throw corolla::RuntimeError("the block was left, and its group is out of reach");
    auto task = slot->scope->create_task(world.make_coroutine(coroutine, name));
    task.set_name(name);
    world.register_task(task, name);
    world.put_task(statement.text("into"), task);
    return kOk;
  });
}

Coro<Flow> run_timeout(Frame& frame, const Statement& statement) {
  const std::string& id = statement.text("id");
  const auto slot = std::make_shared<ScopeSlot<corolla::Timeout>>();
  frame.world.timeout(id) = slot;
  const bool absolute = statement.has("at");
  const std::optional<std::int64_t> number = statement.optional_integer(absolute ? "at" : "ms");
  const std::string label = "timeout " + id + (absolute ? " at " : " ") + text_of(number);
  frame.log("> " + label);
  Flow flow = Flow::kWentThrough;
  bool expired = false;
  auto body = [&](corolla::Timeout& timeout) -> Coro<void> {
    slot->scope = &timeout;
    std::exception_ptr error;
    try {
      flow = co_await run_scope_body(frame, id, statement.body);
    } catch (...) {
      error = std::current_exception();
    }
    expired = timeout.expired();  // it cannot fire any more: leaving does not suspend
    if (error) std::rethrow_exception(error);
  };
  std::optional<corolla::EventLoop::time_point> when;
  if (number) when = absolute ? World::at(*number) : World::at(frame.world.now() + *number);
  std::exception_ptr error;
  try {
    if (absolute || !number) {
      co_await corolla::timeout_at(when, body);
    } else {
      co_await corolla::timeout(std::chrono::milliseconds(*number), body);
    }
  } catch (...) {
    error = std::current_exception();
  }
  slot->scope = nullptr;
  const std::string suffix = " expired=" + conformance::text_of(expired);
  if (error) {
    frame.log("! " + label + " " + error_text(error) + suffix);
    std::rethrow_exception(error);
  }
  frame.log("< " + label + suffix);
  co_return flow;
}

void run_reschedule(const Actor& actor, const Statement& statement) {
  const std::string& id = statement.text("on");
  const World::TimeoutSlot slot = actor.world.timeout(id);
  if (!slot) {
    actor.log("skip reschedule " + id);
    return;
  }
  const std::optional<std::int64_t> ms = statement.optional_integer("ms");
  probe(actor, "reschedule " + id + " " + text_of(ms), [&] {
    if (!slot->scope) throw corolla::RuntimeError("the block was left, and its timeout is out of reach");
    std::optional<corolla::EventLoop::time_point> when;
    if (ms) when = World::at(actor.world.now() + *ms);
    slot->scope->reschedule(when);
    return kOk;
  });
}

}  // namespace

void add_scope_operations(OperationTable& table) {
  table.emplace_back("taskgroup", run_task_group);
  table.emplace_back("tg_spawn", run_group_spawn);
  table.emplace_back("timeout", run_timeout);
  table.emplace_back("reschedule", run_reschedule);
}

}  // namespace conformance
