// SPDX-License-Identifier: Apache-2.0
// A program: its objects, its coroutines and callbacks as parsed statements.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace conformance {

class Operation;
class Statement;
using Block = std::vector<Statement>;

/// One clause of a try statement.
struct Clause;

/// An operation with its arguments, and the blocks inside it.
class Statement {
 public:
  Statement(const nlohmann::json& source);  // NOLINT(google-explicit-constructor): a Block is made from an array
  Statement(Statement&&) noexcept;
  ~Statement();

  /// The value of the key "op".
  [[nodiscard]] const std::string& op() const noexcept { return op_; }
  /// How it is run; null when this interpreter does not know it.
  [[nodiscard]] const Operation* operation() const noexcept { return operation_; }

  // Arguments, by key. A missing or wrong one throws std::exception: the program is malformed.
  [[nodiscard]] const std::string& text(const char* key) const;
  [[nodiscard]] std::int64_t integer(const char* key) const;
  /// False when it is missing.
  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] bool has(const char* key) const;
  /// nullopt for null.
  [[nodiscard]] std::optional<std::int64_t> optional_integer(const char* key) const;
  /// The list of names under "of".
  [[nodiscard]] std::vector<std::string> names() const;

  Block body;  // also the "then" of an if
  Block otherwise;
  Block finally;
  std::vector<Clause> clauses;

 private:
  const nlohmann::json* source_;
  std::string op_;
  const Operation* operation_;
};

struct Clause {
  std::string on;
  Block body;
};

/// Owns the document that its statements point into.
class Program {
 public:
  /// Throws std::exception when `json` is not a program.
  explicit Program(const std::string& json);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// The objects of one kind ("locks", "vars", …); null when there are none.
  [[nodiscard]] const nlohmann::json* objects(const char* kind) const;
  /// A switch of the whole program; false when it is missing.
  [[nodiscard]] bool flag(const char* key) const;
  /// Throws std::exception for a name without a block.
  [[nodiscard]] const Block& coroutine(const std::string& name) const { return coroutines_.at(name); }
  [[nodiscard]] const Block& callback(const std::string& name) const { return callbacks_.at(name); }

 private:
  std::unique_ptr<const nlohmann::json> document_;
  std::map<std::string, Block> coroutines_;
  std::map<std::string, Block> callbacks_;
};

}  // namespace conformance
