// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/fingerprint.hpp>

#include <corolla/http/error.hpp>

#include "http/base64.hpp"
#include "http/client/check_fingerprints.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kBytes = 32;
constexpr std::size_t kBase64 = 44;

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, kBytes> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw RuntimeError("no SHA-256");
  return base64_encode(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string public_key_of(const std::string& der) {
  struct Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
  };
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<X509, Free> certificate(d2i_X509(nullptr, &begin, static_cast<long>(der.size())));
  if (!certificate) return {};
  unsigned char* out = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &out);
  const std::unique_ptr<unsigned char, Free> bytes(out);
  return size > 0 ? std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)) : std::string();
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// In base64, whichever of both forms it has.
std::string digest_of(std::string_view text) {
  const auto refuse = [text] { throw ValueError("no SHA-256 fingerprint: \"" + std::string(text) + "\""); };
  std::string_view rest = text;
  if (rest.starts_with("sha256//")) rest.remove_prefix(8);
  if (rest.size() == kBase64 && rest.ends_with('=')) {
    const auto known = [](char c) {
      return (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || digit(c) >= 0 || c == '+' || c == '/';
    };
    if (!std::all_of(rest.begin(), rest.end() - 1, known)) refuse();
    return std::string(rest);
  }
  std::string bytes;
  while (!rest.empty()) {
    if (rest.size() < 2 || digit(rest[0]) < 0 || digit(rest[1]) < 0) refuse();
    bytes += static_cast<char>(digit(rest[0]) * 16 + digit(rest[1]));
    rest.remove_prefix(2);
    if (rest.size() > 1 && rest.front() == ':') rest.remove_prefix(1);
  }
  if (bytes.size() != kBytes) refuse();
  return base64_encode(bytes);
}

}  // namespace

Fingerprint Fingerprint::of_certificate(std::string_view text) { return {digest_of(text), false}; }
Fingerprint Fingerprint::of_public_key(std::string_view text) { return {digest_of(text), true}; }

void check_fingerprints(const std::vector<Fingerprint>& wanted, const TlsConnection& tls, std::string_view peer) {
  const auto certificate = tls.peer_certificate();
  const std::string der = certificate ? certificate->der : std::string();
  const std::string of_certificate = sha256(der);
  const std::string of_key = sha256(public_key_of(der));
  for (const Fingerprint& one : wanted)
    if (!der.empty() && one.digest() == (one.is_of_public_key() ? of_key : of_certificate)) return;
  throw ServerFingerprintMismatch(std::string(peer) + ": the certificate's fingerprint is sha256//" + of_certificate +
                                  ", its key's sha256//" + of_key + "; neither is what was expected");
}

}  // namespace corolla::inline v0::http
