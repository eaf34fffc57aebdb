// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/alt_svc.hpp>

#include "http/client/alt_svc_field.hpp"
#include "http/curl_time.hpp"
#include "http/lines_of_file.hpp"
#include "http/replacement_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace corolla::inline v0::http {

namespace {

using time_point = AltSvcStore::time_point;

constexpr std::chrono::minutes kPause{5};  // after a failure
constexpr std::string_view kHttp1 = "http/1.1";

std::string in_brackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// curl's file has names of its own for protocols.
std::string_view name_in_file(std::string_view protocol) { return protocol == kHttp1 ? "h1" : protocol; }
std::string_view name_of_file(std::string_view protocol) { return protocol == "h1" ? kHttp1 : protocol; }

// What stands up to the next space; a text in quotes may hold some.
std::string_view take_word(std::string_view& line) {
  const bool quoted = line.starts_with('"');
  if (quoted) line.remove_prefix(1);
  const std::string_view word = line.substr(0, line.find(quoted ? '"' : ' '));
  line.remove_prefix(std::min(word.size() + (quoted ? 1 : 0), line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return word;
}

}  // namespace

std::string AltService::host_and_port() const { return in_brackets(host) + ":" + std::to_string(port); }

class AltSvcStore::State {
 public:
  struct Entry {
    AltService service;
    time_point ends;
    bool persist = false;
    time_point again;  // when it may be tried after a failure
  };
  using Entries = std::vector<Entry>;
  // "example.org:443"
  using Origins = std::map<std::string, Entries, std::less<>>;

  explicit State(Clock clock) : clock_(clock) {}

  [[nodiscard]] time_point now() const {
    return clock_ ? clock_() : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] static std::string key_of(const Url& url) {
    return in_brackets(std::string(url.hostname())) + ":" + std::to_string(url.effective_port());
  }
  [[nodiscard]] Entries* entries_of(const Url& url) {
    if (origins.empty() || url.scheme() != "https") return nullptr;
    const auto found = origins.find(key_of(url));
    return found == origins.end() ? nullptr : &found->second;
  }
  void set(const std::string& key, Entries entries) {
    const time_point present = now();
    std::erase_if(entries, [&](const Entry& entry) { return entry.ends <= present; });
    if (entries.empty()) {
      origins.erase(key);
      return;
    }
    if (origins.size() >= kMost && !origins.contains(key)) make_room();
    origins.insert_or_assign(key, std::move(entries));
  }
  Origins origins;

 private:
  [[nodiscard]] static time_point end_of(const Entries& entries) {
    time_point last;
    for (const Entry& entry : entries) last = std::max(last, entry.ends);
    return last;
  }
  void make_room() {
    origins.erase(std::min_element(origins.begin(), origins.end(),
                                   [](const auto& a, const auto& b) { return end_of(a.second) < end_of(b.second); }));
  }

  Clock clock_;
};

AltSvcStore::AltSvcStore(Clock now) : state_(std::make_unique<State>(now)) {}
AltSvcStore::AltSvcStore(AltSvcStore&&) noexcept = default;
AltSvcStore& AltSvcStore::operator=(AltSvcStore&&) noexcept = default;
AltSvcStore::~AltSvcStore() = default;

void AltSvcStore::update(const Url& url, std::string_view field) {
  if (url.scheme() != "https") return;
  auto values = parse_alt_svc(field, url, kMostOfOrigin);
  if (!values) return;
  const State::Entries none;
  const State::Entries* const found = state_->entries_of(url);
  const State::Entries& known = found ? *found : none;
  const time_point now = state_->now();
  State::Entries entries;
  for (AltValue& value : *values) {
    State::Entry entry{std::move(value.service), now + value.max_age, value.persist, time_point()};
    // The origin goes on to name what we know better.
    for (const State::Entry& old : known)
      if (old.service == entry.service) entry.again = old.again;
    entries.push_back(std::move(entry));
  }
  state_->set(State::key_of(url), std::move(entries));
}

std::vector<AltService> AltSvcStore::find(const Url& url) const {
  std::vector<AltService> services;
  const State::Entries* const entries = state_->entries_of(url);
  if (!entries) return services;
  const time_point now = state_->now();
  for (const State::Entry& entry : *entries)
    if (entry.ends > now && entry.again <= now) services.push_back(entry.service);
  return services;
}

void AltSvcStore::failed(const Url& url, const AltService& service) {
  State::Entries* const entries = state_->entries_of(url);
  if (!entries) return;
  for (State::Entry& entry : *entries)
    if (entry.service == service) entry.again = state_->now() + kPause;
}

void AltSvcStore::network_changed() noexcept {
  for (auto& [key, entries] : state_->origins) std::erase_if(entries, [](const auto& entry) { return !entry.persist; });
  std::erase_if(state_->origins, [](const auto& origin) { return origin.second.empty(); });
}

std::size_t AltSvcStore::size() const noexcept { return state_->origins.size(); }
void AltSvcStore::clear() noexcept { state_->origins.clear(); }

void AltSvcStore::save(const std::string& path) const {
  std::string text = "# Your alt-svc cache. https://curl.se/docs/alt-svc.html\n";
  const time_point now = state_->now();
  for (const auto& [key, entries] : state_->origins) {
    const std::size_t colon = key.rfind(':');
    for (const State::Entry& entry : entries) {
      if (entry.ends <= now) continue;
      text.append("h2 ").append(key, 0, colon).append(" ").append(key, colon + 1).append(" ");
      text.append(name_in_file(entry.service.protocol)).append(" ").append(in_brackets(entry.service.host));
      text.append(" ").append(std::to_string(entry.service.port)).append(" \"").append(format_curl_time(entry.ends));
      text.append(entry.persist ? "\" 1 0\n" : "\" 0 0\n");
    }
  }
  ReplacementFile file(path);
  file.write(text);
  file.commit();
}

void AltSvcStore::load(const std::string& path) {
  State::Origins read;
  read_lines(path, "no alternative service of an Alt-Svc file", [&](std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.starts_with('#')) return true;
    std::array<std::string_view, 9> words;
    for (std::string_view& word : words) word = take_word(line);
    const auto& [source, from_host, from_port, protocol, host, port, time, persist, priority] = words;
    const auto place = [](std::string_view name, std::string_view number) {
      const bool bare = name.find(':') != std::string_view::npos && !name.starts_with('[');  // an IPv6 address
      const std::string authority = bare ? "[" + std::string(name) + "]" : std::string(name);
      return Url::try_parse("https://" + authority + ":" + std::string(number) + "/");
    };
    const auto from = place(from_host, from_port);
    const auto to = place(host, port);
    const auto ends = parse_curl_time(time);
    if (source.empty() || protocol.empty() || !from || !to || !ends || persist.empty()) return false;
    State::Entry entry;
    entry.service.protocol = name_of_file(protocol);
    entry.service.host = to->hostname();
    entry.service.port = to->effective_port();
    entry.ends = *ends;
    entry.persist = persist == "1";
    State::Entries& entries = read[State::key_of(*from)];
    if (entries.size() < kMostOfOrigin) entries.push_back(std::move(entry));
    return true;
  });
  for (auto& [key, entries] : read) state_->set(key, std::move(entries));
}

}  // namespace corolla::inline v0::http
