// SPDX-License-Identifier: Apache-2.0
/// \file
/// SQLite's five storage classes as C++ types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace corolla::inline v0::sqlite {

/// NULL, as a value to bind and as what a NULL column reads as.
struct Null {
  friend bool operator==(Null, Null) noexcept { return true; }
};

/// Owned bytes that are stored as BLOB, where std::string is stored as TEXT.
struct Blob {
  Blob() = default;
  explicit Blob(std::string owned) : bytes(std::move(owned)) {}
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

/// Borrowed bytes that are stored as BLOB.
struct BlobView {
  explicit BlobView(std::string_view borrowed) noexcept : bytes(borrowed) {}
  std::string_view bytes;
};

/// One value of a row, or one parameter of a statement.
using Value = std::variant<Null, std::int64_t, double, std::string, Blob>;

/// The storage class of a column's value.
enum class Type : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };

}  // namespace corolla::inline v0::sqlite
