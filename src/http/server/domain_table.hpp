// SPDX-License-Identifier: Apache-2.0
/// \file
/// DomainTable: applications by host.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace corolla::inline v0::http {

class ApplicationState;

class DomainTable {
 public:
  /// "example.com" or "*.example.com". ValueError.
  void add(std::string_view pattern, ApplicationState& application);
  /// By a Host field, port and case of no matter; null when none fits. A look-up per label of the name.
  [[nodiscard]] ApplicationState* find(std::string_view host) const;

 private:
  std::unordered_map<std::string, ApplicationState*> exact_;
  std::unordered_map<std::string, ApplicationState*> below_;  // by what follows "*."
};

}  // namespace corolla::inline v0::http
