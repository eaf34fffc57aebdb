// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie_jar.hpp>

#include "http/cookie/jar_state.hpp"

#include <algorithm>
#include <utility>

namespace corolla::inline v0::http {

namespace {

Cookie::time_point wall_clock() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

bool is_secure(const Url& url) { return url.scheme() == "https" || url.scheme() == "wss"; }

bool same_cookie(const Cookie& a, const Cookie& b) {
  return a.name == b.name && a.path == b.path && a.domain == b.domain && a.host_only == b.host_only;
}

// What may go first when there is no room.
bool less_valuable(const JarEntry& a, const JarEntry& b) {
  return std::pair(a.cookie.secure, a.used) < std::pair(b.cookie.secure, b.used);
}

}  // namespace

CookieJar::CookieJar(Clock now) : state_(std::make_unique<State>(now ? now : wall_clock)) {}
CookieJar::CookieJar(CookieJar&&) noexcept = default;
CookieJar& CookieJar::operator=(CookieJar&&) noexcept = default;
CookieJar::~CookieJar() = default;

// -- the entries --------------------------------------------------------------------------------------------------

template <class Condition>
void CookieJar::State::remove_if(const Condition& condition) {
  for (auto at = domains.begin(); at != domains.end();) {
    size -= std::erase_if(at->second, condition);
    at = at->second.empty() ? domains.erase(at) : std::next(at);
  }
}

// The hosts whose cookies a request to `host` may carry: itself, and each one above it.
template <class Visit>
void CookieJar::State::visit_domains(std::string_view host, const Visit& visit) {
  for (std::string_view domain = host; !domain.empty();) {
    if (const auto found = domains.find(domain); found != domains.end() && domain_matches(host, domain))
      visit(found->second);
    const std::size_t dot = domain.find('.');
    domain.remove_prefix(dot == std::string_view::npos ? domain.size() : dot + 1);
  }
}

// RFC 6265bis, 5.7, step 16: plain http neither overwrites nor shadows a secure cookie.
bool CookieJar::State::hides_secure_one(const Cookie& cookie, std::string_view host) {
  bool hides = false;
  const auto look = [&](const std::vector<JarEntry>& entries) {
    hides = hides || std::any_of(entries.begin(), entries.end(), [&](const JarEntry& entry) {
              return entry.cookie.secure && entry.cookie.name == cookie.name &&
                     path_matches(cookie.path, entry.cookie.path);
            });
  };
  visit_domains(host, look);
  return hides;
}

bool CookieJar::State::put(Cookie cookie) {
  const Cookie::time_point time = now();
  std::vector<JarEntry>& entries = domains[cookie.domain];
  const auto old = std::find_if(entries.begin(), entries.end(),
                                [&](const JarEntry& entry) { return same_cookie(entry.cookie, cookie); });
  if (cookie.expires && *cookie.expires <= time) {
    if (old != entries.end()) {
      entries.erase(old);
      --size;
    }
    if (entries.empty()) domains.erase(cookie.domain);
    return false;
  }
  ++sequence;
  if (old != entries.end()) {
    old->cookie = std::move(cookie);
    old->used = sequence;
    return true;
  }
  entries.push_back({std::move(cookie), sequence, sequence});
  ++size;
  if (entries.size() > kMostPerDomain) {
    size -= std::erase_if(entries, [&](const JarEntry& entry) { return entry.expired(time); });
    if (entries.size() > kMostPerDomain) {
      entries.erase(std::min_element(entries.begin(), entries.end(), less_valuable));
      --size;
    }
  }
  if (size > kMost) make_room(time);
  return true;
}

void CookieJar::State::make_room(Cookie::time_point time) {
  remove_if([&](const JarEntry& entry) { return entry.expired(time); });
  if (size <= kMost) return;
  std::vector<JarEntry>* poorest = nullptr;
  std::vector<JarEntry>::iterator victim;
  for (auto& [domain, entries] : domains) {
    const auto least = std::min_element(entries.begin(), entries.end(), less_valuable);
    if (poorest && !less_valuable(*least, *victim)) continue;
    poorest = &entries;
    victim = least;
  }
  const std::string domain = victim->cookie.domain;
  poorest->erase(victim);
  --size;
  if (poorest->empty()) domains.erase(domain);
}

// -- the jar ------------------------------------------------------------------------------------------------------

void CookieJar::update(const Url& from, const Headers& headers) {
  for (const std::string_view field : headers.get_all("Set-Cookie")) {
    if (auto cookie = parse_set_cookie(field, from, state_->now())) set(std::move(*cookie), from);
  }
}

bool CookieJar::set(Cookie cookie, const Url& from) {
  if (!cookie.secure && !is_secure(from) && state_->hides_secure_one(cookie, from.host())) return false;
  return state_->put(std::move(cookie));
}

void CookieJar::set(Cookie cookie) { state_->put(std::move(cookie)); }

std::vector<Cookie> CookieJar::filter(const Url& url) {
  const Cookie::time_point time = state_->now();
  const bool secure = is_secure(url);
  const std::string_view path = url.path();
  std::vector<JarEntry*> found;
  const auto collect = [&](std::vector<JarEntry>& entries) {
    for (JarEntry& entry : entries) {
      const Cookie& cookie = entry.cookie;
      if (entry.expired(time) || (cookie.secure && !secure) || !path_matches(path, cookie.path) ||
          (cookie.host_only && cookie.domain != url.host()))
        continue;
      found.push_back(&entry);
    }
  };
  state_->visit_domains(url.host(), collect);
  std::sort(found.begin(), found.end(), [](const JarEntry* a, const JarEntry* b) {
    const std::size_t a_size = a->cookie.path.size();
    const std::size_t b_size = b->cookie.path.size();
    return a_size != b_size ? a_size > b_size : a->created < b->created;
  });
  ++state_->sequence;
  std::vector<Cookie> result;
  result.reserve(found.size());
  for (JarEntry* entry : found) {
    entry->used = state_->sequence;
    result.push_back(entry->cookie);
  }
  return result;
}

std::string CookieJar::header(const Url& url) { return state_->size == 0 ? std::string() : cookie_header(filter(url)); }

std::size_t CookieJar::size() const noexcept { return state_->size; }

std::vector<Cookie> CookieJar::cookies() const {
  const Cookie::time_point time = state_->now();
  std::vector<const JarEntry*> all;
  for (const auto& [domain, entries] : state_->domains) {
    for (const JarEntry& entry : entries)
      if (!entry.expired(time)) all.push_back(&entry);
  }
  std::sort(all.begin(), all.end(), [](const JarEntry* a, const JarEntry* b) { return a->created < b->created; });
  std::vector<Cookie> result;
  result.reserve(all.size());
  for (const JarEntry* entry : all) result.push_back(entry->cookie);
  return result;
}

void CookieJar::clear() noexcept {
  state_->domains.clear();
  state_->size = 0;
}

void CookieJar::clear_domain(std::string_view domain) {
  state_->remove_if([&](const JarEntry& entry) { return domain_matches(entry.cookie.domain, domain); });
}

void CookieJar::clear_session() {
  state_->remove_if([](const JarEntry& entry) { return !entry.cookie.expires; });
}

}  // namespace corolla::inline v0::http
