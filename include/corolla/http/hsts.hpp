// SPDX-License-Identifier: Apache-2.0
/// \file
/// HstsStore: the hosts that are reached by https only.
///
///     options.hsts = std::make_shared<http::HstsStore>();
///
/// Source: RFC 6797. A host says so by Strict-Transport-Security, in a response over TLS whose certificate was verified; from then
/// on, for as long as it said, a request to it by http becomes one by https before anything is sent: port 80 becomes 443, another
/// one stays. Addresses take no part. There is no list of hosts known from the start. Sessions may share one store, in one thread.
#pragma once

#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// See the file's comment.
class COROLLA_API HstsStore {
 public:
  /// Further hosts take the place of those that end first.
  static constexpr std::size_t kMost = 10'000;
  using time_point = std::chrono::sys_seconds;

  /// `now` is the clock; tests have their own.
  using Clock = time_point (*)();
  explicit HstsStore(Clock now = nullptr);
  HstsStore(HstsStore&&) noexcept;
  HstsStore& operator=(HstsStore&&) noexcept;
  ~HstsStore();

  /// Takes the value of Strict-Transport-Security that came from `url`. Nothing happens when that is no https URL of a name, or the
  /// value is malformed. max-age=0 forgets the host.
  void update(const Url& url, std::string_view field);
  /// Whether the host, or one above it that includes those below, asked for https.
  [[nodiscard]] bool covers(std::string_view host) const;
  /// The https URL in place of an http one to such a host; nothing: it may be used as it is.
  [[nodiscard]] std::optional<Url> upgraded(const Url& url) const;
  [[nodiscard]] std::size_t size() const noexcept;
  void clear() noexcept;

  /// Writes all to a file as curl has it: `name "20301231 23:59:59"` a line, a dot before the name for the hosts below. OSError.
  void save(const std::string& path) const;
  /// Adds those of a file that did not end. A file that is not there is empty. OSError; ValueError names the line.
  void load(const std::string& path);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace corolla::inline v0::http
