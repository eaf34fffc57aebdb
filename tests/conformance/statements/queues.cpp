// SPDX-License-Identifier: Apache-2.0
// The three kinds of queues.
#include "tests/conformance/operation.hpp"
#include "tests/conformance/probe.hpp"
#include "tests/conformance/world.hpp"

#include <variant>

namespace conformance {

namespace {

using corolla::Coro;

/// Calls visitor(queue) with the queue a statement names, whatever its kind.
template <class Visitor>
auto visit_queue(const Actor& actor, const Statement& statement, Visitor visitor) {
  return std::visit([&](const auto& queue) { return visitor(*queue); }, actor.world.queue(statement.text("on")));
}

std::optional<std::string> put_label(const Frame& /*frame*/, const Statement& statement) {
  return statement.op() + " " + statement.text("on") + " " + std::to_string(statement.integer("item"));
}

std::optional<std::string> queue_label(const Frame& /*frame*/, const Statement& statement) {
  return statement.op() + " " + statement.text("on");
}

void run_put_nowait(const Actor& actor, const Statement& statement) {
  const std::int64_t item = statement.integer("item");
  probe(actor, "put_nowait " + statement.text("on") + " " + std::to_string(item), [&] {
    visit_queue(actor, statement, [&](auto& queue) { queue.put_nowait(Value(item)); });
    return kOk;
  });
}

void run_get_nowait(const Actor& actor, const Statement& statement) {
  probe(actor, "get_nowait " + statement.text("on") + " =",
        [&] { return visit_queue(actor, statement, [](auto& queue) { return queue.get_nowait().text(); }); });
}

void run_task_done(const Actor& actor, const Statement& statement) {
  probe(actor, "task_done " + statement.text("on"), [&] {
    visit_queue(actor, statement, [](auto& queue) { queue.task_done(); });
    return kOk;
  });
}

void run_shutdown(const Actor& actor, const Statement& statement) {
  const bool immediate = statement.flag("immediate");
  visit_queue(actor, statement, [&](auto& queue) { queue.shutdown(immediate); });
  actor.log("q_shutdown " + statement.text("on") + " immediate=" + text_of(immediate));
}

void run_info(const Actor& actor, const Statement& statement) {
  visit_queue(actor, statement, [&](auto& queue) {
    actor.log("queue " + statement.text("on") + " size=" + std::to_string(queue.qsize()) +
              " empty=" + text_of(queue.empty()) + " full=" + text_of(queue.full()));
  });
}

template <class Queue>
Coro<void> put_into(Queue& queue, std::int64_t item) {
  co_await queue.put(Value(item));
}

template <class Queue>
Coro<Value> get_from(Queue& queue) {
  co_return co_await queue.get();
}

template <class Queue>
Coro<void> join(Queue& queue) {
  co_await queue.join();
}

Coro<std::string> run_put(Frame& frame, const Statement& statement) {
  const std::int64_t item = statement.integer("item");
  co_await visit_queue(frame, statement, [item](auto& queue) { return put_into(queue, item); });
  co_return std::string();
}

Coro<std::string> run_get(Frame& frame, const Statement& statement) {
  const Value item = co_await visit_queue(frame, statement, [](auto& queue) { return get_from(queue); });
  co_return " " + item.text();
}

Coro<std::string> run_join(Frame& frame, const Statement& statement) {
  co_await visit_queue(frame, statement, [](auto& queue) { return join(queue); });
  co_return std::string();
}

}  // namespace

void add_queue_operations(OperationTable& table) {
  table.emplace_back("put_nowait", run_put_nowait);
  table.emplace_back("get_nowait", run_get_nowait);
  table.emplace_back("task_done", run_task_done);
  table.emplace_back("q_shutdown", run_shutdown);
  table.emplace_back("q_info", run_info);
  table.emplace_back("put", AwaitingOperation{put_label, run_put});
  table.emplace_back("get", AwaitingOperation{queue_label, run_get});
  table.emplace_back("join", AwaitingOperation{queue_label, run_join});
}

}  // namespace conformance
