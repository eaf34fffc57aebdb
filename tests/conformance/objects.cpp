// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/objects.hpp"

#include <cstddef>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace conformance {

namespace {

AnyQueue make_queue(const std::string& kind, std::ptrdiff_t maxsize) {
  if (kind == "fifo") return std::make_unique<corolla::Queue<Value>>(maxsize);
  if (kind == "lifo") return std::make_unique<corolla::LifoQueue<Value>>(maxsize);
  if (kind == "priority") return std::make_unique<corolla::PriorityQueue<Value, ByInteger>>(maxsize);
  throw std::invalid_argument("unknown kind of queue: " + kind);
}

/// Calls make(name, argument) for each object of a kind.
template <class Make>
void for_each(const Program& program, const char* kind, Make make) {
  const nlohmann::json* objects = program.objects(kind);
  if (!objects) return;
  for (const auto& [name, argument] : objects->items()) make(name, argument);
}

}  // namespace

Objects make_objects(const Program& program, corolla::EventLoop& loop) {
  Objects result;
  for_each(program, "locks", [&](const std::string& name, const nlohmann::json& /*argument*/) {
    result.locks[name] = std::make_shared<corolla::Lock>();
  });
  for_each(program, "conditions", [&](const std::string& name, const nlohmann::json& lock) {
    result.conditions[name] = lock.is_null()
                                  ? std::make_shared<corolla::Condition>()
                                  : std::make_shared<corolla::Condition>(*result.locks.at(lock.get<std::string>()));
  });
  for_each(program, "barriers", [&](const std::string& name, const nlohmann::json& parties) {
    result.barriers[name] = std::make_shared<corolla::Barrier>(parties.get<std::ptrdiff_t>());
  });
  for_each(program, "events", [&](const std::string& name, const nlohmann::json& /*argument*/) {
    result.events[name] = std::make_shared<corolla::Event>();
  });
  for_each(program, "semaphores", [&](const std::string& name, const nlohmann::json& value) {
    result.semaphores[name] = std::make_shared<corolla::Semaphore>(value.get<std::ptrdiff_t>());
  });
  for_each(program, "bsemaphores", [&](const std::string& name, const nlohmann::json& value) {
    result.semaphores[name] = std::make_shared<corolla::BoundedSemaphore>(value.get<std::ptrdiff_t>());
  });
  for_each(program, "queues", [&](const std::string& name, const nlohmann::json& argument) {
    result.queues[name] = std::make_shared<AnyQueue>(
        make_queue(argument.at("kind").get<std::string>(), argument.at("maxsize").get<std::ptrdiff_t>()));
  });
  for_each(program, "streams", [&](const std::string& name, const nlohmann::json& limit) {
    auto stream = std::make_shared<ProgramStream>();
    stream->reader = std::make_unique<corolla::StreamReader>(loop, limit.get<std::size_t>());
    result.streams[name] = std::move(stream);
  });
  if (const nlohmann::json* names = program.objects("contextvars")) {
    for (const nlohmann::json& entry : *names) {
      const auto name = entry.get<std::string>();
      result.context_variables[name] = std::make_shared<corolla::ContextVar<std::int64_t>>(name, 0);
    }
  }
  return result;
}

}  // namespace conformance
