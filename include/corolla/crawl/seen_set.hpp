// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which URLs were met before, in about 12 bytes a URL however long it is.
#pragma once

#include <corolla/runtime/api.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace corolla::inline v0::crawl {

/// A set of 64-bit fingerprints (XXH3) of canonical URLs.
///
/// A fingerprint that two URLs share makes the second one look seen, and it is then never fetched. Among n URLs the
/// probability that this happens at all is n² / 2^65: 3e-8 for a million, 3e-4 for a hundred million. The seed makes
/// the function private to the process, so that a site cannot prepare URLs that collide.
///
/// 64 tables, chosen by the fingerprint's top bits, grow one by one: 9 to 18 bytes a URL, and no moment at which the
/// whole set exists twice or is moved at once. Not thread safe.
class COROLLA_API SeenSet {
 public:
  explicit SeenSet(std::uint64_t seed = 0);

  /// Adds the URL; false when it was there.
  bool insert(std::string_view canonical_url);
  [[nodiscard]] bool contains(std::string_view canonical_url) const;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes held by the tables.
  [[nodiscard]] std::size_t memory() const noexcept;

  /// As above, for callers that computed the fingerprint themselves. 0 is a fingerprint like any other.
  bool insert_fingerprint(std::uint64_t fingerprint);
  [[nodiscard]] bool contains_fingerprint(std::uint64_t fingerprint) const;

 private:
  static constexpr unsigned kTableBits = 6;

  /// Open addressing with linear probing; 0 marks a free slot.
  struct Table {
    std::unique_ptr<std::uint64_t[]> slots;
    std::size_t capacity = 0;  ///< a power of two
    std::size_t used = 0;
  };

  static std::size_t find_slot(const Table& table, std::uint64_t fingerprint);
  static void grow(Table& table);

  std::array<Table, std::size_t{1} << kTableBits> tables_;
  std::size_t size_ = 0;
  std::uint64_t seed_;
  bool has_zero_ = false;
};

}  // namespace corolla::inline v0::crawl
