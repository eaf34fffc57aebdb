// SPDX-License-Identifier: Apache-2.0
/// \file
/// From a page's links as written to the canonical URLs worth asking the frontier about.
#pragma once

#include <corolla/crawl/links.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/http/url.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// Strings one after another in one allocation.
class StringPile {
 public:
  void push(std::string_view text) {
    text_.append(text);
    ends_.push_back(text_.size());
  }
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
  }
  void clear() noexcept {
    text_.clear();
    ends_.clear();
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

/// The fingerprints of one page's links: open addressing in one allocation that is kept for the next page.
class FingerprintTable {
 public:
  /// Adds it; false when it was there.
  bool insert(std::uint64_t fingerprint);
  void clear();

 private:
  void grow();
  std::vector<std::uint64_t> slots_;  // a power of two of them; 0 is free
  std::size_t used_ = 0;
};

/// Takes the links of one page. Most links of a page are repetitions: the same target with another fragment, the same
/// navigation at top and bottom. So each is looked up as written, without its fragment, before it costs a parse. One
/// thread at a time; reusable, page after page.
class LinkCollector {
 public:
  /// More links than this on one page are the work of a trap; the rest is left out.
  static constexpr std::size_t kMostLinks = 100'000;

  /// Begins a page. `requisites`: take images, scripts and style sheets, too. `seed` keeps sites from preparing links
  /// that collide.
  void start(bool requisites, std::uint64_t seed);
  void add(const Link& link);
  /// Resolves what was added against `page`, or its base element's href, and appends what is inside the scope to `urls`.
  void resolve(const http::Url& page, const std::string* base, std::uint32_t depth, const Scope& scope,
               StringPile& urls);
  /// A link held a byte above 0x7F, so the page's charset matters.
  [[nodiscard]] bool has_non_ascii() const noexcept { return non_ascii_; }
  /// Links added, repetitions included.
  [[nodiscard]] std::size_t found() const noexcept { return found_; }

 private:
  bool requisites_ = true;
  bool non_ascii_ = false;
  std::uint64_t seed_ = 0;
  std::size_t found_ = 0;
  FingerprintTable written_;
  StringPile links_;
};

}  // namespace corolla::inline v0::crawl
