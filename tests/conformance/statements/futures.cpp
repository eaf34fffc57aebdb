// SPDX-License-Identifier: Apache-2.0
// Bare futures and gather.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

namespace conformance {

namespace {

using corolla::Coro;

void run_future(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const auto future = world.loop().create_future<Value>();
  world.put_future(statement.text("into"), future);
  actor.log("future " + world.name_of(future));
}

void run_set_result(const Actor& actor, const Statement& statement) {
  const ProgramFuture* future = actor.world.future_or_skip(actor, statement);
  if (!future) return;
  const std::int64_t value = statement.integer("value");
  probe(actor, "set_result " + actor.world.name_of(*future) + " " + std::to_string(value), [&] {
    future->set_result(Value(value));
    return kOk;
  });
}

void run_set_exception(const Actor& actor, const Statement& statement) {
  const ProgramFuture* future = actor.world.future_or_skip(actor, statement);
  if (!future) return;
  const std::string& tag = statement.text("tag");
  probe(actor, "set_exception " + actor.world.name_of(*future) + " " + tag, [&] {
    future->set_exception(TaggedError(tag));
    return kOk;
  });
}

void run_gather_into(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string names = world.names_of(world.several(statement));
  const ProgramFuture outer = world.gather(statement);
  world.put_future(statement.text("into"), outer);
  actor.log("gather " + names + " re=" + text_of(statement.flag("return_exceptions")) + " -> " + world.name_of(outer));
}

std::optional<std::string> gather_label(const Frame& frame, const Statement& statement) {
  const World& world = frame.world;
  return "gather " + world.names_of(world.several(statement)) + " re=" + text_of(statement.flag("return_exceptions"));
}

Coro<std::string> run_gather(Frame& frame, const Statement& statement) {
  const ProgramFuture outer = frame.world.gather(statement);
  const Value value = co_await outer;
  co_return " " + value.text();
}

}  // namespace

void add_future_operations(OperationTable& table) {
  table.emplace_back("future", run_future);
  table.emplace_back("set_result", run_set_result);
  table.emplace_back("set_exception", run_set_exception);
  table.emplace_back("gather_into", run_gather_into);
  table.emplace_back("gather", AwaitingOperation{gather_label, run_gather});
}

}  // namespace conformance
