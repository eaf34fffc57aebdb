// SPDX-License-Identifier: Apache-2.0
#include "http/client/proxy/proxy.hpp"

#include <corolla/http/percent.hpp>
#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"

#include <cstdlib>

namespace corolla::inline v0::http {

namespace {

constexpr std::uint16_t kSocksPort = 1080;

Proxy::Kind kind_of(const Url& url) {
  const std::string_view scheme = url.scheme();
  if (scheme == "http") return Proxy::Kind::kHttp;
  if (scheme == "https") return Proxy::Kind::kHttps;
  if (scheme == "socks5") return Proxy::Kind::kSocks5;
  if (scheme == "socks5h") return Proxy::Kind::kSocks5h;
  throw ValueError("a proxy's URL begins with http, https, socks5 or socks5h, not with " + std::string(scheme));
}

// The value of the first variable that is set and not empty.
const char* environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* const value = std::getenv(name);
    if (value && *value) return value;
  }
  return nullptr;
}

std::shared_ptr<const Proxy> proxy_from(const char* value) {
  if (!value) return nullptr;
  const std::string text = value;
  try {
    return std::make_shared<Proxy>(Url::parse(text.find("://") == std::string::npos ? "http://" + text : text));
  } catch (const ValueError& error) {
    throw ValueError("the environment's proxy \"" + text + "\": " + error.what());
  }
}

}  // namespace

Proxy::Proxy(const Url& url)
    : kind(kind_of(url)),
      hostname(url.hostname()),
      port(url.effective_port()),
      user(percent_decode(url.username())),
      password(percent_decode(url.password())) {
  if (hostname.empty()) throw ValueError("a proxy's URL needs a host");
  if (port == 0) port = kSocksPort;
  key = std::string(url.scheme()) + "://" + user + ":" + password + "@" + peer();
}

std::string Proxy::authorization() const {
  return user.empty() && password.empty() ? std::string() : "Basic " + base64_encode(user + ":" + password);
}

// HTTP_PROXY in capitals is not read: in a CGI program a client's "Proxy:" field sets it.
ProxyRules::ProxyRules(const SessionOptions& options) {
  if (options.proxy) for_http_ = for_https_ = std::make_shared<Proxy>(*options.proxy);
  std::string none = options.no_proxy;
  if (options.trust_env) {
    const auto for_all = proxy_from(environment({"all_proxy", "ALL_PROXY"}));
    if (!for_http_) for_http_ = proxy_from(environment({"http_proxy"}));
    if (!for_https_) for_https_ = proxy_from(environment({"https_proxy", "HTTPS_PROXY"}));
    if (!for_http_) for_http_ = for_all;
    if (!for_https_) for_https_ = for_all;
    if (none.empty()) {
      if (const char* list = environment({"no_proxy", "NO_PROXY"})) none = list;
    }
  }
  none_ = NoProxy(none);
}

std::shared_ptr<const Proxy> ProxyRules::choose(const Url& url) const {
  const auto& proxy = url.scheme() == "https" || url.scheme() == "wss" ? for_https_ : for_http_;
  return proxy && !none_.matches(url) ? proxy : nullptr;
}

}  // namespace corolla::inline v0::http
