// SPDX-License-Identifier: Apache-2.0
#include "http/client/middleware/digest_challenge.hpp"

#include <corolla/runtime/error.hpp>

#include "http/hex.hpp"

#include <array>
#include <cstdio>

#include <openssl/evp.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kLongestField = 8 * 1024;
constexpr std::size_t kMostChallenges = 16;
constexpr std::size_t kMostParams = 32;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Reads challenges from the front of a text; each step that does not fit fails for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool skip_spaces() {
    const std::size_t count = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_commas() {
    skip_spaces();
    while (skip(',')) skip_spaces();
  }
  std::string_view token() {
    std::size_t size = 0;
    while (size < rest_.size() && is_token(rest_.substr(size, 1))) ++size;
    if (size == 0) ok_ = false;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  std::string token_or_quoted() {
    if (!skip('"')) return std::string(token());
    std::string value;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    ok_ = false;
    return value;
  }
  // "name=value" or nothing: then the text is where it was.
  std::optional<std::pair<std::string, std::string>> param() {
    const std::string_view before = rest_;
    const std::string_view name = token();
    skip_spaces();
    // A token68, "abc==", has no place in what is read here.
    if (!ok_ || !skip('=')) {
      rest_ = before;
      return std::nullopt;
    }
    skip_spaces();
    std::string value = token_or_quoted();
    return std::pair(lower(name), std::move(value));
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

const EVP_MD* evp_of(DigestChallenge::Hash hash) {
  switch (hash) {
    case DigestChallenge::Hash::kSha256: return EVP_sha256();
    case DigestChallenge::Hash::kSha512_256: return EVP_sha512_256();
    default: return EVP_md5();
  }
}

std::string hash_of(DigestChallenge::Hash hash, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, evp_of(hash), nullptr) != 1)
    throw RuntimeError("OpenSSL does not offer the hash that the server asks for");
  return to_hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), size));
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part).append(":");
  text.pop_back();
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

bool set_algorithm(DigestChallenge& challenge, std::string_view name) {
  std::string lowered = lower(name);
  if (lowered.ends_with("-sess")) {
    challenge.session = true;
    lowered.resize(lowered.size() - 5);
  }
  if (lowered.empty() || lowered == "md5") challenge.hash = DigestChallenge::Hash::kMd5;
  else if (lowered == "sha-256") challenge.hash = DigestChallenge::Hash::kSha256;
  else if (lowered == "sha-512-256") challenge.hash = DigestChallenge::Hash::kSha512_256;
  else return false;
  return true;
}

// "auth" before "auth-int"; false when both are unknown.
bool set_qop(DigestChallenge& challenge, std::string_view list) {
  if (list.empty()) return true;
  const std::string lowered = lower(list);
  Headers options;
  options.add("qop", lowered);
  if (options.has_token("qop", "auth")) challenge.qop = DigestChallenge::Qop::kAuth;
  else if (options.has_token("qop", "auth-int")) challenge.qop = DigestChallenge::Qop::kAuthInt;
  else return false;
  return true;
}

std::optional<DigestChallenge> digest_of(const AuthChallenge& from) {
  DigestChallenge challenge;
  challenge.algorithm = param(from.params, "algorithm");
  challenge.realm = param(from.params, "realm");
  challenge.nonce = param(from.params, "nonce");
  challenge.opaque = param(from.params, "opaque");
  challenge.domain = param(from.params, "domain");
  challenge.stale = iequals(param(from.params, "stale"), "true");
  challenge.userhash = iequals(param(from.params, "userhash"), "true");
  if (challenge.nonce.empty() || !set_algorithm(challenge, challenge.algorithm) ||
      !set_qop(challenge, param(from.params, "qop")))
    return std::nullopt;
  return challenge;
}

}  // namespace

std::string_view param(const AuthParams& params, std::string_view name) {
  for (const auto& [known, value] : params)
    if (known == name) return value;
  return {};
}

