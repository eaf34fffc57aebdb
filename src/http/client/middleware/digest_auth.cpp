// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/digest_auth.hpp>

#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/outcome.hpp>

#include "http/client/middleware/digest_challenge.hpp"
#include "http/client/redirect.hpp"
#include "http/client/response_state.hpp"
#include "http/hex.hpp"
#include "http/random_bytes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kMostOrigins = 256;
constexpr std::size_t kCnonceBytes = 16;

// The prefixes of a challenge's domain within its origin; the whole origin without any.
std::vector<std::string> spaces_of(const DigestChallenge& challenge, const Url& url) {
  std::vector<std::string> spaces;
  std::string_view rest = challenge.domain;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find(' '), rest.size());
    const auto space = Url::try_parse(rest.substr(0, size), url);
    if (size > 0 && space && space->same_origin(url)) spaces.emplace_back(space->path());
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  return spaces;
}

bool is_within(std::string_view path, const std::string& space) {
  if (!path.starts_with(space)) return false;
  return space.ends_with('/') || path.size() == space.size() || path[space.size()] == '/';
}

}  // namespace

class DigestAuth::State {
 public:
  State(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    if (user_.find(':') != std::string::npos) throw ValueError("a user's name must not hold ':'");
    if (std::any_of(user_.begin(), user_.end(), is_control))
      throw ValueError("a user's name must not hold control characters");
  }

  Coro<Response> send(RequestData& request, ClientHandler next) {
    // Where a redirect leads, nobody was to be told anything of the password.
    if (request.headers.contains("Authorization") || request.crossed_origins) {
      auto sending = next(request);
      co_return co_await std::move(sending);
    }
    const std::string origin = request.url.origin();
    request.asks_netrc = false;
    if (Space* const known = space_of(origin, request)) authorize(*known, request);
    bool challenged = false;  // in this request
    for (int left = 2;; --left) {
      auto sending = next(request);
      Response response = co_await std::move(sending);
      note_next_nonce(origin, response.headers());
      if (response.status() != 401 || left == 0 || !request.repeatable()) co_return response;
      auto challenge = digest_challenge(response.headers());
      // A proof made for a challenge of just now is refused for good, unless the nonce was too old even so.
      if (!challenge || (challenged && !challenge->stale) || !can_prove(*challenge, request)) co_return response;
      challenged = true;
      authorize(remember(origin, std::move(*challenge), request.url), request);
      const std::unique_ptr<ResponseState> state = response.take_state();
      auto discarding = discard_body(*state);
      const auto discarded = co_await outcome(std::move(discarding));
      static_cast<void>(discarded);
    }
  }

 private:
  struct Space {
    std::string origin;
    DigestChallenge challenge;
    std::vector<std::string> prefixes;
    std::string cnonce;
    std::uint32_t count = 0;
  };

  // With auth-int the body is part of the proof, as it is sent.
  static bool can_prove(const DigestChallenge& challenge, const RequestData& request) {
    return challenge.qop != DigestChallenge::Qop::kAuthInt || (!request.source && !request.compressed());
  }

  Space* space_of(std::string_view origin, const RequestData& request) {
    const auto found =
        std::find_if(spaces_.begin(), spaces_.end(), [&](const Space& space) { return space.origin == origin; });
    if (found == spaces_.end() || !can_prove(found->challenge, request)) return nullptr;
    const auto holds = [&](const std::string& prefix) { return is_within(request.url.path(), prefix); };
    const auto& prefixes = found->prefixes;
    return prefixes.empty() || std::any_of(prefixes.begin(), prefixes.end(), holds) ? &*found : nullptr;
  }

  Space& remember(const std::string& origin, DigestChallenge challenge, const Url& url) {
    std::erase_if(spaces_, [&](const Space& space) { return space.origin == origin; });
    if (spaces_.size() == kMostOrigins) spaces_.erase(spaces_.begin());
    Space& space = spaces_.emplace_back();
    space.origin = origin;
    space.prefixes = spaces_of(challenge, url);
    space.challenge = std::move(challenge);
    space.cnonce = to_hex(random_bytes(kCnonceBytes));
    return space;
  }

  void authorize(Space& space, RequestData& request) {
    const DigestInput input{user_,        password_,    request.method, request.url.request_target(),
                            request.body, space.cnonce, ++space.count};
    request.headers.set("Authorization", digest_authorization(space.challenge, input));
  }

  // RFC 7616, section 3.5.
  void note_next_nonce(std::string_view origin, const Headers& headers) {
    const auto field = headers.get("Authentication-Info");
    if (!field) return;
    const AuthParams params = parse_auth_params(*field);
    const std::string_view next = param(params, "nextnonce");
    const auto space = std::find_if(spaces_.begin(), spaces_.end(), [&](const Space& s) { return s.origin == origin; });
    if (next.empty() || space == spaces_.end() || space->challenge.nonce == next) return;
    space->challenge.nonce = next;
    space->count = 0;
  }

  const std::string user_;
  const std::string password_;
  std::vector<Space> spaces_;  // oldest first
};

DigestAuth::DigestAuth(std::string user, std::string password)
    : state_(std::make_shared<State>(std::move(user), std::move(password))) {}

ClientMiddleware DigestAuth::middleware() const {
  return [state = state_](RequestData& request, ClientHandler next) { return state->send(request, next); };
}

}  // namespace corolla::inline v0::http
