// SPDX-License-Identifier: Apache-2.0
/// \file
/// AltSvcStore: other places where origins of https are served, too.
///
///     options.alt_svc = std::make_shared<http::AltSvcStore>();
///
/// Source: RFC 7838. An origin names them in the Alt-Svc field of a response over TLS whose certificate was verified; for as long as
/// it said, requests to it go to the first one whose protocol the session speaks ("h2", "http/1.1"). Nothing else changes: the URL, Host
/// and the certificate's name are the origin's; Alt-Used tells. One that does not answer within five seconds, whose certificate is not to be
/// believed, that speaks another protocol, or that answers 421 is left alone for five minutes, and the origin is asked. Frames of HTTP/2 are
/// not heeded. Sessions may share one store, in one thread.
#pragma once

#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// One such place.
struct AltService {
  std::string protocol;  ///< ALPN's name: "h2", "http/1.1", "h3" …
  std::string host;      ///< a name, or an address without brackets
  std::uint16_t port = 0;
  /// "alt.example:443", "[2001:db8::1]:443"
  [[nodiscard]] COROLLA_API std::string host_and_port() const;
  friend bool operator==(const AltService&, const AltService&) = default;
};

/// See the file's comment.
class COROLLA_API AltSvcStore {
 public:
  /// Further origins take the place of those that end first.
  static constexpr std::size_t kMost = 1000;
  /// Further ones of an origin are left out.
  static constexpr std::size_t kMostOfOrigin = 8;
  using time_point = std::chrono::sys_seconds;

  /// `now` is the clock; tests have their own.
  using Clock = time_point (*)();
  explicit AltSvcStore(Clock now = nullptr);
  AltSvcStore(AltSvcStore&&) noexcept;
  AltSvcStore& operator=(AltSvcStore&&) noexcept;
  ~AltSvcStore();

  /// Takes the value of Alt-Svc that came from `url`: what it names takes the place of what was known; "clear" forgets. Nothing
  /// happens when that is no https URL, or the value is malformed.
  void update(const Url& url, std::string_view field);
  /// The places for an https URL that may be used now, the preferred one first.
  [[nodiscard]] std::vector<AltService> find(const Url& url) const;
  /// It did not serve the origin: it is left alone for a while.
  void failed(const Url& url, const AltService& service);
  /// Forgets those that do not persist: to be called when the machine is in another network.
  void network_changed() noexcept;
  /// Origins.
  [[nodiscard]] std::size_t size() const noexcept;
  void clear() noexcept;

  /// Writes all to a file as curl has it: `h2 example.org 443 h2 alt.example.org 8443 "20301231 23:59:59" 0 0` a line. OSError.
  void save(const std::string& path) const;
  /// Adds those of a file that did not end. A file that is not there is empty. OSError; ValueError names the line.
  void load(const std::string& path);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace corolla::inline v0::http
