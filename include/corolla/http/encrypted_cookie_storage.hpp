// SPDX-License-Identifier: Apache-2.0
/// \file
/// EncryptedCookieStorage: sessions that the clients keep themselves, in a cookie that they can neither read nor change.
///
///     const std::string key = read_secret();  // 32 bytes, EncryptedCookieStorage::generate_key() once
///     app.add_middleware(http::sessions(std::make_shared<http::EncryptedCookieStorage>(std::vector{key}), cookie));
///
/// Source: aiohttp_session's EncryptedCookieStorage; AES-256-GCM (NIST SP 800-38D) in the place of Fernet. Any process that has the key
/// understands the cookie, and nothing is kept by the server. That is its limit, too: invalidate() makes an honest client forget the
/// cookie, but a copy of it is good until SessionCookie::max_age is over, which should be set therefore; and of two requests at a time the
/// one that is answered last wins even where the other one logged out. Where a session has to end at once, take a storage of the
/// server's.
///
/// Each cookie has a random nonce of 96 bits: a key is good for 2^32 of them, then for decrypting alone. The cookie's name,
/// the identity and the time of creation are authenticated with the values: a cookie does not pass for another one, nor for a younger one.
#pragma once

#include <corolla/http/session_storage.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment. Immutable: safe from any thread, so loops may share one. None of its functions suspends.
class COROLLA_API EncryptedCookieStorage final : public SessionStorage {
 public:
  static constexpr std::size_t kKeySize = 32;
  /// A random key. RuntimeError when there are no random bytes.
  [[nodiscard]] static std::string generate_key();

  /// The first key encrypts, each of them decrypts: a new one is put before the others, which leave when their cookies are over.
  /// ValueError unless there is one and each has kKeySize bytes.
  explicit EncryptedCookieStorage(std::vector<std::string> keys);
  ~EncryptedCookieStorage() override;

  /// Nothing for a cookie that was not made with one of the keys, under this name.
  [[nodiscard]] Coro<std::optional<SessionRecord>> load(const SessionCookie& cookie, std::string value) override;
  /// ValueError when name and value would be longer than kMaxCookieSize: browsers ignore such cookies, and the session would be lost
  /// without a word. That leaves about 2900 bytes for the values.
  [[nodiscard]] Coro<std::optional<std::string>> save(const SessionCookie& cookie, SessionRecord record) override;
  /// Does nothing: there is nothing to forget.
  [[nodiscard]] Coro<void> remove(std::string identity) override;

 private:
  std::vector<std::string> keys_;
};

}  // namespace corolla::inline v0::http
