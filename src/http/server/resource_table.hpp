// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResourceTable: the resources of an application that its router does not know.
#pragma once

#include <corolla/http/abstract_resource.hpp>

#include "http/server/router.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

class ResourceTable {
 public:
  /// ValueError when it is null, or its name is another's.
  void add(std::shared_ptr<AbstractResource> resource);
  /// Lays out the patterns, behind the prefixes of the applications around it.
  void freeze(std::string_view prefix);
  /// Asks each in turn for what the router left without a route.
  void resolve(const ServerRequest& request, std::string_view path, RouteMatch& match) const;
  /// The resource of this name, or null.
  [[nodiscard]] const AbstractResource* named(std::string_view name) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return resources_.empty(); }

 private:
  std::vector<CustomResource> resources_;
};

}  // namespace corolla::inline v0::http
