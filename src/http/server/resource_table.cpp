// SPDX-License-Identifier: Apache-2.0
#include "http/server/resource_table.hpp"

#include <corolla/runtime/error.hpp>

#include <iterator>
#include <utility>

namespace corolla::inline v0::http {

AbstractResource::~AbstractResource() = default;

std::string AbstractResource::url_for(std::span<const UrlParameter> /*parameters*/) const {
  throw LookupError("the resource \"" + name_ + "\" makes no paths");
}

void ResourceTable::add(std::shared_ptr<AbstractResource> resource) {
  if (!resource) throw ValueError("the resource is null");
  if (!resource->name().empty() && named(resource->name()) != nullptr)
    throw ValueError("the name \"" + resource->name() + "\" is taken by another resource");
  resources_.emplace_back(std::move(resource));
}

void ResourceTable::freeze(std::string_view prefix) {
  for (CustomResource& added : resources_) added.full_pattern = std::string(prefix) + added.resource->canonical();
}

void ResourceTable::resolve(const ServerRequest& request, std::string_view path, RouteMatch& match) const {
  for (const CustomResource& added : resources_) {
    ResourceMatch found = added.resource->resolve(request, path);
    if (found.handler) {
      match.custom = &added;
      match.custom_match = std::move(found);
      match.allowed.clear();
      return;
    }
    match.allowed.insert(match.allowed.end(), std::make_move_iterator(found.allowed_methods.begin()),
                         std::make_move_iterator(found.allowed_methods.end()));
  }
}

const AbstractResource* ResourceTable::named(std::string_view name) const noexcept {
  for (const CustomResource& added : resources_)
    if (added.resource->name() == name) return added.resource.get();
  return nullptr;
}

}  // namespace corolla::inline v0::http
