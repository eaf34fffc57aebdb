// SPDX-License-Identifier: Apache-2.0
// Waiting for futures: wait_for, wait, as_completed, shield.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <corolla/runtime/as_completed.hpp>
#include <corolla/runtime/shield.hpp>
#include <corolla/runtime/wait.hpp>
#include <corolla/runtime/wait_for.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

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

/// The futures under "of", each once.
std::vector<ProgramFuture> distinct(const Frame& frame, const Statement& statement) {
  std::vector<ProgramFuture> result;
  for (const ProgramFuture& future : frame.world.several(statement)) {
    if (std::find(result.begin(), result.end(), future) == result.end()) result.push_back(future);
  }
  return result;
}

corolla::ReturnWhen return_when(Frame& frame, const std::string& name) {
  if (name == "ALL_COMPLETED") return corolla::ReturnWhen::kAllCompleted;
  if (name == "FIRST_COMPLETED") return corolla::ReturnWhen::kFirstCompleted;
  if (name != "FIRST_EXCEPTION") frame.world.fail("unknown return_when: " + name);
  return corolla::ReturnWhen::kFirstException;
}

std::optional<std::string> wait_label(const Frame& frame, const Statement& statement) {
  return "wait " + frame.world.names_of(distinct(frame, statement)) + " " + statement.text("when") + " " +
         limit_text(statement);
}

Coro<std::string> run_wait(Frame& frame, const Statement& statement) {
  const std::vector<ProgramFuture> futures = frame.world.several(statement);
  const corolla::ReturnWhen when = return_when(frame, statement.text("when"));
  const auto result = co_await corolla::wait(futures, when, limit_of(statement));
  co_return " done=" + frame.world.names_of(result.done) + " pending=" + frame.world.names_of(result.pending);
}

std::optional<std::string> as_completed_label(const Frame& frame, const Statement& statement) {
  return "as_completed " + frame.world.names_of(distinct(frame, statement)) + " " + limit_text(statement);
}

Coro<std::string> run_as_completed(Frame& frame, const Statement& statement) {
  const std::vector<ProgramFuture> futures = frame.world.several(statement);
  for (auto& next : corolla::as_completed(futures, limit_of(statement))) {
    std::string item;
    bool timed_out = false;
    try {
      const Value value = co_await next;
      item = value.text();
    } catch (const corolla::TimeoutError&) {
      timed_out = true;  // its own, or one that a child failed with
    } catch (const corolla::Error&) {
      item = "!" + error_text(std::current_exception());
    }
    frame.log("item " + (timed_out ? "!Timeout" : item));
    if (timed_out) break;
  }
  co_return std::string();
}

std::optional<std::string> shield_label(const Frame& frame, const Statement& statement) {
  const ProgramFuture* future = frame.world.future_or_skip(frame, statement);
  if (!future) return std::nullopt;
  return "shield " + frame.world.name_of(*future);
}

Coro<std::string> run_shield(Frame& frame, const Statement& statement) {
  const ProgramFuture inner = *frame.world.future(statement.text("on"));
  const Value value = co_await corolla::shield(inner);
  co_return " " + value.text();
}

void run_shield_into(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const ProgramFuture* found = world.future_or_skip(actor, statement);
  if (!found) return;
  const ProgramFuture inner = *found;
  const ProgramFuture outer = corolla::shield(inner);
  world.put_future(statement.text("into"), outer);
  actor.log("shield " + world.name_of(inner) + " -> " + world.name_of(outer));
}

}  // namespace

void add_waiting_operations(OperationTable& table) {
  table.emplace_back("wait_for", AwaitingOperation{wait_for_label, run_wait_for});
  table.emplace_back("wait", AwaitingOperation{wait_label, run_wait});
  table.emplace_back("as_completed", AwaitingOperation{as_completed_label, run_as_completed});
  table.emplace_back("shield", AwaitingOperation{shield_label, run_shield});
  table.emplace_back("shield_into", run_shield_into);
}

}  // namespace conformance
