// SPDX-License-Identifier: Apache-2.0
// Events, conditions and barriers.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

#include <cstddef>

namespace conformance {

namespace {

using corolla::Coro;

std::optional<std::string> named_label(const Frame& /*frame*/, const Statement& statement) {
  return statement.op() + " " + statement.text("on");
}

// Events

void run_event_set(const Actor& actor, const Statement& statement) {
  actor.world.event(statement.text("on")).set();
  actor.log("ev_set " + statement.text("on"));
}

void run_event_clear(const Actor& actor, const Statement& statement) {
  actor.world.event(statement.text("on")).clear();
  actor.log("ev_clear " + statement.text("on"));
}

void run_event_is_set(const Actor& actor, const Statement& statement) {
  const bool set = actor.world.event(statement.text("on")).is_set();
  actor.log("ev_is_set " + statement.text("on") + " = " + text_of(set));
}

Coro<std::string> run_event_wait(Frame& frame, const Statement& statement) {
  co_await frame.world.event(statement.text("on")).wait();
  co_return std::string();
}

// Conditions

void run_notify(const Actor& actor, const Statement& statement) {
  const std::int64_t n = statement.integer("n");
  probe(actor, "notify " + statement.text("on") + " " + std::to_string(n), [&] {
    actor.world.condition(statement.text("on")).notify(static_cast<std::size_t>(n));
    return kOk;
  });
}

void run_notify_all(const Actor& actor, const Statement& statement) {
  probe(actor, "notify_all " + statement.text("on"), [&] {
    actor.world.condition(statement.text("on")).notify_all();
    return kOk;
  });
}

Coro<std::string> run_condition_wait(Frame& frame, const Statement& statement) {
  co_await frame.world.condition(statement.text("on")).wait();
  co_return std::string();
}

std::optional<std::string> condition_wait_for_label(const Frame& /*frame*/, const Statement& statement) {
  return "cond_wait_for " + statement.text("on") + " " + statement.text("var") +
         ">=" + std::to_string(statement.integer("ge"));
}

Coro<std::string> run_condition_wait_for(Frame& frame, const Statement& statement) {
  const std::int64_t& variable = frame.world.variable(statement.text("var"));
  const std::int64_t floor = statement.integer("ge");
  auto reached = [&] { return variable >= floor; };
  co_await frame.world.condition(statement.text("on")).wait_for(reached);
  co_return std::string();
}

// Barriers

void run_barrier_info(const Actor& actor, const Statement& statement) {
  const corolla::Barrier& barrier = actor.world.barrier(statement.text("on"));
  actor.log("barrier " + statement.text("on") + " parties=" + std::to_string(barrier.parties()) +
            " n_waiting=" + std::to_string(barrier.n_waiting()) + " broken=" + text_of(barrier.broken()));
}

Coro<std::string> run_barrier_wait(Frame& frame, const Statement& statement) {
  const std::size_t index = co_await frame.world.barrier(statement.text("on")).wait();
  co_return " " + std::to_string(index);
}

Coro<std::string> run_barrier_reset(Frame& frame, const Statement& statement) {
  co_await frame.world.barrier(statement.text("on")).reset();
  co_return std::string();
}

Coro<std::string> run_barrier_abort(Frame& frame, const Statement& statement) {
  co_await frame.world.barrier(statement.text("on")).abort();
  co_return std::string();
}

}  // namespace

void add_sync_operations(OperationTable& table) {
  table.emplace_back("ev_set", run_event_set);
  table.emplace_back("ev_clear", run_event_clear);
  table.emplace_back("ev_is_set", run_event_is_set);
  table.emplace_back("ev_wait", AwaitingOperation{named_label, run_event_wait});
  table.emplace_back("notify", run_notify);
  table.emplace_back("notify_all", run_notify_all);
  table.emplace_back("cond_wait", AwaitingOperation{named_label, run_condition_wait});
  table.emplace_back("cond_wait_for", AwaitingOperation{condition_wait_for_label, run_condition_wait_for});
  table.emplace_back("barrier_info", run_barrier_info);
  table.emplace_back("barrier_wait", AwaitingOperation{named_label, run_barrier_wait});
  table.emplace_back("barrier_reset", AwaitingOperation{named_label, run_barrier_reset});
  table.emplace_back("barrier_abort", AwaitingOperation{named_label, run_barrier_abort});
}

}  // namespace conformance
