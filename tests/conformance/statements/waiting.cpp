// SPDX-License-Identifier: Apache-2.0
// Waiting for futures: wait_for.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <corolla/runtime/wait_for.hpp>

#include <chrono>

namespace conformance {

namespace {

using corolla::Coro;

std::optional<corolla::EventLoop::duration> limit_of(const Statement& statement) {
  const std::optional<std::int64_t> ms = statement.optional_integer("ms");
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(*ms);
}

std::string limit_text(const Statement& statement) {
  const std::optional<std::int64_t> ms = statement.optional_integer("ms");
  return ms ? std::to_string(*ms) : "None";
}

std::optional<std::string> wait_for_label(const Frame& frame, const Statement& statement) {
  if (statement.has("coro")) return "wait_for " + statement.text("coro") + "() " + limit_text(statement);
  const ProgramFuture* future = frame.world.future_or_skip(frame, statement);
  if (!future) return std::nullopt;
  return "wait_for " + frame.world.name_of(*future) + " " + limit_text(statement);
}

Coro<std::string> run_wait_for(Frame& frame, const Statement& statement) {
  Value value;
  if (statement.has("coro")) {
    value =
        co_await corolla::wait_for(frame.world.make_coroutine(statement.text("coro"), frame.who), limit_of(statement));
  } else {
    const ProgramFuture future = *frame.world.future(statement.text("on"));
    value = co_await corolla::wait_for(future, limit_of(statement));
  }
  co_return " " + value.text();
}

}  // namespace

void add_waiting_operations(OperationTable& table) {
  table.emplace_back("wait_for", AwaitingOperation{wait_for_label, run_wait_for});
}

}  // namespace conformance
