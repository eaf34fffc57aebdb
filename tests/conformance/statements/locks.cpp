// SPDX-License-Identifier: Apache-2.0
// Locks and semaphores, and the block that holds one of them or a condition.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

#include <variant>

namespace conformance {

namespace {

using corolla::Coro;

/// What the library gives to who acquired a lock or a semaphore.
using Hold = std::variant<corolla::Lock::Guard, corolla::Semaphore::Permit>;

/// Calls visitor(object) with the lock, condition or semaphore that a statement names.
template <class Visitor>
auto visit_lockable(const Actor& actor, const Statement& statement, Visitor visitor) {
  const std::string& name = statement.text("on");
  if (actor.world.objects().locks.contains(name)) return visitor(actor.world.lock(name));
  if (actor.world.objects().conditions.contains(name)) return visitor(actor.world.condition(name));
  return visitor(actor.world.semaphore(name));
}

template <class Lockable>
Coro<Hold> hold(Lockable& lockable) {
  auto held = co_await lockable.acquire();
  co_return Hold(std::move(held));
}

void run_release(const Actor& actor, const Statement& statement) {
  probe(actor, "release " + statement.text("on"), [&] {
    visit_lockable(actor, statement, [](auto& lockable) { lockable.release(); });
    return kOk;
  });
}

void run_locked(const Actor& actor, const Statement& statement) {
  const bool locked = visit_lockable(actor, statement, [](auto& lockable) { return lockable.locked(); });
  actor.log("locked " + statement.text("on") + " = " + text_of(locked));
}

std::optional<std::string> acquire_label(const Frame& /*frame*/, const Statement& statement) {
  return "acquire " + statement.text("on");
}

Coro<std::string> run_acquire(Frame& frame, const Statement& statement) {
  Hold held = co_await visit_lockable(frame, statement, [](auto& lockable) { return hold(lockable); });
  std::visit([](auto& guard) { guard.detach(); }, held);  // a statement of its own releases it
  co_return std::string();
}

Coro<Flow> run_with(Frame& frame, const Statement& statement) {
  const std::string& name = statement.text("on");
  frame.log("> enter " + name);
  std::optional<Hold> held;
  std::exception_ptr error;
  try {
    held.emplace(co_await visit_lockable(frame, statement, [](auto& lockable) { return hold(lockable); }));
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    frame.log("! enter " + name + " " + error_text(error));
    std::rethrow_exception(error);
  }
  frame.log("< enter " + name);
  Flow flow = Flow::kWentThrough;
  try {
    flow = co_await run_block(frame, statement.body);
  } catch (...) {
    error = std::current_exception();
  }
  std::string failure;
  try {
    std::visit([](auto& guard) { guard.release(); }, *held);
  } catch (...) {
    error = std::current_exception();
    failure = " !" + error_text(error);
  }
  frame.log("leave " + name + failure);
  if (error) std::rethrow_exception(error);
  co_return flow;
}

}  // namespace

void add_lock_operations(OperationTable& table) {
  table.emplace_back("release", run_release);
  table.emplace_back("locked", run_locked);
  table.emplace_back("acquire", AwaitingOperation{acquire_label, run_acquire});
  table.emplace_back("with", run_with);
}

}  // namespace conformance
