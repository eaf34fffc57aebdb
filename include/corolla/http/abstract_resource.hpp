// SPDX-License-Identifier: Apache-2.0
/// \file
/// AbstractResource: a place of an Application that decides by itself which requests are its own, and who handles them.
///
///     class Tenants : public http::AbstractResource {
///      public:
///       using AbstractResource::AbstractResource;
///       http::ResourceMatch resolve(const http::ServerRequest& request, std::string_view path) override {
///         const std::string_view host = request.host();
///         if (path != "/" || !tenants.contains(host)) return {};                       // not its own
///         if (request.method() != "GET") return http::ResourceMatch::not_allowed({"GET"});  // 405
///         return http::ResourceMatch(welcome, {{"tenant", std::string(host)}});
///       }
///     };
///     app.add_resource(std::make_shared<Tenants>("tenants"));
///
/// Source: aiohttp's web.AbstractResource. Resources are asked in the order in which they were added, for requests alone that have no
/// route: the router comes first, and so do applications that own a prefix. A path with a segment "." or ".." is 404 unasked. The methods
/// that routes and resources would have allowed stand together in Allow.
#pragma once

#include <corolla/http/web_server.hpp>
#include <corolla/runtime/api.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// A parameter of a path and its value.
using UrlParameter = std::pair<std::string_view, std::string_view>;

/// What a resource says of a request; as it is made, that it is none of its own.
struct ResourceMatch {
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  ResourceMatch() {}
  /// The request is its own. Both are kept until the response is sent.
  explicit ResourceMatch(RequestHandler request_handler, Parameters parameters = Parameters())
      : handler(std::move(request_handler)), match_info(std::move(parameters)) {}
  /// The path is its own, but not with this method. The resource's "GET" is to take HEAD, too.
  [[nodiscard]] static ResourceMatch not_allowed(std::vector<std::string> methods) {
    ResourceMatch match;
    match.allowed_methods = std::move(methods);
    return match;
  }

  RequestHandler handler;
  Parameters match_info;  ///< what ServerRequest::match_info and match tell the handler
  std::vector<std::string> allowed_methods;
};

/// See the file's comment.
class COROLLA_API AbstractResource {
 public:
  /// `name`: for Application::url_for and ServerRequest::route_name; empty: none.
  explicit AbstractResource(std::string name = {}) : name_(std::move(name)) {}
  AbstractResource(const AbstractResource&) = delete;
  AbstractResource& operator=(const AbstractResource&) = delete;
  virtual ~AbstractResource();

  /// Decides by the request's head; what takes time is for the handler. `path` is the encoded one to decide by, below the prefix of the
  /// application: "/a%20b", "" for the prefix itself. It need not be the request's: normalize_path asks for others. What it throws is
  /// answered as an exception of a handler is, past the middlewares.
  [[nodiscard]] virtual ResourceMatch resolve(const ServerRequest& request, std::string_view path) = 0;
  /// The encoded path with these values, below the application's prefix. LookupError unless it is overridden; ValueError.
  [[nodiscard]] virtual std::string url_for(std::span<const UrlParameter> parameters) const;
  /// What ServerRequest::route_pattern says behind the application's prefix, for logs and counters.
  [[nodiscard]] virtual std::string canonical() const { return {}; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
};

}  // namespace corolla::inline v0::http
