// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/application.hpp>

#include <corolla/runtime/error.hpp>

#include "http/server/application_state.hpp"
#include "http/server/error_response.hpp"
#include "http/server/request_context.hpp"
#include "http/server/server_exchange.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

// -- ApplicationState -----------------------------------------------------------------------------------------------

ApplicationState::~ApplicationState() {
  for (const auto& child : children) child->parent = nullptr;
}

void ApplicationState::require_changeable() const {
  if (frozen) throw RuntimeError("the application is served, or part of another one, and cannot be changed any more");
}

void ApplicationState::require_adoptable(const ApplicationState& child) const {
  require_changeable();
  if (&child == this || child.parent != nullptr) throw RuntimeError("the application is part of one already");
  if (child.frozen) throw RuntimeError("the application is served by itself");
}

void ApplicationState::adopt(const std::shared_ptr<ApplicationState>& child, std::string child_prefix) {
  child->parent = this;
  child->prefix = std::move(child_prefix);
  child->frozen = true;  // what it holds is laid out with this one
  children.push_back(child);
}

void ApplicationState::freeze() {
  frozen = true;
  middleware_chain.clear();
  prepare_chain.clear();
  if (parent != nullptr) {
    middleware_chain = parent->middleware_chain;
    prepare_chain = parent->prepare_chain;
  }
  for (const Middleware& middleware : middlewares) middleware_chain.push_back(&middleware);
  for (const PrepareCallback& callback : prepare_callbacks) prepare_chain.push_back(&callback);
  for (const auto& route : router.routes()) route->full_pattern = whole_prefix() + route->pattern.text();
  resources.freeze(whole_prefix());
  for (const auto& child : children) child->freeze();
}

ApplicationState& ApplicationState::outermost() noexcept { return parent == nullptr ? *this : parent->outermost(); }

std::string ApplicationState::whole_prefix() const {
  return parent == nullptr ? prefix : parent->whole_prefix() + prefix;
}

void ApplicationState::resolve(const ServerRequest& request, std::string_view path, RequestContext& context) {
  ApplicationState* application = this;
  context.application = this;
  context.match.clear();
  if (!context.path.assign(path)) return;
  for (std::size_t from = 0; application != nullptr;) {
    context.application = application;
    if (ApplicationState* host = application->domains.find(request.host())) {
      application = host;
      continue;
    }
    context.match.clear();
    application->router.resolve(request.method(), context.path, from, context.match);
    if (!application->resources.empty() && context.match.route == nullptr && context.match.mounted == nullptr) {
      const bool below = from < context.path.size();
      application->resources.resolve(request, below ? path.substr(context.path.offset(from) - 1) : std::string_view(),
                                     context.match);
    }
    application = context.match.mounted;
    from = context.match.mounted_at;
  }
}

// -- routes ---------------------------------------------------------------------------------------------------------

Application::Application() : state_(std::make_shared<ApplicationState>()) {}

Application& Application::add_route(std::string_view method, std::string_view path, RequestHandler handler,
                                    std::string_view name) {
  state_->require_changeable();
  std::string upper(method);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (!name.empty() && state_->resources.named(name) != nullptr)
    throw ValueError("the name \"" + std::string(name) + "\" is taken by a resource");
  state_->router.add(std::make_unique<Route>(upper, path, std::move(handler), name));
  return *this;
}

Application& Application::add_static(std::string_view prefix, const std::string& directory, StaticFilesOptions options,
                                     std::string_view name) {
  std::string path(prefix);
  if (!path.ends_with('/')) path += '/';
  path += "{path*}";
  StaticFiles files(directory, std::move(options));
  return add_route(
      "GET", path,
      [files = std::move(files)](ServerRequest& request) {
        const RequestContext& context = RequestContext::of(request);
        return files.serve(request, request.path().substr(context.path.offset(context.match.tail_at) - 1));
      },
      name);
}

Application& Application::add_routes(const RouteTableDef& table) {
  for (const RouteTableDef::Entry& entry : table.entries()) {
    if (const auto* route = std::get_if<RouteDef>(&entry)) {
      add_route(route->method, route->path, route->handler, route->name);
    } else {
      const auto& files = std::get<StaticDef>(entry);
      add_static(files.prefix, files.directory, files.options, files.name);
    }
  }
  return *this;
}

Application& Application::add_resource(std::shared_ptr<AbstractResource> resource) {
  state_->require_changeable();
  if (resource && !resource->name().empty() && state_->router.named(resource->name()) != nullptr)
    throw ValueError("the name \"" + resource->name() + "\" is taken by a route");
  state_->resources.add(std::move(resource));
  return *this;
}

