// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a server says about digest authentication, read and answered. Source: RFC 7616; RFC 9110, section 11.
#pragma once

#include <corolla/http/headers.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

using AuthParams = std::vector<std::pair<std::string, std::string>>;

/// One challenge of a WWW-Authenticate field: its scheme, and its parameters with names in lower case.
struct AuthChallenge {
  std::string scheme;
  AuthParams params;
};

/// All challenges of a field's value, or of several joined by commas. Empty when it is malformed, longer than 8 KiB or has more
/// than 16 challenges or 32 parameters.
[[nodiscard]] std::vector<AuthChallenge> parse_challenges(std::string_view value);
/// "a=b, c=\"d\"", as in Authentication-Info. Empty when it is malformed.
[[nodiscard]] AuthParams parse_auth_params(std::string_view value);
/// The value of the parameter; empty when there is none.
[[nodiscard]] std::string_view param(const AuthParams& params, std::string_view name);

struct DigestChallenge {
  enum class Hash : std::uint8_t { kMd5, kSha256, kSha512_256 };  // in the order of their strength
  enum class Qop : std::uint8_t { kNone, kAuth, kAuthInt };
  Hash hash = Hash::kMd5;
  bool session = false;
  Qop qop = Qop::kNone;
  bool stale = false;
  bool userhash = false;
  std::string algorithm;  // as the server wrote it; empty: it did not
  std::string realm;
  std::string nonce;
  std::string opaque;
  std::string domain;
};

/// The strongest digest challenge among the WWW-Authenticate fields that can be answered.
[[nodiscard]] std::optional<DigestChallenge> digest_challenge(const Headers& headers);

/// What a proof is made of, beside the challenge.
struct DigestInput {
  std::string_view user;
  std::string_view password;
  std::string_view method;
  std::string_view target;
  std::string_view body;
  std::string_view cnonce;
  std::uint32_t count;
};

/// The value of the Authorization field.
[[nodiscard]] std::string digest_authorization(const DigestChallenge& challenge, const DigestInput& input);

}  // namespace corolla::inline v0::http
