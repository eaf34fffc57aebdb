// SPDX-License-Identifier: Apache-2.0
/// \file
/// Application: routes, middlewares, sub-applications, and what happens around their serving.
///
///     Coro<http::ServerResponse> show(http::ServerRequest& request) {
///       const int id = request.match<int>("id");
///       co_return http::ServerResponse::json({{"id", id}});
///     }
///
///     http::Application app;
///     app.add_get("/users/{id:int}", show, "user");
///     co_await http::run_app(app, "127.0.0.1", 8080);                // app_runner.hpp
///
/// Source: aiohttp's web.Application and its router.
///
/// A path's pattern is made of segments: a literal ("users"), parameters, or both ("{name}.{extension}").
///
///     {id}           a segment, not empty            {id:int}     digits, at most 2^63 - 1        {id:uuid}
///     {id:[a-z]{2}}  a regular expression of RE2's, for the whole parameter; it sees one segment, never a '/'
///     {rest*}        all that is left, its slashes included (also {rest:path}); the last segment
///
/// Literals are tried first, then int, uuid, expressions, {id}, {rest*}; what leads nowhere is given up for the next. Where several
/// expressions fit a segment, the route that was added first is taken. "/users" and "/users/" are two paths. The path is split
/// before it is decoded, so "%2F" splits nothing. A path with a segment "." or ".." has no route. HEAD is answered by GET's route,
/// OPTIONS by Allow, unless they have routes of their own; a path with a route for another method is 405.
///
/// An Application is a handle: copies are the same application. Once it is served, or part of another one, it takes no more
/// routes, middlewares and callbacks (RuntimeError). One loop at a time; not thread safe.
#pragma once

#include <corolla/http/abstract_resource.hpp>
#include <corolla/http/middleware.hpp>
#include <corolla/http/route_table.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/http/state_key.hpp>
#include <corolla/http/static_files.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/runtime/coro.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace corolla::inline v0::http {

class AppRunner;
class ApplicationState;

/// Called when an application starts or ends.
using ApplicationCallback = std::function<Coro<void>(Application)>;
/// Called with each response before its head is sent.
using PrepareCallback = std::function<Coro<void>(ServerRequest&, ServerResponse&)>;
/// Runs to its co_yield when the application starts, and on from there when it ends.
using CleanupContext = AsyncGenerator<std::monostate>;
using CleanupContextFactory = std::function<CleanupContext(Application)>;

/// See the file's comment.
class COROLLA_API Application {
 public:
  Application();
  explicit Application(std::shared_ptr<ApplicationState> state) noexcept : state_(std::move(state)) {}

  // -- routes

  /// `method` in any case, or "*" for those that have no route of their own. ValueError for a path that is malformed, for one
  /// whose place is taken (parameters' names make no difference), and for a name that another path has.
  Application& add_route(std::string_view method, std::string_view path, RequestHandler handler,
                         std::string_view name = {});
  Application& add_get(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return add_route("GET", path, std::move(handler), name);
  }
  Application& add_post(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return add_route("POST", path, std::move(handler), name);
  }
  Application& add_put(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return add_route("PUT", path, std::move(handler), name);
  }
  Application& add_patch(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return add_route("PATCH", path, std::move(handler), name);
  }
  Application& add_delete(std::string_view path, RequestHandler handler, std::string_view name = {}) {
    return add_route("DELETE", path, std::move(handler), name);
  }
  /// A route for each method of a class; see view.hpp, which is for the caller to include.
  template <class V>
  Application& add_view(std::string_view path, std::string_view name = {});
  /// The files of a directory below a prefix; url_for(name, {{"path", "css/a.css"}}). OSError as StaticFiles.
  Application& add_static(std::string_view prefix, const std::string& directory,
                          StaticFilesOptions options = StaticFilesOptions(), std::string_view name = {});
  /// Each route of a table, or of a list `{{"GET", "/", index}, …}`, as by add_route and add_static; one that is refused ends it, and those
  /// before it are there.
  Application& add_routes(const RouteTableDef& table);
  /// One that decides by itself which requests are its own. ValueError when it is null, or its name taken.
  Application& add_resource(std::shared_ptr<AbstractResource> resource);
  /// The encoded path of a named route or resource. A value is checked as a request's would be. ValueError, LookupError for the name.
  [[nodiscard]] std::string url_for(std::string_view name, std::initializer_list<UrlParameter> parameters = {}) const;

  // -- other applications

  /// Gives all paths below "/admin" to `app`, whose routes do without it, and whose middlewares come after those of this one.
  /// ValueError when there are routes already, or the prefix has parameters; RuntimeError when `app` is part of another one.
  Application& add_subapp(std::string_view prefix, const Application& app);
  /// Gives the requests for a host to `app`: "example.com", or "*.example.com" for every name below that one. The longest
  /// pattern wins; ports are not looked at. ValueError.
  Application& add_domain(std::string_view pattern, const Application& app);

  // -- around the handlers

  /// The first one added is the outermost.
  Application& add_middleware(Middleware middleware);
  /// Runs after the middlewares: the outer application's first, each in the order they were added. Errors' responses too, the 500
  /// among them that follows an exception which left the handler.
  Application& on_response_prepare(PrepareCallback callback);
  /// Before the first request is taken, after the cleanup contexts began. One that throws ends the start.
  Application& on_startup(ApplicationCallback callback);
  /// Once nothing is listened for any more, before the requests under way are waited for.
  Application& on_shutdown(ApplicationCallback callback);
  /// After the last response, and after the cleanup contexts ended.
  Application& on_cleanup(ApplicationCallback callback);
  /// A coroutine with one `co_yield std::monostate()`: what is before it opens, what is behind it closes. They begin in the order
  /// they were added and end in the opposite one; those alone that began.
  Application& cleanup_ctx(CleanupContextFactory factory);

  // -- what is kept with it

  template <class T>
  T& set(const AppKey<T>& key, T value) {
    return state().set(key, std::move(value));
  }
  /// Null when there is none.
  template <class T>
  [[nodiscard]] T* find(const AppKey<T>& key) const {
    return state().find(key);
  }
  /// LookupError when there is none; a sub-application does not look into the one around it (ServerRequest::config does).
  template <class T>
  [[nodiscard]] T& get(const AppKey<T>& key) const {
    return state().get(key);
  }

  // -- serving; AppRunner does it

  /// Begins: no more changes, cleanup contexts, on_startup. What fails undoes what began.
  [[nodiscard]] Coro<void> startup();
  /// on_shutdown, on_cleanup: each callback is called, whatever the others throw. One error is thrown on, several as
  /// ExceptionGroup.
  [[nodiscard]] Coro<void> shutdown();
  [[nodiscard]] Coro<void> cleanup();
  /// Answers one request.
  [[nodiscard]] Coro<ServerResponse> handle(ServerRequest& request) const;

  friend bool operator==(const Application& a, const Application& b) noexcept { return a.state_ == b.state_; }

 private:
  friend class AppRunner;
  void abandon() noexcept;
  [[nodiscard]] KeyedState& state() const noexcept;
  std::shared_ptr<ApplicationState> state_;
};

}  // namespace corolla::inline v0::http
