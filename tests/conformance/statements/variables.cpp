// SPDX-License-Identifier: Apache-2.0
// log and the plain variables.
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

}  // namespace

void add_variable_operations(OperationTable& table) {
  table.emplace_back("log", run_log);
  table.emplace_back("set", run_set);
}

}  // namespace conformance
