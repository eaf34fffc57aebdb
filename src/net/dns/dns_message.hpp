// SPDX-License-Identifier: Apache-2.0
/// \file
/// What c-ares does not tell about a name server's message.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// How long the names of a zone count as missing: the lesser of the first SOA record's own time to live and of its minimum
/// (RFC 2308, section 5), in seconds. nullopt when the message has no such record or is not well formed up to it.
[[nodiscard]] COROLLA_API std::optional<std::uint32_t> negative_ttl_of(std::string_view message) noexcept;

}  // namespace v0
}  // namespace corolla
