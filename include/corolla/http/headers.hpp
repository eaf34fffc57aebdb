// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fields of a message: an ordered multi-map with case-insensitive names.
///
/// Source: RFC 9110, section 5; aiohttp's CIMultiDict.
#pragma once

#include <corolla/http/error.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// Whether two ASCII names are equal but for case.
[[nodiscard]] COROLLA_API bool iequals(std::string_view a, std::string_view b) noexcept;
/// Whether the text is a token of RFC 9110 (a method, a field name, a coding).
[[nodiscard]] COROLLA_API bool is_token(std::string_view text) noexcept;

/// Header fields in the order they were added, names in the case they were given.
///
/// All text lies in one string and all offsets in one vector, so a block of fields costs two allocations, and none when the
/// object is reused (`clear` keeps the storage). Views it hands out live until it is next changed. A map of at most a few
/// dozen entries: look-ups are linear. One thread at a time.
class COROLLA_API Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const Field&, const Field&) = default;
  };

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Field;
    const_iterator() = default;
    Field operator*() const noexcept { return headers_->field(index_); }
    const_iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    const_iterator operator++(int) noexcept {
      auto old = *this;
      ++index_;
      return old;
    }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    friend class Headers;
    const_iterator(const Headers* headers, std::size_t index) : headers_(headers), index_(index) {}
    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
  };

  Headers() = default;
  /// Adds each pair in turn. Throws HeaderInjection.
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Adds a field after the others; one of the same name stays. White space around the value is dropped.
  /// Throws HeaderInjection when the name is no token or the value holds CR, LF or NUL; nothing is changed then.
  void add(std::string_view name, std::string_view value);
  /// Replaces all fields of this name by one, in the place of the first. Throws as add does.
  void set(std::string_view name, std::string_view value);
  /// Removes all fields of this name; the number of them.
  std::size_t remove(std::string_view name);
  /// Forgets all fields and keeps the storage.
  void clear() noexcept;

  /// The first value of this name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// The first value of this name, or `fallback`.
  [[nodiscard]] std::string_view get(std::string_view name, std::string_view fallback) const noexcept;
  /// All values of this name, in order.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name) < entries_.size(); }
  /// The number of fields of this name.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  /// Whether a field of this name lists `token`, in any case: ("Connection", "close").
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const_iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] const_iterator end() const noexcept { return {this, entries_.size()}; }
  /// Appends "Name: value\r\n" for each field: the form they have on the wire.
  void write_to(std::string& out) const;

  /// Same fields in the same order; names compared without case.
  friend COROLLA_API bool operator==(const Headers& a, const Headers& b) noexcept;

 private:
  friend class HeadersBuilder;
  struct Entry {
    std::uint32_t name = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value = 0;
    std::uint32_t value_size = 0;
  };

  [[nodiscard]] Field field(std::size_t index) const noexcept {
    const Entry& entry = entries_[index];
    const std::string_view text = text_;
    return {text.substr(entry.name, entry.name_size), text.substr(entry.value, entry.value_size)};
  }
  [[nodiscard]] std::size_t find(std::string_view name, std::size_t from = 0) const noexcept;
  [[nodiscard]] std::uint32_t append(std::string_view text);
  void compact();

  std::string text_;
  std::vector<Entry> entries_;
  std::size_t dead_ = 0;  // bytes of text_ that no entry refers to
};

}  // namespace corolla::inline v0::http
