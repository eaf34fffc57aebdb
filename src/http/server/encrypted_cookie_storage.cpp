// SPDX-License-Identifier: Apache-2.0
//
// A cookie's value is base64url of: the nonce (12 bytes), the encrypted session, the tag (16). What is encrypted is: the time of
// creation and the session's own age, 0 for none (8 bytes each, big endian, in seconds), the length of the identity (1), the identity,
// the values.
#include <corolla/http/encrypted_cookie_storage.hpp>

#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"
#include "http/random_bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/evp.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kNumberSize = 8;
constexpr std::size_t kHeadSize = 2 * kNumberSize + 1;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int size_of(std::string_view text) { return static_cast<int>(text.size()); }

// Keys may serve other purposes of the program, though they should not: what was encrypted there is none of these.
std::string associated_data(const SessionCookie& cookie) { return "corolla session 1 " + cookie.name; }

std::string seal(const std::string& key, std::string_view text, std::string_view associated) {
  std::string sealed = random_bytes(kNonceSize);
  sealed.resize(kNonceSize + text.size() + kTagSize);
  unsigned char* const out = bytes_of(sealed);
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      context &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(std::string_view(key)), out) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(associated), size_of(associated)) == 1 &&
      EVP_EncryptUpdate(context.get(), out + kNonceSize, &size, bytes_of(text), size_of(text)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), out + kNonceSize + text.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, out + kNonceSize + text.size()) == 1;
  if (!done) throw RuntimeError("a session could not be encrypted");
  return sealed;
}

std::optional<std::string> open(const std::string& key, std::string_view sealed, std::string_view associated) {
  if (sealed.size() < kNonceSize + kTagSize) return std::nullopt;
  const std::string_view nonce = sealed.substr(0, kNonceSize);
  const std::string_view encrypted = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string text(encrypted.size(), '\0');
  unsigned char* const out = bytes_of(text);
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done = context &&
                    EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(std::string_view(key)),
                                       bytes_of(nonce)) == 1 &&
                    EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(associated), size_of(associated)) == 1 &&
                    EVP_DecryptUpdate(context.get(), out, &size, bytes_of(encrypted), size_of(encrypted)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), out + text.size(), &size) == 1;
  if (!done) return std::nullopt;
  return text;
}

void append_number(std::string& text, std::int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    text += static_cast<char>((static_cast<std::uint64_t>(number) >> static_cast<unsigned>(shift)) & 255U);
}

std::int64_t number_at(std::string_view text, std::size_t at) {
  std::uint64_t number = 0;
  for (const char c : text.substr(at, kNumberSize)) number = (number << 8U) | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(number);
}

std::string text_of(const SessionRecord& record) {
  if (record.identity.size() > 255) throw ValueError("the identity of a session is too long");
  std::string text;
  append_number(text, record.created.time_since_epoch().count());
  append_number(text, record.max_age ? record.max_age->count() : 0);
  text += static_cast<char>(static_cast<unsigned char>(record.identity.size()));
  return text + record.identity + record.values;
}

// It was encrypted with one of the keys, so all of it is there, unless somebody else has the key.
std::optional<SessionRecord> record_of(std::string_view text) {
  if (text.size() < kHeadSize) return std::nullopt;
  const std::size_t identity_size = static_cast<unsigned char>(text[kHeadSize - 1]);
  if (text.size() < kHeadSize + identity_size) return std::nullopt;
  SessionRecord record;
  record.created = SessionRecord::time_point(std::chrono::seconds(number_at(text, 0)));
  if (const std::int64_t age = number_at(text, kNumberSize); age > 0) record.max_age = std::chrono::seconds(age);
  record.identity = text.substr(kHeadSize, identity_size);
  record.values = text.substr(kHeadSize + identity_size);
  record.is_new = false;
  return record;
}

}  // namespace

std::string EncryptedCookieStorage::generate_key() { return random_bytes(kKeySize); }

EncryptedCookieStorage::EncryptedCookieStorage(std::vector<std::string> keys) : keys_(std::move(keys)) {
  if (keys_.empty()) throw ValueError("encrypted cookies need a key");
  if (std::any_of(keys_.begin(), keys_.end(), [](const std::string& key) { return key.size() != kKeySize; }))
    throw ValueError("a key of encrypted cookies has " + std::to_string(kKeySize) + " bytes");
}

EncryptedCookieStorage::~EncryptedCookieStorage() = default;

Coro<std::optional<SessionRecord>> EncryptedCookieStorage::load(const SessionCookie& cookie, std::string value) {
  const std::string associated = associated_data(cookie);
  const auto sealed = value.size() > kMaxCookieSize ? std::nullopt : base64url_decode(value);
  if (!sealed) co_return std::nullopt;
  for (const std::string& key : keys_)
    if (const auto text = open(key, *sealed, associated)) co_return record_of(*text);
  co_return std::nullopt;
}

Coro<std::optional<std::string>> EncryptedCookieStorage::save(const SessionCookie& cookie, SessionRecord record) {
  const std::string text = text_of(record);
  const std::size_t size = cookie.name.size() + ((kNonceSize + text.size() + kTagSize) * 4 + 2) / 3;
  if (size > kMaxCookieSize)
    throw ValueError("the session is too large for a cookie: " + std::to_string(size) + " bytes of at most " +
                     std::to_string(kMaxCookieSize));
  co_return base64url_encode(seal(keys_.front(), text, associated_data(cookie)));
}

Coro<void> EncryptedCookieStorage::remove(std::string) { co_return; }

}  // namespace corolla::inline v0::http
