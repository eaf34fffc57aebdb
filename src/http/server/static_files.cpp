// SPDX-License-Identifier: Apache-2.0
// Opening a file and asking for its status happen in the loop's thread. Both are answered from the kernel's caches of
// names and inodes as a rule, in about a microsecond each; a trip to a thread and back costs ten times that. What is read from
// the disk when it is not cached (a body, a directory) goes to the executor.
#include <corolla/http/static_files.hpp>

#include <corolla/http/media_type.hpp>
#include <corolla/http/percent.hpp>
#include <corolla/runtime/executor.hpp>

#include "http/server/accept_encoding.hpp"
#include "http/server/directory_listing.hpp"
#include "http/server/file_response.hpp"
#include "http/server/open_beneath.hpp"

#include <array>
#include <cerrno>

namespace corolla::inline v0::http {

struct StaticFiles::State {
  State(OpenFile opened, StaticFilesOptions chosen) : root(std::move(opened)), options(std::move(chosen)) {}
  [[nodiscard]] OpenResult open(const std::string& path) const {
    return options.follow_symlinks ? open_following_links(root.descriptor(), path)
                                   : open_beneath(root.descriptor(), path);
  }
  OpenFile root;
  StaticFilesOptions options;
};

namespace {

using Kind = OpenFile::Kind;

struct Precompressed {
  std::string_view coding;
  std::string_view extension;
};
// The first that the client accepts is taken.
constexpr std::array<Precompressed, 2> kPrecompressed{{{"br", ".br"}, {"gzip", ".gz"}}};

// What cannot be opened because of its name or of what lies there does not exist, as far as clients are told.
int status_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return 503;
    case EIO: return 500;
    default: return 404;
  }
}

ServerResponse redirect_to_directory(const ServerRequest& request) {
  std::string location(request.path());
  location += '/';
  if (!request.query().empty()) location.append("?").append(request.query());
  return ServerResponse::redirect(location, 301);
}

// The response, or a directory that is to be listed.
struct Answer {
  explicit Answer(ServerResponse ready) : response(std::move(ready)) {}
  explicit Answer(OpenFile list) : directory(std::move(list)) {}
  ServerResponse response;
  OpenFile directory;
};

ServerResponse respond_with(ServerRequest& request, const StaticFiles::State& state, const std::string& path,
                            OpenFile file) {
  FileRepresentation representation(std::move(file));
  representation.media_type = media_type_of_file(path);
  representation.cache_control = state.options.cache_control;
  if (state.options.precompressed) {
    const std::string_view accepted = request.headers().get("Accept-Encoding", "");
    for (const auto& [coding, extension] : kPrecompressed) {
      OpenResult packed = state.open(path + std::string(extension));
      if (packed.error != 0 || packed.file.kind() != Kind::kRegular) continue;
      representation.varies = true;
      if (!representation.content_encoding.empty() || !accepts_coding(accepted, coding)) continue;
      representation.content_encoding = coding;
      representation.file = std::move(packed.file);
    }
  }
  return respond_with_file(request, std::move(representation));
}

Answer answer(ServerRequest& request, std::string_view encoded, const StaticFiles::State& state) {
  if (request.method() != "GET" && request.method() != "HEAD") {
    ServerResponse refused = ServerResponse::error(405);
    refused.headers().add("Allow", "GET, HEAD");
    return Answer(std::move(refused));
  }
  std::string path;
  if (!relative_path(encoded, state.options.hidden, path)) return Answer(ServerResponse::error(404));
  const bool is_directory = path.empty() || path.back() == '/';
  if (is_directory) {
    const std::string index = path + state.options.index;
    OpenResult found = state.open(index);
    if (found.error == 0 && found.file.kind() == Kind::kRegular)
      return Answer(respond_with(request, state, index, std::move(found.file)));
    if (found.error != 0 && found.error != ENOENT) return Answer(ServerResponse::error(status_of(found.error)));
  }
  OpenResult found = state.open(path);
  if (found.error != 0) return Answer(ServerResponse::error(status_of(found.error)));
  switch (found.file.kind()) {
    case Kind::kRegular:
      if (is_directory) break;
      return Answer(respond_with(request, state, path, std::move(found.file)));
    case Kind::kDirectory:
      if (!is_directory) return Answer(redirect_to_directory(request));
      if (!state.options.listing) return Answer(ServerResponse::error(403));
      return Answer(std::move(found.file));
    case Kind::kOther:
    case Kind::kNone: break;
  }
  return Answer(ServerResponse::error(404));
}

}  // namespace

StaticFiles::StaticFiles(const std::string& directory, StaticFilesOptions options) {
  OpenFile root = OpenFile::open(directory);
  if (root.kind() != Kind::kDirectory) throw OSError(ENOTDIR, directory);
  state_ = std::make_shared<const State>(std::move(root), std::move(options));
}

Coro<ServerResponse> StaticFiles::serve(ServerRequest& request, std::string_view encoded) const {
  Answer found = answer(request, encoded, *state_);
  if (found.directory.kind() != Kind::kDirectory) co_return std::move(found.response);
  const std::string path = percent_decode(request.path());
  auto listing = to_thread(list_directory, std::move(found.directory), path, encoded != "/", state_->options.hidden);
  std::string page = co_await std::move(listing);
  co_return ServerResponse(200, std::move(page), "text/html; charset=utf-8");
}

}  // namespace corolla::inline v0::http
