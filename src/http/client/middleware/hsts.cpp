// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/hsts.hpp>

#include <corolla/http/headers.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/net/address.hpp>
#include <corolla/runtime/error.hpp>

#include "http/client/middleware/hsts.hpp"
#include "http/curl_time.hpp"
#include "http/lines_of_file.hpp"
#include "http/replacement_file.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using time_point = HstsStore::time_point;

constexpr std::size_t kLongestField = 1024;
constexpr std::int64_t kForever = 10LL * 365 * 24 * 3600;  // what is longer is as good

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(" \t") + 1));
  return text;
}

struct Policy {
  std::int64_t max_age = -1;
  bool include_subdomains = false;
};

// RFC 6797, section 6.1: directives in any order, each once; max-age is needed, unknown ones are passed over. A value may be
// quoted. Nothing for what is malformed.
std::optional<Policy> parse_policy(std::string_view field) {
  if (field.size() > kLongestField) return std::nullopt;
  Policy policy;
  while (!field.empty()) {
    const std::size_t end = std::min(field.find(';'), field.size());
    const std::string_view directive = trimmed(field.substr(0, end));
    field.remove_prefix(std::min(end + 1, field.size()));
    if (directive.empty()) continue;
    const std::size_t equals = std::min(directive.find('='), directive.size());
    const std::string_view name = trimmed(directive.substr(0, equals));
    if (!is_token(name)) return std::nullopt;
    if (iequals(name, "includeSubDomains")) {
      if (policy.include_subdomains || equals < directive.size()) return std::nullopt;
      policy.include_subdomains = true;
    } else if (iequals(name, "max-age")) {
      std::string_view digits = equals < directive.size() ? trimmed(directive.substr(equals + 1)) : "";
      if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"')
        digits = digits.substr(1, digits.size() - 2);
      std::uint64_t seconds = 0;
      const auto number = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
      if (policy.max_age >= 0 || digits.empty() || number.ptr != digits.data() + digits.size()) return std::nullopt;
      if (number.ec != std::errc()) seconds = kForever;
      policy.max_age = static_cast<std::int64_t>(std::min<std::uint64_t>(seconds, kForever));
    }
  }
  if (policy.max_age < 0) return std::nullopt;
  return policy;
}

bool is_name(std::string_view host) {
  SocketAddress address;
  return !host.empty() && !SocketAddress::parse_ip(host, 0, address);
}

// A dot at the end makes no other host.
std::string_view without_dot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

class HstsStore::State {
 public:
  struct Host {
    time_point ends;
    bool include_subdomains = false;
  };

  explicit State(Clock clock) : clock_(clock) {}

  [[nodiscard]] time_point now() const {
    return clock_ ? clock_() : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  void set(std::string_view name, const Host& host) {
    if (host.ends <= now()) {
      if (const auto found = hosts.find(name); found != hosts.end()) hosts.erase(found);
      return;
    }
    if (hosts.size() >= kMost && !hosts.contains(name)) make_room();
    hosts.insert_or_assign(std::string(name), host);
  }
  std::map<std::string, Host, std::less<>> hosts;

 private:
  void make_room() {
    const time_point present = now();
    std::erase_if(hosts, [&](const auto& entry) { return entry.second.ends <= present; });
    if (hosts.size() < kMost) return;
    hosts.erase(std::min_element(hosts.begin(), hosts.end(),
                                 [](const auto& a, const auto& b) { return a.second.ends < b.second.ends; }));
  }

  Clock clock_;
};

HstsStore::HstsStore(Clock now) : state_(std::make_unique<State>(now)) {}
HstsStore::HstsStore(HstsStore&&) noexcept = default;
HstsStore& HstsStore::operator=(HstsStore&&) noexcept = default;
HstsStore::~HstsStore() = default;

void HstsStore::update(const Url& url, std::string_view field) {
  if (url.scheme() != "https" || !is_name(url.hostname())) return;
  const auto policy = parse_policy(field);
  if (!policy) return;
  State::Host host;
  host.ends = state_->now() + std::chrono::seconds(policy->max_age);
  host.include_subdomains = policy->include_subdomains;
  state_->set(without_dot(url.hostname()), host);
}

bool HstsStore::covers(std::string_view host) const {
  if (state_->hosts.empty() || !is_name(host)) return false;
  host = without_dot(host);
  const time_point now = state_->now();
  for (std::string_view name = host;;) {
    const auto found = state_->hosts.find(name);
    if (found != state_->hosts.end() && found->second.ends > now &&
        (name.size() == host.size() || found->second.include_subdomains))
      return true;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
}

std::optional<Url> HstsStore::upgraded(const Url& url) const {
  if (url.scheme() != "http" || !covers(url.hostname())) return std::nullopt;
  return Url::parse("https" + url.href().substr(4));
}

ClientMiddleware remember_https(std::shared_ptr<HstsStore> store, const TlsContext& ssl) {
  const bool verified = !ssl || ssl.verify_mode() == TlsVerifyMode::kRequired;
  return [store = std::move(store), verified](RequestData& request, ClientHandler next) -> Coro<Response> {
    if (auto url = store->upgraded(request.url)) request.url = std::move(*url);
    auto sending = next(request);
    Response response = co_await std::move(sending);
    const auto field = response.headers().get("Strict-Transport-Security");
    if (field && verified && request.server_hostname().empty()) store->update(response.url(), *field);
    co_return response;
  };
}

std::size_t HstsStore::size() const noexcept { return state_->hosts.size(); }
void HstsStore::clear() noexcept { state_->hosts.clear(); }

void HstsStore::save(const std::string& path) const {
  std::string text = "# Your HSTS cache. https://curl.se/docs/hsts.html\n";
  const time_point now = state_->now();
  for (const auto& [name, host] : state_->hosts) {
    if (host.ends <= now) continue;
    text.append(host.include_subdomains ? "." : "")
        .append(name)
        .append(" \"")
        .append(format_curl_time(host.ends))
        .append("\"\n");
  }
  ReplacementFile file(path);
  file.write(text);
  file.commit();
}

void HstsStore::load(const std::string& path) {
  read_lines(path, "no host of an HSTS file", [this](std::string_view line) {
    std::string_view text = trimmed(line);
    if (text.empty() || text.starts_with('#')) return true;
    State::Host host;
    host.include_subdomains = text.starts_with('.');
    if (host.include_subdomains) text.remove_prefix(1);
    const std::size_t space = std::min(text.find(' '), text.size());
    const auto url = Url::try_parse("https://" + std::string(text.substr(0, space)) + "/");
    std::string_view time = trimmed(text.substr(space));
    if (time.size() >= 2 && time.front() == '"' && time.back() == '"') time = time.substr(1, time.size() - 2);
    const auto ends = time == "unlimited" ? state_->now() + std::chrono::seconds(kForever) : parse_curl_time(time);
    if (!url || !is_name(url->hostname()) || !ends) return false;
    host.ends = *ends;
    state_->set(without_dot(url->hostname()), host);
    return true;
  });
}

}  // namespace corolla::inline v0::http
