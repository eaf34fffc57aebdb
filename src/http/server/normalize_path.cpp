// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/middleware.hpp>

#include <corolla/runtime/error.hpp>

#include "http/server/application_state.hpp"
#include "http/server/request_context.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

namespace {

std::string with_slashes_merged(std::string_view path) {
  std::string merged;
  for (const char c : path)
    if (c != '/' || merged.empty() || merged.back() != '/') merged += c;
  return merged;
}

std::string with_other_end(std::string path, const NormalizePathOptions& options) {
  if (options.append_slash && !path.ends_with('/')) path += '/';
  else if (options.remove_slash && path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// What is tried, the smallest change first. A browser takes "//a" and "/\a" for the host "a", so no path like these is
// handed out: slashes in front become one, and a backslash anywhere is left alone.
std::vector<std::string> candidates(std::string_view path, const NormalizePathOptions& options) {
  if (!path.starts_with('/') || path.find('\\') != std::string_view::npos) return {};
  const std::size_t first = path.find_first_not_of('/');
  const std::string plain = first == std::string_view::npos ? "/" : std::string(path.substr(first - 1));
  std::vector<std::string> found;
  if (options.merge_slashes) found.push_back(with_slashes_merged(path));
  found.push_back(with_other_end(plain, options));
  if (options.merge_slashes) found.push_back(with_other_end(found.front(), options));
  return found;
}

}  // namespace

Middleware normalize_path(NormalizePathOptions options) {
  if (options.append_slash && options.remove_slash)
    throw ValueError("normalize_path cannot both append and remove a slash");
  return [options](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
    const RequestContext& context = RequestContext::of(request);
    if (context.match.handler() == nullptr && context.match.allowed.empty()) {
      RequestContext trial;
      for (std::string& path : candidates(request.path(), options)) {
        if (path == request.path()) continue;
        context.application->outermost().resolve(request, path, trial);
        if (trial.match.handler() == nullptr) continue;
        if (!request.query().empty()) path.append("?").append(request.query());
        co_return ServerResponse::redirect(path, options.status);
      }
    }
    auto handling = next(request);
    co_return co_await std::move(handling);
  };
}

}  // namespace corolla::inline v0::http
