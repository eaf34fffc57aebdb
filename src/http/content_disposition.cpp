// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/content_disposition.hpp>

#include "http/charset.hpp"
#include "http/field_parameters.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kLongestName = 255;  // of a file, on the systems there are

}  // namespace

ContentDisposition ContentDisposition::parse(std::string_view field) {
  ContentDisposition result;
  const std::size_t end = std::min(field.find(';'), field.size());
  std::string_view type = field.substr(0, end);
  type.remove_prefix(std::min(type.find_first_not_of(" \t"), type.size()));
  result.type = type.substr(0, type.find_last_not_of(" \t") + 1);
  std::transform(result.type.begin(), result.type.end(), result.type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  field.remove_prefix(end);
  result.parameters = take_parameters(field, ParameterStyle::kAlone);
  return result;
}

std::optional<std::string> ContentDisposition::filename() const {
  const auto given = parameters.get("filename");
  if (!given) return std::nullopt;
  std::string name = decode_to_utf8(std::string(*given), "utf-8");
  const std::size_t separator = name.find_last_of("/\\");
  if (separator != std::string::npos) name.erase(0, separator + 1);
  for (char& c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '_';
  name.erase(0, name.find_first_not_of(". "));
  if (name.size() > kLongestName) {
    std::size_t end = kLongestName;
    while ((static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80) --end;  // not inside a character
    name.resize(end);
  }
  name.resize(name.find_last_not_of(". ") + 1);
  if (name.empty()) return std::nullopt;
  return name;
}

}  // namespace corolla::inline v0::http
