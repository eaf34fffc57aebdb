// SPDX-License-Identifier: Apache-2.0
/// \file
/// CookieJar: the cookies of a session.
///
///     SessionOptions options;
///     options.cookie_jar = std::make_shared<CookieJar>();
///     options.cookie_jar->load("cookies.txt");
///     Session session(options);
///     …
///     options.cookie_jar->save("cookies.txt");
///
/// Source: RFC 6265bis (draft 22), section 5; aiohttp's CookieJar. Files are Netscape's cookies.txt, which curl, wget and
/// browsers' extensions read and write. Sessions may share a jar. Not thread safe.
#pragma once

#include <corolla/http/cookie.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment.
class COROLLA_API CookieJar {
 public:
  /// The least that servers may rely on is 50 and 3000; what was used longest ago makes room, insecure ones first.
  static constexpr std::size_t kMostPerDomain = 180;
  static constexpr std::size_t kMost = 6000;

  /// `now` is the clock; tests have their own.
  using Clock = Cookie::time_point (*)();
  explicit CookieJar(Clock now = nullptr);
  CookieJar(CookieJar&&) noexcept;
  CookieJar& operator=(CookieJar&&) noexcept;
  ~CookieJar();

  /// Takes the cookies of a response's Set-Cookie fields.
  void update(const Url& from, const Headers& headers);
  /// Takes one; false when a secure one of that name is not overwritten from plain http, or when it is expired, which
  /// removes the one that is there.
  bool set(Cookie cookie, const Url& from);
  /// As above, from nowhere: no rule is broken.
  void set(Cookie cookie);

  /// What a request to `url` carries, in the order in which it is sent: longer paths first, then older ones.
  [[nodiscard]] std::vector<Cookie> filter(const Url& url);
  /// The Cookie field of a request to `url`; empty when there are none.
  [[nodiscard]] std::string header(const Url& url);

  [[nodiscard]] std::size_t size() const noexcept;
  /// All that are not expired, oldest first.
  [[nodiscard]] std::vector<Cookie> cookies() const;
  void clear() noexcept;
  /// Those of `domain` and of the hosts below it.
  void clear_domain(std::string_view domain);
  /// What a browser does when it is closed: only those with an end remain.
  void clear_session();

  /// Writes all to a file that only its owner can read, in one step: whoever reads it meanwhile sees the old one. OSError.
  void save(const std::string& path) const;
  /// Adds those of a file, without the expired ones. A file that is not there is empty. OSError; ValueError names the line
  /// that is none.
  void load(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace corolla::inline v0::http
