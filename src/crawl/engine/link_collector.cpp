// SPDX-License-Identifier: Apache-2.0
#include "crawl/engine/link_collector.hpp"

#include <corolla/crawl/canonical.hpp>

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace corolla::inline v0::crawl {
namespace {

constexpr std::size_t kFirstSlots = 256;
// What a page with many links leaves behind is given back.
constexpr std::size_t kMostSlotsKept = std::size_t{1} << 14;

[[nodiscard]] bool is_requisite(LinkKind kind) noexcept {
  return kind == LinkKind::kResource || kind == LinkKind::kStylesheet || kind == LinkKind::kCss;
}

[[nodiscard]] bool is_ascii(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

bool FingerprintTable::insert(std::uint64_t fingerprint) {
  fingerprint |= 1;  // never 0
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (fingerprint >> 1) & mask;
  while (slots_[slot] != 0) {
    if (slots_[slot] == fingerprint) return false;
    slot = (slot + 1) & mask;
  }
  slots_[slot] = fingerprint;
  ++used_;
  return true;
}

void FingerprintTable::grow() {
  std::vector<std::uint64_t> old(std::max(kFirstSlots, slots_.size() * 2));
  old.swap(slots_);
  used_ = 0;
  for (const std::uint64_t fingerprint : old)
    if (fingerprint != 0) insert(fingerprint);
}

void FingerprintTable::clear() {
  if (slots_.size() > kMostSlotsKept) std::vector<std::uint64_t>().swap(slots_);
  std::fill(slots_.begin(), slots_.end(), 0);
  used_ = 0;
}

void LinkCollector::add(const Link& link) {
  if (!requisites_ && is_requisite(link.kind)) return;
  ++found_;
  const std::string_view text = link.value.substr(0, link.value.find('#'));
  if (text.empty()) return;  // leads to the page itself
  if (links_.size() >= kMostLinks) return;
  if (!written_.insert(XXH3_64bits_withSeed(text.data(), text.size(), seed_))) return;
  if (!non_ascii_ && !is_ascii(text)) non_ascii_ = true;
  links_.push(text);
}

void LinkCollector::resolve(const http::Url& page, const std::string* base, std::uint32_t depth, const Scope& scope,
                            StringPile& urls) {
  std::optional<http::Url> other;
  if (base != nullptr) other = http::Url::try_parse(*base, page);
  const http::Url& against = other ? *other : page;
  written_.clear();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const std::optional<http::Url> url = http::Url::try_parse(links_[i], against);
    if (!url) continue;
    const std::string canonical = canonical_url(*url);
    if (!scope.contains(*url, canonical, depth)) continue;
    // Two spellings of one target meet here.
    if (written_.insert(XXH3_64bits_withSeed(canonical.data(), canonical.size(), seed_))) urls.push(canonical);
  }
}

void LinkCollector::start(bool requisites, std::uint64_t seed) {
  requisites_ = requisites;
  seed_ = seed;
  non_ascii_ = false;
  found_ = 0;
  written_.clear();
  links_.clear();
}

}  // namespace corolla::inline v0::crawl
