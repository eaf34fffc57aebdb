// SPDX-License-Identifier: Apache-2.0
// call_soon, call_later, call_at, their handles, and done callbacks.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <chrono>

namespace conformance {

namespace {

void fire(World& world, const std::string& callback, const std::string& who) {
  world.log(who, "fire");
  run_callback(world, who, world.program().callback(callback));
}

/// What a handle runs.
auto invocation(const Actor& actor, const std::string& callback, const std::string& who) {
  return [&world = actor.world, callback, who] { fire(world, callback, who); };
}

void run_call_soon(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string& callback = statement.text("cb");
  const std::string who = world.next_callback_name(callback);
  actor.log("call_soon " + who);
  world.put_handle(statement.text("into"), {world.loop().call_soon(invocation(actor, callback, who)), who});
}

void run_call_later(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string& callback = statement.text("cb");
  const std::int64_t ms = statement.integer("ms");
  const std::string who = world.next_callback_name(callback);
  actor.log("call_later " + std::to_string(ms) + " " + who);
  world.put_handle(statement.text("into"),
                   {world.loop().call_later(std::chrono::milliseconds(ms), invocation(actor, callback, who)), who});
}

void run_call_at(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const std::string& callback = statement.text("cb");
  const std::int64_t at = statement.integer("at");
  const std::string who = world.next_callback_name(callback);
  actor.log("call_at " + std::to_string(at) + " " + who);
  world.put_handle(statement.text("into"),
                   {world.loop().call_at(World::at(at), invocation(actor, callback, who)), who});
}

void run_handle_cancel(const Actor& actor, const Statement& statement) {
  const NamedHandle* found = actor.world.handle(statement.text("on"));
  if (!found) {
    actor.log("skip handle_cancel " + statement.text("on"));
    return;
  }
  const bool before = found->handle.cancelled();
  found->handle.cancel();
  actor.log("handle_cancel " + found->who + " was=" + text_of(before));
}

void run_add_done_callback(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const ProgramFuture* future = world.future_or_skip(actor, statement);
  if (!future) return;
  const std::string& callback = statement.text("cb");
  const std::string who = world.next_callback_name(callback);
  actor.log("add_done_callback " + world.name_of(*future) + " " + who);
  world.add_done_callback(*future, callback, who);
}

void run_remove_done_callback(const Actor& actor, const Statement& statement) {
  World& world = actor.world;
  const ProgramFuture* future = world.future_or_skip(actor, statement);
  if (!future) return;
  const std::string& callback = statement.text("cb");
  const int removed = world.remove_done_callbacks(*future, callback);
  actor.log("remove_done_callback " + world.name_of(*future) + " " + callback + " = " + std::to_string(removed));
}

}  // namespace

void add_callback_operations(OperationTable& table) {
  table.emplace_back("call_soon", run_call_soon);
  table.emplace_back("call_later", run_call_later);
  table.emplace_back("call_at", run_call_at);
  table.emplace_back("handle_cancel", run_handle_cancel);
  table.emplace_back("add_done_callback", run_add_done_callback);
  table.emplace_back("remove_done_callback", run_remove_done_callback);
}

}  // namespace conformance
