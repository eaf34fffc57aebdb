// SPDX-License-Identifier: Apache-2.0
// The synchronisation objects a program declares.
#pragma once

#include "tests/conformance/program.hpp"
#include "tests/conformance/value.hpp"

#include <corolla/net/stream_reader.hpp>
#include <corolla/runtime/context.hpp>
#include <corolla/sync/barrier.hpp>
#include <corolla/sync/condition.hpp>
#include <corolla/sync/event.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/queue.hpp>
#include <corolla/sync/semaphore.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

namespace conformance {

/// Smallest integer first.
struct ByInteger {
  bool operator()(const Value& a, const Value& b) const { return a.integer() < b.integer(); }
};

/// A queue of one of the three kinds.
using AnyQueue = std::variant<std::unique_ptr<corolla::Queue<Value>>, std::unique_ptr<corolla::LifoQueue<Value>>,
                              std::unique_ptr<corolla::PriorityQueue<Value, ByInteger>>>;

/// A reader fed by hand.
struct ProgramStream {
  std::unique_ptr<corolla::StreamReader> reader;
  bool ended = false;    // feed_eof was called
  bool reading = false;  // a read statement has begun and not ended
};

/// By name. Kinds that this interpreter does not know are left out: a statement that names one ends the program.
struct Objects {
  std::map<std::string, std::shared_ptr<corolla::Lock>> locks;
  std::map<std::string, std::shared_ptr<corolla::Condition>> conditions;  // some share a lock, and die before it
  std::map<std::string, std::shared_ptr<corolla::Barrier>> barriers;
  std::map<std::string, std::shared_ptr<corolla::Event>> events;
  std::map<std::string, std::shared_ptr<corolla::Semaphore>> semaphores;  // bounded ones, too
  std::map<std::string, std::shared_ptr<AnyQueue>> queues;
  std::map<std::string, std::shared_ptr<ProgramStream>> streams;
  std::map<std::string, std::shared_ptr<corolla::ContextVar<std::int64_t>>> context_variables;
};

[[nodiscard]] Objects make_objects(const Program& program, corolla::EventLoop& loop);

}  // namespace conformance
