// SPDX-License-Identifier: Apache-2.0
/// \file
/// ApplicationState: what the handles of an Application share.
#pragma once

#include <corolla/http/application.hpp>

#include "http/server/domain_table.hpp"
#include "http/server/resource_table.hpp"
#include "http/server/router.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

class RequestContext;

class ApplicationState : public std::enable_shared_from_this<ApplicationState> {
 public:
  ApplicationState() = default;
  ApplicationState(const ApplicationState&) = delete;
  ApplicationState& operator=(const ApplicationState&) = delete;
  /// Sub-applications may live on without it.
  ~ApplicationState();

  /// RuntimeError once frozen.
  void require_changeable() const;
  /// Checks that `child` may become part of this application.
  void require_adoptable(const ApplicationState& child) const;
  void adopt(const std::shared_ptr<ApplicationState>& child, std::string child_prefix);
  /// Nothing changes from now on: the chains of this application and those in it are laid out.
  void freeze();

  /// Drops the contexts that began and will not end any more: their frames refer to this.
  void abandon() noexcept;

  /// Finds the application and the route for a request; from the outermost application.
  void resolve(const ServerRequest& request, std::string_view path, RequestContext& context);

  [[nodiscard]] ApplicationState& outermost() noexcept;
  /// The prefixes of the applications around it and its own: "/admin/users".
  [[nodiscard]] std::string whole_prefix() const;

  Router router;
  ResourceTable resources;
  DomainTable domains;
  KeyedState keyed;
  std::vector<Middleware> middlewares;
  std::vector<PrepareCallback> prepare_callbacks;
  std::vector<ApplicationCallback> startup_callbacks;
  std::vector<ApplicationCallback> shutdown_callbacks;
  std::vector<ApplicationCallback> cleanup_callbacks;
  std::vector<CleanupContextFactory> contexts;
  std::vector<CleanupContext> begun_contexts;
  std::vector<std::shared_ptr<ApplicationState>> children;
  ApplicationState* parent = nullptr;
  std::string prefix;
  bool frozen = false;
  bool started = false;

  // Those of the applications around it, then its own.
  std::vector<const Middleware*> middleware_chain;
  std::vector<const PrepareCallback*> prepare_chain;
};

}  // namespace corolla::inline v0::http
