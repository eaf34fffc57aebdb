// SPDX-License-Identifier: Apache-2.0
#include "http/client/alt_svc_field.hpp"

#include <corolla/http/headers.hpp>
#include <corolla/http/percent.hpp>

#include "http/field_parameters.hpp"

#include <algorithm>
#include <charconv>

namespace corolla::inline v0::http {

namespace {

constexpr std::int64_t kForever = 10LL * 365 * 24 * 3600;  // what is longer is as good
constexpr std::size_t kLongestProtocol = 32;

// A name of ALPN may be any bytes; these can stand in a file.
bool is_protocol(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kLongestProtocol &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// A URL's host may hold a quote, or a semicolon, which no field and no file of ours could tell from its own.
bool is_host(std::string_view name) noexcept {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

// ":443", "alt.example:443", "[::1]:443"
std::optional<AltService> parse_authority(std::string_view text, const Url& origin) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  AltService service;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + colon + 1, end, service.port);
  if (number.ec != std::errc() || number.ptr != end || service.port == 0) return std::nullopt;
  service.host = origin.hostname();
  if (colon == 0) return service;
  const auto url = Url::try_parse("https://" + std::string(text.substr(0, colon)) + "/");
  if (!url || url->has_credentials() || url->path() != "/" || url->effective_port() != 443) return std::nullopt;
  if (!is_host(url->hostname())) return std::nullopt;
  service.host = url->hostname();
  return service;
}

std::chrono::seconds parse_max_age(std::string_view digits) {
  std::uint64_t seconds = 0;
  const auto number = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (digits.empty() || number.ptr != digits.data() + digits.size()) return std::chrono::seconds(0);
  if (number.ec != std::errc()) seconds = kForever;
  return std::chrono::seconds(std::min<std::uint64_t>(seconds, kForever));
}

}  // namespace

std::optional<std::vector<AltValue>> parse_alt_svc(std::string_view field, const Url& origin, std::size_t most) {
  const auto skip = [&](std::string_view bytes) {
    field.remove_prefix(std::min(field.find_first_not_of(bytes), field.size()));
  };
  std::vector<AltValue> values;
  skip(" \t");
  if (field.substr(0, field.find_last_not_of(" \t") + 1) == "clear") return values;
  const auto malformed = [&] { return values.empty() ? std::nullopt : std::optional(values); };
  for (skip(" \t,"); !field.empty(); skip(" \t,")) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos || !is_token(field.substr(0, equals))) return malformed();
    std::string protocol = percent_decode(field.substr(0, equals));
    field.remove_prefix(equals + 1);
    const std::size_t end = field.starts_with('"') ? field.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return malformed();
    auto service = parse_authority(field.substr(1, end - 1), origin);
    field.remove_prefix(end + 1);
    const FieldParameters parameters = take_parameters(field, ParameterStyle::kInList);
    if (!service || !is_protocol(protocol)) return malformed();
    if (!field.empty() && !field.starts_with(',')) return malformed();
    AltValue value;
    value.service = std::move(*service);
    value.service.protocol = std::move(protocol);
    if (const auto age = parameters.get("ma")) value.max_age = parse_max_age(*age);
    value.persist = parameters.get("persist") == "1";
    if (values.size() < most) values.push_back(std::move(value));
  }
  return malformed();
}

}  // namespace corolla::inline v0::http
