// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writing JSON: one object after another, without a tree.
///
/// Source: RFC 8259.
#pragma once

#include <corolla/runtime/api.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::crawl {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
COROLLA_API void append_json_string(std::string& out, std::string_view text);

/// Appends a finite number in the shortest form that reads back equal, and null for what JSON cannot say.
COROLLA_API void append_json_number(std::string& out, double value);

/// A JSON array of strings.
[[nodiscard]] COROLLA_API std::string json_array(const std::vector<std::string>& values);

/// Builds one object on one line, members in the order in which they are added. Names are not checked for repetition.
class COROLLA_API JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view text);
  JsonObject& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
  JsonObject& add(std::string_view name, const std::string& text) { return add(name, std::string_view(text)); }
  JsonObject& add(std::string_view name, double value);
  JsonObject& add(std::string_view name, const std::vector<std::string>& values) {
    return add_raw(name, json_array(values));
  }
  template <std::integral Integer>
  JsonObject& add(std::string_view name, Integer value) {
    if constexpr (std::same_as<Integer, bool>) return add_raw(name, value ? "true" : "false");
    return add_raw(name, std::to_string(value));
  }
  JsonObject& add_null(std::string_view name) { return add_raw(name, "null"); }
  /// `json` is already JSON, such as another object's text.
  JsonObject& add_raw(std::string_view name, std::string_view json);

  /// The object's text; the builder is empty again.
  [[nodiscard]] std::string finish();

 private:
  std::string text_ = "{";
};

}  // namespace corolla::inline v0::crawl
