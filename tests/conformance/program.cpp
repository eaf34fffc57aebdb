// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/program.hpp"

#include "tests/conformance/operation.hpp"

#include <nlohmann/json.hpp>

namespace conformance {

namespace {

Block block_of(const nlohmann::json& statements) { return Block(statements.begin(), statements.end()); }

Block block_at(const nlohmann::json& source, const char* key) {
  const auto found = source.find(key);
  return found == source.end() ? Block() : block_of(*found);
}

}  // namespace

Statement::Statement(const nlohmann::json& source)
    : body(block_at(source, "body")),
      otherwise(block_at(source, "else")),
      finally(block_at(source, "finally")),
      source_(&source),
      op_(source.at("op").get<std::string>()),
      operation_(find_operation(op_)) {
  if (source.contains("then")) body = block_of(source.at("then"));
  if (const auto found = source.find("catch"); found != source.end()) {
    for (const nlohmann::json& clause : *found)
      clauses.push_back(Clause{clause.at("on").get<std::string>(), block_of(clause.at("body"))});
  }
}

Statement::Statement(Statement&&) noexcept = default;
Statement::~Statement() = default;

const std::string& Statement::text(const char* key) const { return source_->at(key).get_ref<const std::string&>(); }
std::int64_t Statement::integer(const char* key) const { return source_->at(key).get<std::int64_t>(); }
bool Statement::flag(const char* key) const { return source_->value(key, false); }
bool Statement::has(const char* key) const { return source_->contains(key); }
std::optional<std::int64_t> Statement::optional_integer(const char* key) const {
  const nlohmann::json& found = source_->at(key);
  if (found.is_null()) return std::nullopt;
  return found.get<std::int64_t>();
}
std::vector<std::string> Statement::names() const { return source_->at("of").get<std::vector<std::string>>(); }

Program::Program(const std::string& json)
    : document_(std::make_unique<const nlohmann::json>(nlohmann::json::parse(json))) {
  for (const auto& [name, statements] : document_->at("coros").items()) coroutines_.emplace(name, block_of(statements));
  if (document_->contains("callbacks")) {
    for (const auto& [name, statements] : document_->at("callbacks").items())
      callbacks_.emplace(name, block_of(statements));
  }
}

Program::~Program() = default;

bool Program::flag(const char* key) const { return document_->value(key, false); }

const nlohmann::json* Program::objects(const char* kind) const {
  const auto objects = document_->find("objects");
  if (objects == document_->end()) return nullptr;
  const auto found = objects->find(kind);
  return found == objects->end() ? nullptr : &*found;
}

}  // namespace conformance
