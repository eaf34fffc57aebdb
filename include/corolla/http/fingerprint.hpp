// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fingerprint: the certificate, or the key, that a server must show.
///
///     options.fingerprints = {http::Fingerprint::of_public_key("sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=")};
///
/// Source: aiohttp's Fingerprint; RFC 7469, section 2.4, for keys. It comes on top of the certificate's verification: for one that
/// nobody signed, SessionOptions::ssl has to say so (TlsVerifyMode::kNone). A value; SHA-256.
#pragma once

#include <corolla/runtime/api.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// See the file's comment.
class COROLLA_API Fingerprint {
 public:
  /// Of the certificate itself, in DER: 64 hexadecimal digits, with or without colons between bytes, or base64, with or without
  /// "sha256//" before it. ValueError.
  [[nodiscard]] static Fingerprint of_certificate(std::string_view text);
  /// Of its public key (SubjectPublicKeyInfo), which a renewed certificate may keep. As above.
  [[nodiscard]] static Fingerprint of_public_key(std::string_view text);

  [[nodiscard]] bool is_of_public_key() const noexcept { return public_key_; }
  /// In base64.
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;

 private:
  Fingerprint(std::string digest, bool public_key) : digest_(std::move(digest)), public_key_(public_key) {}
  std::string digest_;
  bool public_key_;
};

}  // namespace corolla::inline v0::http
