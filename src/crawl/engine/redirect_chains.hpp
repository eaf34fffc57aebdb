// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which page redirected to which, so that a loop can be told from two pages that redirect to a third one.
#pragma once

#include <corolla/crawl/frontier.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace corolla::inline v0::crawl {

/// Known for pages of this run only: a loop that a resumed crawl steps into ends all the same, because its pages were
/// seen, but is not called by its name.
class RedirectChains {
 public:
  /// The page `to` was found by a redirection of `from`.
  void add(PageId to, PageId from, std::string from_url) { sources_[to] = {from, std::move(from_url)}; }
  /// The page is in the chain that led to `id`.
  [[nodiscard]] bool leads_through(PageId id, std::string_view url) const {
    for (auto source = sources_.find(id); source != sources_.end(); source = sources_.find(source->second.first))
      if (source->second.second == url) return true;
    return false;
  }

 private:
  std::unordered_map<PageId, std::pair<PageId, std::string>> sources_;
};

}  // namespace corolla::inline v0::crawl
