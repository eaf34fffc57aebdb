// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/headers.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace corolla::inline v0::http {

namespace {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const char c = static_cast<char>(byte);
    table[byte] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (byte != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  }
  return table;
}

constexpr auto kToken = make_token_table();

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void check(std::string_view name, std::string_view value) {
  if (!is_token(name)) throw HeaderInjection("header name is empty or holds a character that is not allowed in one");
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    throw HeaderInjection("value of header '" + std::string(name) + "' holds CR, LF or NUL");
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

std::uint32_t Headers::append(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max() - text_.size()) throw ValueError("headers above 4 GiB");
  const auto position = static_cast<std::uint32_t>(text_.size());
  // The text may be a view into this very string, which append() would move away under it.
  if (std::less_equal<>{}(text_.data(), text.data()) && std::less<>{}(text.data(), text_.data() + text_.size())) {
    text_ += std::string(text);
  } else {
    text_ += text;
  }
  return position;
}

void Headers::add(std::string_view name, std::string_view value) {
  check(name, value);
  const std::string own_value(trim(value));  // either may be a view into this object
  Entry entry;
  entry.name_size = static_cast<std::uint32_t>(name.size());
  entry.name = append(name);
  entry.value_size = static_cast<std::uint32_t>(own_value.size());
  entry.value = append(own_value);
  entries_.push_back(entry);
}

void Headers::set(std::string_view name, std::string_view value) {
  check(name, value);
  const std::size_t first = find(name);
  if (first == entries_.size()) return add(name, value);
  const std::string own_value(trim(value));
  Entry& entry = entries_[first];
  if (own_value.size() <= entry.value_size) {
    text_.replace(entry.value, own_value.size(), own_value);
    dead_ += entry.value_size - own_value.size();
  } else {
    dead_ += entry.value_size;
    entry.value = append(own_value);
  }
  entry.value_size = static_cast<std::uint32_t>(own_value.size());
  const std::string_view own_name = field(first).name;
  for (std::size_t i = find(own_name, first + 1); i < entries_.size(); i = find(own_name, i)) {
    dead_ += entries_[i].name_size + entries_[i].value_size;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  compact();
}

std::size_t Headers::remove(std::string_view name) {
  const std::size_t before = entries_.size();
  std::erase_if(entries_, [&](const Entry& entry) {
    if (!iequals(std::string_view(text_).substr(entry.name, entry.name_size), name)) return false;
    dead_ += entry.name_size + entry.value_size;
    return true;
  });
  const std::size_t removed = before - entries_.size();
  if (removed > 0) compact();
  return removed;
}

/// A session's default headers may be set again and again; the text they leave behind is dropped when it is most of all.
void Headers::compact() {
  constexpr std::size_t kWorthIt = 1024;
  if (dead_ < kWorthIt || dead_ < text_.size() / 2) return;
  std::string text;
  text.reserve(text_.size() - dead_);
  for (auto& entry : entries_) {
    const auto name = static_cast<std::uint32_t>(text.size());
    text.append(text_, entry.name, entry.name_size);
    entry.name = name;
    const auto value = static_cast<std::uint32_t>(text.size());
    text.append(text_, entry.value, entry.value_size);
    entry.value = value;
  }
  text_ = std::move(text);
  dead_ = 0;
}

void Headers::clear() noexcept {
  text_.clear();
  entries_.clear();
  dead_ = 0;
}

std::size_t Headers::find(std::string_view name, std::size_t from) const noexcept {
  for (std::size_t i = from; i < entries_.size(); ++i)
    if (entries_[i].name_size == name.size() &&
        iequals(std::string_view(text_).substr(entries_[i].name, entries_[i].name_size), name))
      return i;
  return entries_.size();
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  const std::size_t found = find(name);
  if (found == entries_.size()) return std::nullopt;
  return field(found).value;
}

std::string_view Headers::get(std::string_view name, std::string_view fallback) const noexcept {
  return get(name).value_or(fallback);
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = find(name); i < entries_.size(); i = find(name, i + 1)) values.push_back(field(i).value);
  return values;
}

std::size_t Headers::count(std::string_view name) const noexcept {
  std::size_t number = 0;
  for (std::size_t i = find(name); i < entries_.size(); i = find(name, i + 1)) ++number;
  return number;
}

bool Headers::has_token(std::string_view name, std::string_view token) const noexcept {
  for (std::size_t i = find(name); i < entries_.size(); i = find(name, i + 1)) {
    std::string_view rest = field(i).value;
    for (;;) {
      const auto comma = rest.find(',');
      if (iequals(trim(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

void Headers::write_to(std::string& out) const {
  for (const auto& [name, value] : *this) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
}

bool operator==(const Headers& a, const Headers& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Headers::Field& x, const Headers::Field& y) {
    return iequals(x.name, y.name) && x.value == y.value;
  });
}

}  // namespace corolla::inline v0::http