std::string Application::url_for(std::string_view name, std::initializer_list<UrlParameter> parameters) const {
  if (const Route* route = state_->router.named(name))
    return state_->whole_prefix() + route->pattern.build({parameters.begin(), parameters.end()});
  if (const AbstractResource* resource = name.empty() ? nullptr : state_->resources.named(name))
    return state_->whole_prefix() + resource->url_for({parameters.begin(), parameters.size()});
  throw LookupError("no route has the name \"" + std::string(name) + "\"");
}

Application& Application::add_subapp(std::string_view prefix, const Application& app) {
  state_->require_adoptable(*app.state_);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) throw ValueError("the prefix of a sub-application is empty");
  state_->router.mount(prefix, *app.state_);
  state_->adopt(app.state_, PathPattern(prefix).build({}));
  return *this;
}

Application& Application::add_domain(std::string_view pattern, const Application& app) {
  state_->require_adoptable(*app.state_);
  state_->domains.add(pattern, *app.state_);
  state_->adopt(app.state_, {});
  return *this;
}

// -- around the handlers --------------------------------------------------------------------------------------------

Application& Application::add_middleware(Middleware middleware) {
  state_->require_changeable();
  state_->middlewares.push_back(std::move(middleware));
  return *this;
}

Application& Application::on_response_prepare(PrepareCallback callback) {
  state_->require_changeable();
  state_->prepare_callbacks.push_back(std::move(callback));
  return *this;
}

Application& Application::on_startup(ApplicationCallback callback) {
  state_->require_changeable();
  state_->startup_callbacks.push_back(std::move(callback));
  return *this;
}

Application& Application::on_shutdown(ApplicationCallback callback) {
  state_->require_changeable();
  state_->shutdown_callbacks.push_back(std::move(callback));
  return *this;
}

Application& Application::on_cleanup(ApplicationCallback callback) {
  state_->require_changeable();
  state_->cleanup_callbacks.push_back(std::move(callback));
  return *this;
}

Application& Application::cleanup_ctx(CleanupContextFactory factory) {
  state_->require_changeable();
  state_->contexts.push_back(std::move(factory));
  return *this;
}

KeyedState& Application::state() const noexcept { return state_->keyed; }

// -- a request ------------------------------------------------------------------------------------------------------

namespace {

ServerResponse response_without_route(const ServerRequest& request, const RouteMatch& match) {
  if (request.method() == "OPTIONS" && request.path() == "*") return ServerResponse(204);
  if (match.allowed.empty()) return ServerResponse::error(404);
  ServerResponse response = request.method() == "OPTIONS" ? ServerResponse(204) : ServerResponse::error(405);
  response.headers().add("Allow", allow_field(match.allowed));
  return response;
}

Coro<ServerResponse> run_from(ServerRequest& request, std::size_t index) {
  const RequestContext& context = RequestContext::of(request);
  const auto& middlewares = context.application->middleware_chain;
  try {
    if (index < middlewares.size()) {
      auto handling = (*middlewares[index])(request, NextHandler(index + 1));
      co_return co_await std::move(handling);
    }
    if (const RequestHandler* handler = context.match.handler()) {
      auto handling = (*handler)(request);
      co_return co_await std::move(handling);
    }
  } catch (const HttpError& error) {
    co_return error_response(error);
  }
  co_return response_without_route(request, context.match);
}

Coro<ServerResponse> handle_request(std::shared_ptr<ApplicationState> state, ServerRequest& request) {
  RequestContext& context = RequestContext::begin(request);
  state->resolve(request, request.path(), context);
  std::optional<ServerResponse> response;
  std::exception_ptr error;
  try {
    auto handling = run_from(request, 0);
    response.emplace(co_await std::move(handling));
  } catch (const CancelledError&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  if (error) response = request.exchange().response_to(error);
  if (!response) std::rethrow_exception(error);
  for (const PrepareCallback* callback : context.application->prepare_chain) {
    auto preparing = (*callback)(request, *response);
    co_await std::move(preparing);
  }
  co_return std::move(*response);
}

}  // namespace

Coro<ServerResponse> NextHandler::operator()(ServerRequest& request) const { return run_from(request, index_); }

Coro<ServerResponse> Application::handle(ServerRequest& request) const { return handle_request(state_, request); }

}  // namespace corolla::inline v0::http
