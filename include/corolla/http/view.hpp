// SPDX-License-Identifier: Apache-2.0
/// \file
/// View: a handler that is a class, with a member function for each method.
///
///     class User : public http::View {
///      public:
///       using View::View;
///       Coro<http::ServerResponse> get() { co_return http::ServerResponse(200, std::string(request().match_info("id"))); }
///       Coro<http::ServerResponse> delete_() { co_return http::ServerResponse(204); }
///     };
///
///     app.add_view<User>("/users/{id}", "user");
///
/// Source: aiohttp's web.View. Each request has an object of its own, which lives until the handler's response is there. The
/// functions are get, head, post, put, patch, delete_ and options, those that the class has; the path's other methods are 405, with Allow.
/// They are routes like any others: HEAD is answered by get() unless there is head().
#pragma once

#include <corolla/http/application.hpp>
#include <corolla/http/route_table.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/runtime/coro.hpp>

#include <concepts>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

/// What a class of add_view needs is the constructor alone; deriving from this is the short way to it.
class View {
 public:
  explicit View(ServerRequest& request) noexcept : request_(request) {}
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() = default;

 protected:
  [[nodiscard]] ServerRequest& request() const noexcept { return request_; }

 private:
  ServerRequest& request_;
};

template <class V>
RouteTableDef& RouteTableDef::view(std::string_view path, std::string_view name) {
  static_assert(std::constructible_from<V, ServerRequest&>, "a view is made from the ServerRequest");
  constexpr bool any = requires(V v) { v.get(); } || requires(V v) { v.head(); } || requires(V v) { v.post(); } ||
                       requires(V v) { v.put(); } || requires(V v) { v.patch(); } || requires(V v) { v.delete_(); } ||
                       requires(V v) { v.options(); };
  static_assert(any, "a view has at least one of get, head, post, put, patch, delete_, options");
  const auto add = [&]<auto method>(const char* verb) {
    route(
        verb, path,
        [](ServerRequest& request) -> Coro<ServerResponse> {
          V view(request);
          auto handling = (view.*method)();
          co_return co_await std::move(handling);
        },
        name);
  };
  if constexpr (requires(V v) { v.get(); }) add.template operator()<&V::get>("GET");
  if constexpr (requires(V v) { v.head(); }) add.template operator()<&V::head>("HEAD");
  if constexpr (requires(V v) { v.post(); }) add.template operator()<&V::post>("POST");
  if constexpr (requires(V v) { v.put(); }) add.template operator()<&V::put>("PUT");
  if constexpr (requires(V v) { v.patch(); }) add.template operator()<&V::patch>("PATCH");
  if constexpr (requires(V v) { v.delete_(); }) add.template operator()<&V::delete_>("DELETE");
  if constexpr (requires(V v) { v.options(); }) add.template operator()<&V::options>("OPTIONS");
  return *this;
}

template <class V>
Application& Application::add_view(std::string_view path, std::string_view name) {
  return add_routes(RouteTableDef().view<V>(path, name));
}

}  // namespace corolla::inline v0::http
