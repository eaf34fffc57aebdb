// SPDX-License-Identifier: Apache-2.0
// How statements are run: three forms of operations, and the table of all of them.
#pragma once

#include "tests/conformance/program.hpp"
#include "tests/conformance/value.hpp"

#include <corolla/runtime/coro.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace conformance {

class World;

/// Who runs statements: a task, or the invocation of a callback.
class Actor {
 public:
  Actor(World& where, std::string name) : world(where), who(std::move(name)) {}
  /// Throws TraceClosed when the trace is closed.
  void log(const std::string& event) const;

  World& world;
  const std::string who;
};

/// A coroutine of the program in the middle of its statements.
class Frame : public Actor {
 public:
  using Actor::Actor;
  Value value;                             // of the return statement that ran
  std::vector<std::exception_ptr> caught;  // by the catch clauses being executed, innermost last
};

/// How a block ended, exceptions apart.
enum class Flow { kWentThrough, kReturned };

/// Synchronous: allowed in callbacks, too; does its own logging.
using SyncOperation = void (*)(const Actor&, const Statement&);

/// Awaiting: logged before and after. `label` gives nullopt when the statement is to be skipped, having said so itself.
/// `run` gives what follows the label in the line after, with its leading space.
struct AwaitingOperation {
  std::optional<std::string> (*label)(const Frame&, const Statement&);
  corolla::Coro<std::string> (*run)(Frame&, const Statement&);
};

/// Control flow: runs blocks.
using FlowOperation = corolla::Coro<Flow> (*)(Frame&, const Statement&);

class Operation {
 public:
  Operation(SyncOperation run) : form(run) {}      // NOLINT(google-explicit-constructor)
  Operation(AwaitingOperation run) : form(run) {}  // NOLINT(google-explicit-constructor)
  Operation(FlowOperation run) : form(run) {}      // NOLINT(google-explicit-constructor)
  std::variant<SyncOperation, AwaitingOperation, FlowOperation> form;
};

/// Each family of statements adds its own.
using OperationTable = std::vector<std::pair<std::string_view, Operation>>;
void add_callback_operations(OperationTable& table);
void add_control_operations(OperationTable& table);
void add_future_operations(OperationTable& table);
void add_introspection_operations(OperationTable& table);
void add_lock_operations(OperationTable& table);
void add_queue_operations(OperationTable& table);
void add_scope_operations(OperationTable& table);
void add_stream_operations(OperationTable& table);
void add_sync_operations(OperationTable& table);
void add_task_operations(OperationTable& table);
void add_variable_operations(OperationTable& table);
void add_waiting_operations(OperationTable& table);

/// Null when no family knows it.
[[nodiscard]] const Operation* find_operation(std::string_view name);

/// Runs a coroutine of the program in the running task.
[[nodiscard]] corolla::Coro<Value> run_coroutine(World& world, std::string who, const Block& block);
/// Runs statements one after another.
[[nodiscard]] corolla::Coro<Flow> run_block(Frame& frame, const Block& block);
/// Runs the statements of a callback; throws what they raise.
void run_callback(World& world, const std::string& who, const Block& block);

}  // namespace conformance
