// SPDX-License-Identifier: Apache-2.0
// Control flow: return, raise, if, repeat, try.
//
// A block ends by going through, by a return, or by an exception. Since nothing can be awaited in a catch block, an
// exception is kept as a pointer and thrown again behind whatever has to run first.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <algorithm>

namespace conformance {

namespace {

using corolla::Coro;

Coro<Flow> run_return(Frame& frame, const Statement& statement) {
  const auto value = statement.optional_integer("value");
  frame.value = value ? Value(*value) : Value();
  frame.log("return " + frame.value.text());
  co_return Flow::kReturned;
}

std::exception_ptr raised_by(const Statement& statement) {
  const std::string kind = statement.has("kind") ? statement.text("kind") : "Error";
  if (kind == "Timeout") return std::make_exception_ptr(corolla::TimeoutError());
  if (kind == "Cancelled") return std::make_exception_ptr(corolla::CancelledError());
  return std::make_exception_ptr(TaggedError(statement.text("tag")));
}

Coro<Flow> run_raise(Frame& frame, const Statement& statement) {
  const std::exception_ptr error = raised_by(statement);
  frame.log("raise " + error_text(error));
  std::rethrow_exception(error);
  co_return Flow::kWentThrough;
}

Coro<Flow> run_reraise(Frame& frame, const Statement& /*statement*/) {
  frame.log("reraise");
  std::rethrow_exception(frame.caught.back());
  co_return Flow::kWentThrough;
}

Coro<Flow> run_if(Frame& frame, const Statement& statement) {
  const bool taken = frame.world.variable(statement.text("var")) >= statement.integer("ge");
  co_return co_await run_block(frame, taken ? statement.body : statement.otherwise);
}

Coro<Flow> run_repeat(Frame& frame, const Statement& statement) {
  for (std::int64_t left = statement.integer("times"); left > 0; --left) {
    const Flow flow = co_await run_block(frame, statement.body);
    if (flow == Flow::kReturned) co_return flow;
  }
  co_return Flow::kWentThrough;
}

Coro<Flow> run_try(Frame& frame, const Statement& statement) {
  Flow flow = Flow::kWentThrough;
  std::exception_ptr error;
  try {
    flow = co_await run_block(frame, statement.body);
  } catch (...) {
    error = std::current_exception();
  }
  const auto clause = std::find_if(statement.clauses.begin(), statement.clauses.end(),
                                   [&](const Clause& candidate) { return error && clause_takes(candidate.on, error); });
  if (clause != statement.clauses.end()) {
    frame.log("caught " + error_text(error));
    frame.caught.push_back(std::exchange(error, nullptr));
    try {
      flow = co_await run_block(frame, clause->body);
    } catch (...) {
      error = std::current_exception();
    }
    frame.caught.pop_back();
  }
  if (!statement.finally.empty()) {
    frame.log("finally");
    co_await run_block(frame, statement.finally);
  }
  if (error) std::rethrow_exception(error);
  co_return flow;
}

}  // namespace

void add_control_operations(OperationTable& table) {
  table.emplace_back("return", run_return);
  table.emplace_back("raise", run_raise);
  table.emplace_back("reraise", run_reraise);
  table.emplace_back("if", run_if);
  table.emplace_back("repeat", run_repeat);
  table.emplace_back("try", run_try);
}

}  // namespace conformance
