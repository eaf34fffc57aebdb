// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/seen_set.hpp>

#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace corolla::inline v0::crawl {
namespace {

constexpr std::size_t kFirstCapacity = 16;
// 7/8 full at most: an unsuccessful search of a linear table then looks at 32 slots (four cache lines) on average just
// before it grows, and at 3 just after.
constexpr std::size_t max_used(std::size_t capacity) { return capacity - capacity / 8; }

}  // namespace

SeenSet::SeenSet(std::uint64_t seed) : seed_(seed) {}

bool SeenSet::insert(std::string_view canonical_url) {
  return insert_fingerprint(XXH3_64bits_withSeed(canonical_url.data(), canonical_url.size(), seed_));
}

bool SeenSet::contains(std::string_view canonical_url) const {
  return contains_fingerprint(XXH3_64bits_withSeed(canonical_url.data(), canonical_url.size(), seed_));
}

std::size_t SeenSet::find_slot(const Table& table, std::uint64_t fingerprint) {
  const std::size_t mask = table.capacity - 1;
  std::size_t slot = fingerprint & mask;
  while (table.slots[slot] != 0 && table.slots[slot] != fingerprint) slot = (slot + 1) & mask;
  return slot;
}

void SeenSet::grow(Table& table) {
  Table larger;
  larger.capacity = table.capacity == 0 ? kFirstCapacity : table.capacity * 2;
  larger.slots = std::make_unique<std::uint64_t[]>(larger.capacity);
  for (std::size_t i = 0; i < table.capacity; ++i)
    if (table.slots[i] != 0) larger.slots[find_slot(larger, table.slots[i])] = table.slots[i];
  larger.used = table.used;
  table = std::move(larger);
}

bool SeenSet::insert_fingerprint(std::uint64_t fingerprint) {
  if (fingerprint == 0) {
    if (std::exchange(has_zero_, true)) return false;
    ++size_;
    return true;
  }
  Table& table = tables_[fingerprint >> (64 - kTableBits)];
  if (table.capacity != 0) {
    const std::size_t slot = find_slot(table, fingerprint);
    if (table.slots[slot] == fingerprint) return false;
  }
  if (table.used >= max_used(table.capacity)) grow(table);
  table.slots[find_slot(table, fingerprint)] = fingerprint;
  ++table.used;
  ++size_;
  return true;
}

bool SeenSet::contains_fingerprint(std::uint64_t fingerprint) const {
  if (fingerprint == 0) return has_zero_;
  const Table& table = tables_[fingerprint >> (64 - kTableBits)];
  return table.capacity != 0 && table.slots[find_slot(table, fingerprint)] == fingerprint;
}

std::size_t SeenSet::memory() const noexcept {
  std::size_t bytes = 0;
  for (const Table& table : tables_) bytes += table.capacity * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace corolla::inline v0::crawl
