// SPDX-License-Identifier: Apache-2.0
// Looking at futures and tasks.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

#include <set>

namespace conformance {

namespace {

void run_inspect(const Actor& actor, const Statement& statement) {
  const ProgramFuture* future = actor.world.future_or_skip(actor, statement);
  if (!future) return;
  const std::string& what = statement.text("what");
  probe(actor, what + " " + actor.world.name_of(*future) + " =", [&]() -> std::string {
    if (what == "done") return text_of(future->done());
    if (what == "cancelled") return text_of(future->cancelled());
    if (what == "result") return future->result().text();
    if (what != "exception") actor.world.fail("unknown inspect: " + what);
    const std::exception_ptr error = future->exception();
    return error ? Value(error).text() : Value().text();
  });
}

void run_all_tasks(const Actor& actor, const Statement& /*statement*/) {
  std::set<const corolla::FutureBase*> alive;
  for (const corolla::TaskBase* task = actor.world.loop().core().first_task(); task; task = task->next_task())
    alive.insert(task);
  std::vector<ProgramFuture> found;
  for (const ProgramFuture& task : actor.world.tasks()) {
    if (alive.contains(task.state().get())) found.push_back(task);
  }
  actor.log("all_tasks " + actor.world.names_of(found));
}

void run_current_task(const Actor& actor, const Statement& /*statement*/) {
  const auto task = corolla::current_task();
  actor.log("current_task " + (task.valid() ? actor.world.name_of(*task.state()) : "None"));
}

}  // namespace

void add_introspection_operations(OperationTable& table) {
  table.emplace_back("inspect", run_inspect);
  table.emplace_back("all_tasks", run_all_tasks);
  table.emplace_back("current_task", run_current_task);
}

}  // namespace conformance