std::vector<AuthChallenge> parse_challenges(std::string_view value) {
  if (value.size() > kLongestField) return {};
  std::vector<AuthChallenge> all;
  Reader reader(value);
  for (reader.skip_commas(); !reader.at_end(); reader.skip_commas()) {
    AuthChallenge challenge;
    challenge.scheme = lower(reader.token());
    if (!reader.ok() || all.size() == kMostChallenges) return {};
    reader.skip_spaces();
    // What has no '=' behind its name is the next challenge's scheme.
    while (auto parameter = reader.at_end() ? std::nullopt : reader.param()) {
      if (!reader.ok() || challenge.params.size() == kMostParams) return {};
      challenge.params.push_back(std::move(*parameter));
      reader.skip_spaces();
      if (!reader.at_end() && !reader.skip(',')) return {};
      reader.skip_commas();
    }
    if (!reader.ok()) return {};
    all.push_back(std::move(challenge));
  }
  return all;
}

AuthParams parse_auth_params(std::string_view value) {
  if (value.size() > kLongestField) return {};
  AuthParams params;
  Reader reader(value);
  for (reader.skip_commas(); !reader.at_end(); reader.skip_commas()) {
    auto parameter = reader.param();
    if (!parameter || !reader.ok() || params.size() == kMostParams) return {};
    params.push_back(std::move(*parameter));
    reader.skip_spaces();
    if (!reader.at_end() && !reader.skip(',')) return {};
  }
  return params;
}

std::optional<DigestChallenge> digest_challenge(const Headers& headers) {
  std::optional<DigestChallenge> best;
  for (const std::string_view field : headers.get_all("WWW-Authenticate")) {
    for (const AuthChallenge& challenge : parse_challenges(field)) {
      if (challenge.scheme != "digest") continue;
      auto digest = digest_of(challenge);
      if (digest && (!best || digest->hash > best->hash)) best = std::move(digest);
    }
  }
  return best;
}

// RFC 7616, section 3.4.
std::string digest_authorization(const DigestChallenge& challenge, const DigestInput& input) {
  using Qop = DigestChallenge::Qop;
  const auto h = [&](std::string_view text) { return hash_of(challenge.hash, text); };
  std::array<char, 9> count{};
  std::snprintf(count.data(), count.size(), "%08x", input.count);
  const std::string_view nc = count.data();
  const std::string_view qop = challenge.qop == Qop::kAuthInt ? "auth-int" : "auth";
  std::string a1 = joined({input.user, challenge.realm, input.password});
  if (challenge.session) a1 = joined({h(a1), challenge.nonce, input.cnonce});
  std::string a2 = joined({input.method, input.target});
  if (challenge.qop == Qop::kAuthInt) a2 += ":" + h(input.body);
  const std::string response = challenge.qop == Qop::kNone
                                   ? h(joined({h(a1), challenge.nonce, h(a2)}))
                                   : h(joined({h(a1), challenge.nonce, nc, input.cnonce, qop, h(a2)}));
  const std::string user = challenge.userhash ? h(joined({input.user, challenge.realm})) : std::string(input.user);
  std::string value = "Digest username=" + quoted(user) + ", realm=" + quoted(challenge.realm) +
                      ", nonce=" + quoted(challenge.nonce) + ", uri=" + quoted(input.target);
  if (!challenge.algorithm.empty()) value += ", algorithm=" + challenge.algorithm;
  if (challenge.qop != Qop::kNone)
    value.append(", qop=").append(qop).append(", nc=").append(nc).append(", cnonce=").append(quoted(input.cnonce));
  else if (challenge.session) value += ", cnonce=" + quoted(input.cnonce);
  value += ", response=" + quoted(response);
  if (!challenge.opaque.empty()) value += ", opaque=" + quoted(challenge.opaque);
  if (challenge.userhash) value += ", userhash=true";
  return value;
}

}  // namespace corolla::inline v0::http
