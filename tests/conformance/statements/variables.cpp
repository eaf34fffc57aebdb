// SPDX-License-Identifier: Apache-2.0
// log, plain variables and context variables.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

namespace conformance {

namespace {

void run_log(const Actor& actor, const Statement& statement) { actor.log("log " + statement.text("text")); }

void run_set(const Actor& actor, const Statement& statement) {
  const std::string& name = statement.text("var");
  std::int64_t& variable = actor.world.variable(name);
  variable += statement.integer("add");
  actor.log("set " + name + " = " + std::to_string(variable));
}

void run_context_set(const Actor& actor, const Statement& statement) {
  const std::string& name = statement.text("var");
  const std::int64_t value = statement.integer("value");
  actor.world.context_variable(name).set(value);
  actor.log("ctx_set " + name + " " + std::to_string(value));
}

void run_context_get(const Actor& actor, const Statement& statement) {
  const std::string& name = statement.text("var");
  actor.log("ctx_get " + name + " = " + std::to_string(actor.world.context_variable(name).get()));
}

}  // namespace

void add_variable_operations(OperationTable& table) {
  table.emplace_back("log", run_log);
  table.emplace_back("set", run_set);
  table.emplace_back("ctx_set", run_context_set);
  table.emplace_back("ctx_get", run_context_get);
}

}  // namespace conformance
