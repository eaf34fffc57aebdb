// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/value.hpp"

#include "tests/conformance/errors.hpp"

#include <string_view>

namespace conformance {

Value::Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

std::string text_of(bool value) { return value ? "True" : "False"; }

std::string quoted(const std::string& bytes) {
  std::string text = "'";
  for (const char c : bytes) text += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
  return text + "'";
}

std::string Value::text() const {
  if (const bool* truth = std::get_if<bool>(&data_)) return text_of(*truth);
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return std::to_string(*number);
  if (const auto* bytes = std::get_if<std::string>(&data_)) return quoted(*bytes);
  if (const auto* error = std::get_if<std::exception_ptr>(&data_)) return "!" + error_text(*error);
  const auto* list = std::get_if<std::vector<Value>>(&data_);
  if (!list) return "None";
  std::string text = "[";
  for (const Value& item : *list) {
    if (text.size() > 1) text += ",";
    text += item.text();
  }
  return text + "]";
}

void Value::reserve(std::size_t size) { data_.emplace<std::vector<Value>>().reserve(size); }

void Value::push_back(Value value) { std::get<std::vector<Value>>(data_).push_back(std::move(value)); }

void Value::push_back(corolla::Outcome<Value> outcome) {
  push_back(outcome ? *std::move(outcome) : Value(outcome.error()));
}

}  // namespace conformance
