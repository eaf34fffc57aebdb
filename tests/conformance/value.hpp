// SPDX-License-Identifier: Apache-2.0
// What a program's coroutines return and futures hold.
#pragma once

#include <corolla/runtime/outcome.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace conformance {

/// None, a boolean, an integer, bytes, a list, or an exception that stands as a value.
class Value {
 public:
  // Out of line: g++ 12 at -O2 sees uninitialised members in a variant's moves that it inlines into coroutines.
  Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  explicit Value(bool value) : data_(value) {}
  explicit Value(std::int64_t value) : data_(value) {}
  explicit Value(std::string bytes) : data_(std::move(bytes)) {}
  explicit Value(std::exception_ptr error) : data_(std::move(error)) {}

  /// As it stands in a trace.
  [[nodiscard]] std::string text() const;
  /// Precondition: it is one.
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }

  // What a gather over a range asks of its list, so that the list is a Value itself: then the future of a gather is of
  // the same type as all others, and may stand in a slot or be gathered again.
  void reserve(std::size_t size);
  void push_back(Value value);
  void push_back(corolla::Outcome<Value> outcome);

 private:
  std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<Value>, std::exception_ptr> data_;
};

/// Bytes as they stand in a trace.
[[nodiscard]] std::string quoted(const std::string& bytes);
/// "True" or "False".
[[nodiscard]] std::string text_of(bool value);

}  // namespace conformance
