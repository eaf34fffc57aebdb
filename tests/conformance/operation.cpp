// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/operation.hpp"

#include "tests/conformance/errors.hpp"
#include "tests/conformance/world.hpp"

#include <unordered_map>

namespace conformance {

void Actor::log(const std::string& event) const { world.log(who, event); }

const Operation* find_operation(std::string_view name) {
  static const std::unordered_map<std::string_view, Operation> operations = [] {
    OperationTable table;
    add_callback_operations(table);
    add_control_operations(table);
    add_future_operations(table);
    add_introspection_operations(table);
    add_lock_operations(table);
    add_queue_operations(table);
    add_scope_operations(table);
    add_stream_operations(table);
    add_sync_operations(table);
    add_task_operations(table);
    add_variable_operations(table);
    add_waiting_operations(table);
    return std::unordered_map<std::string_view, Operation>(table.begin(), table.end());
  }();
  const auto found = operations.find(name);
  return found == operations.end() ? nullptr : &found->second;
}

namespace {

corolla::Coro<void> run_awaiting(Frame& frame, const Statement& statement, const AwaitingOperation& operation) {
  const std::optional<std::string> label = operation.label(frame, statement);
  if (!label) co_return;
  frame.log("> " + *label);
  std::string result;
  std::exception_ptr error;
  try {
    result = co_await operation.run(frame, statement);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    frame.log("! " + *label + " " + error_text(error));
    std::rethrow_exception(error);
  }
  frame.log("< " + *label + result);
}

}  // namespace

corolla::Coro<Flow> run_block(Frame& frame, const Block& block) {
  for (const Statement& statement : block) {
    if (!statement.operation()) frame.world.fail("unknown statement: " + statement.op());
    const auto& form = statement.operation()->form;
    if (const auto* sync = std::get_if<SyncOperation>(&form)) {
      (*sync)(frame, statement);
    } else if (const auto* awaiting = std::get_if<AwaitingOperation>(&form)) {
      co_await run_awaiting(frame, statement, *awaiting);
    } else {
      const Flow flow = co_await std::get<FlowOperation>(form)(frame, statement);
      if (flow == Flow::kReturned) co_return flow;
    }
  }
  co_return Flow::kWentThrough;
}

corolla::Coro<Value> run_coroutine(World& world, std::string who, const Block& block) {
  Frame frame(world, std::move(who));
  frame.log("begin");
  std::exception_ptr error;
  try {
    co_await run_block(frame, block);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    frame.log("exit !" + error_text(error));
    std::rethrow_exception(error);
  }
  frame.log("end " + frame.value.text());
  co_return std::move(frame.value);
}

void run_callback(World& world, const std::string& who, const Block& block) {
  const Actor actor(world, who);
  for (const Statement& statement : block) {
    if (statement.op() == "raise") {
      actor.log("raise Error(" + statement.text("tag") + ")");
      throw TaggedError(statement.text("tag"));
    }
    const auto* run = statement.operation() ? std::get_if<SyncOperation>(&statement.operation()->form) : nullptr;
    if (!run) world.fail("unknown statement in a callback: " + statement.op());
    (*run)(actor, statement);
  }
}

}  // namespace conformance
