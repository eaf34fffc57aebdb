// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <utility>

#include <re2/re2.h>

namespace corolla::inline v0::crawl {
namespace {

constexpr std::size_t kLongestPeriod = 8;

/// Host and port of a server, so that http and https on their own ports are one.
struct Server {
  std::string host;
  std::uint16_t port;  ///< 0: the scheme's own

  explicit Server(const http::Url& url) : host(url.host()), port(url.port().value_or(0)) {}
  friend bool operator==(const Server&, const Server&) = default;
};

struct Directory {
  Server server;
  std::string path;  ///< ends with '/'
};

std::vector<std::unique_ptr<RE2>> compile(const std::vector<std::string>& expressions) {
  std::vector<std::unique_ptr<RE2>> compiled;
  for (const std::string& expression : expressions) {
    RE2::Options options;
    options.set_log_errors(false);
    compiled.push_back(std::make_unique<RE2>(expression, options));
    if (!compiled.back()->ok())
      throw ValueError("bad regular expression '" + expression + "': " + compiled.back()->error());
  }
  return compiled;
}

bool any_match(const std::vector<std::unique_ptr<RE2>>& expressions, std::string_view text) {
  const re2::StringPiece piece(text.data(), text.size());
  return std::any_of(expressions.begin(), expressions.end(),
                     [&piece](const auto& expression) { return RE2::PartialMatch(piece, *expression); });
}

bool is_in_domain(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

/// Whether some run of one to eight segments follows itself more than `most` times: /a/b/a/b/a/b has three of "a/b".
bool repeats_itself(std::string_view path, std::uint32_t most) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.push_back(segment);
    path.remove_prefix(segment.size());
  }
  for (std::size_t period = 1; period <= kLongestPeriod && period * (most + std::size_t{1}) <= segments.size();
       ++period) {
    std::size_t equal = 0;
    for (std::size_t i = period; i < segments.size(); ++i) {
      equal = segments[i] == segments[i - period] ? equal + 1 : 0;
      if (equal >= period * most) return true;
    }
  }
  return false;
}

}  // namespace

struct Scope::Impl {
  explicit Impl(ScopeOptions scope_options)
      : options(std::move(scope_options)), include(compile(options.include)), exclude(compile(options.exclude)) {
    for (std::string& domain : options.domains) {
      const auto url = http::Url::try_parse("http://" + domain + "/");
      const bool has_more = !domain.starts_with('[') && domain.find_first_of(":/?#@\\") != std::string::npos;
      if (!url || has_more || url->path() != "/") throw ValueError("'" + domain + "' is not a domain");
      domain = url->host();
    }
    for (std::string& prefix : options.prefixes) {
      const auto url = http::Url::try_parse(prefix);
      if (!url) throw ValueError("the prefix '" + prefix + "' is not a URL");
      prefix = canonical_url(*url);
    }
  }

  [[nodiscard]] bool allows_host(const http::Url& url) const {
    if (options.any_host) return true;
    if (!options.domains.empty())
      return std::any_of(options.domains.begin(), options.domains.end(),
                         [&url](const std::string& domain) { return is_in_domain(url.host(), domain); });
    return std::any_of(servers.begin(), servers.end(), [&url](const Server& server) {
      return server.host == url.host() && server.port == url.port().value_or(0);
    });
  }

  /// Other hosts, where they are allowed, have no seed and so no directory to stay in.
  [[nodiscard]] bool is_below_a_seed(const http::Url& url) const {
    const Server server(url);
    bool same_server = false;
    for (const Directory& directory : directories) {
      if (directory.server != server) continue;
      if (url.path().starts_with(directory.path)) return true;
      same_server = true;
    }
    return !same_server;
  }

  ScopeOptions options;
  std::vector<std::unique_ptr<RE2>> include;
  std::vector<std::unique_ptr<RE2>> exclude;
  std::vector<Server> servers;
  std::vector<Directory> directories;
};

Scope::Scope(ScopeOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Scope::Scope(Scope&&) noexcept = default;
Scope& Scope::operator=(Scope&&) noexcept = default;
Scope::~Scope() = default;

void Scope::add_seed(const http::Url& seed) {
  Server server(seed);
  if (std::find(impl_->servers.begin(), impl_->servers.end(), server) == impl_->servers.end())
    impl_->servers.push_back(server);
  if (!impl_->options.no_parent) return;
  const std::string_view path = seed.path();
  impl_->directories.push_back({std::move(server), std::string(path.substr(0, path.rfind('/') + 1))});
}

Scope::Verdict Scope::judge(const http::Url& url, std::string_view canonical, std::uint32_t depth) const {
  const ScopeOptions& options = impl_->options;
  if (url.scheme() != "http" && url.scheme() != "https") return Verdict::kScheme;
  if (!impl_->allows_host(url)) return Verdict::kHost;
  if (options.max_depth && depth > *options.max_depth) return Verdict::kTooDeep;
  if (options.no_parent && !impl_->is_below_a_seed(url)) return Verdict::kParent;
  if (!options.prefixes.empty() &&
      std::none_of(options.prefixes.begin(), options.prefixes.end(),
                   [canonical](const std::string& prefix) { return canonical.starts_with(prefix); }))
    return Verdict::kPrefix;
  if (canonical.size() > options.max_length) return Verdict::kTrap;
  if (options.max_repetitions != 0 && repeats_itself(url.path(), options.max_repetitions)) return Verdict::kTrap;
  if (any_match(impl_->exclude, canonical)) return Verdict::kExcluded;
  if (!impl_->include.empty() && !any_match(impl_->include, canonical)) return Verdict::kNotIncluded;
  return Verdict::kInside;
}

std::string_view to_string(Scope::Verdict verdict) noexcept {
  switch (verdict) {
    case Scope::Verdict::kInside: return "inside";
    case Scope::Verdict::kScheme: return "other scheme";
    case Scope::Verdict::kHost: return "other host";
    case Scope::Verdict::kParent: return "above the start";
    case Scope::Verdict::kPrefix: return "other prefix";
    case Scope::Verdict::kExcluded: return "excluded";
    case Scope::Verdict::kNotIncluded: return "not included";
    case Scope::Verdict::kTooDeep: return "too deep";
    case Scope::Verdict::kTrap: break;
  }
  return "looks like a trap";
}

}  // namespace corolla::inline v0::crawl
