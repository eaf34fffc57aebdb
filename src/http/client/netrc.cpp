// SPDX-License-Identifier: Apache-2.0
#include "http/client/netrc.hpp"

#include <corolla/http/headers.hpp>
#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace corolla::inline v0::http {

namespace {

class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  // Nothing at the end. Quotes around a word are taken off.
  std::optional<std::string> next() {
    skip_spaces();
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"') return quoted();
    const std::size_t size = std::min(rest_.find_first_of(" \t\r\n"), rest_.size());
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }
  std::string value_of(const char* name) {
    auto word = next();
    if (!word) fail(std::string("nothing behind \"") + name + "\"");
    return std::move(*word);
  }
  void skip_line() { skip_to(std::min(rest_.find('\n'), rest_.size())); }
  void skip_to_empty_line() {
    const std::size_t end = std::min(rest_.find("\n\n"), rest_.find("\n\r\n"));
    skip_to(std::min(end, rest_.size()));
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw ValueError(".netrc, line " + std::to_string(line_) + ": " + why);
  }

 private:
  void skip_to(std::size_t count) {
    for (const char c : rest_.substr(0, count)) line_ += c == '\n' ? 1 : 0;
    rest_.remove_prefix(count);
  }
  void skip_spaces() { skip_to(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  std::string quoted() {
    rest_.remove_prefix(1);
    std::string word;
    while (!rest_.empty() && rest_.front() != '\n') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return word;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
      }
      word += c;
    }
    fail("a quotation that does not end");
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

}  // namespace

Netrc::Netrc(std::string_view text) {
  if (text.size() > kLargestFile) throw ValueError(".netrc is larger than a MiB");
  struct Raw {
    Entry entry;
    std::string login, password;
  };
  std::vector<Raw> all;
  Words words(text);
  while (const auto word = words.next()) {
    if (word->starts_with('#')) {
      words.skip_line();
    } else if (*word == "machine") {
      all.emplace_back().entry.machine = words.value_of("machine");
    } else if (*word == "default") {
      all.emplace_back().entry.is_default = true;
    } else if (*word == "macdef") {
      static_cast<void>(words.value_of("macdef"));
      words.skip_to_empty_line();
    } else if (all.empty()) {
      words.fail("\"" + *word + "\" before the first machine");
    } else if (*word == "login" || *word == "user") {
      all.back().login = words.value_of("login");
    } else if (*word == "password") {
      all.back().password = words.value_of("password");
    } else if (*word == "account") {
      static_cast<void>(words.value_of("account"));
    } else {
      words.fail("the word \"" + *word + "\" is not known");
    }
  }
  for (Raw& raw : all) {
    if (raw.login.empty() && raw.password.empty()) continue;
    raw.entry.authorization = "Basic " + base64_encode(raw.login + ":" + raw.password);
    entries_.push_back(std::move(raw.entry));
  }
}

Netrc Netrc::of_environment() {
  const char* const named = std::getenv("NETRC");
  const char* const home = std::getenv("HOME");
  std::string path;
  if (named && *named) path = named;
  else if (home && *home) path = std::string(home) + "/.netrc";
  else return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return {};
    throw OSError(errno, "open " + path);
  }
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) throw OSError(errno, "read " + path);
  text.resize(static_cast<std::size_t>(file.gcount()));
  return Netrc(text);
}

const std::string& Netrc::authorization(std::string_view host) const noexcept {
  static const std::string none;
  for (const Entry& entry : entries_)
    if (!entry.is_default && iequals(entry.machine, host)) return entry.authorization;
  for (const Entry& entry : entries_)
    if (entry.is_default) return entry.authorization;
  return none;
}

}  // namespace corolla::inline v0::http
