// SPDX-License-Identifier: Apache-2.0
/// \file
/// A TraceConfig that writes down each event, one a line.
#pragma once

#include <corolla/http/tracing.hpp>
#include <corolla/runtime/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace corolla::test {

/// The events so far. Pieces of bodies are told by their size when they are long; neighbours of one kind are one line then.
class TraceRecorder {
 public:
  TraceRecorder() : config_(std::make_shared<http::TraceConfig>()) {
    auto& c = *config_;
    c.on_request_start = [this](auto&, const auto& p) { add("start " + p.method + " " + p.url.href()); };
    c.on_request_end = [this](auto&, const auto& p) {
      add("end " + p.method + " " + p.url.href() + " " + std::to_string(p.response.status()));
    };
    c.on_request_exception = [this](auto&, const auto& p) { add("exception " + describe(p.exception)); };
    c.on_request_redirect = [this](auto&, const auto& p) {
      add("redirect " + p.method + " " + std::to_string(p.status) + " " + p.location.href() + " by " +
          std::string(p.response_headers.get("Location", "")));
    };
    c.on_request_headers_sent = [this](auto&, const auto& p) {
      add("headers " + p.method + " " + std::string(p.url.path()) + " " +
          std::string(p.headers.get("User-Agent", "none")));
    };
    c.on_request_chunk_sent = [this](auto&, const auto& p) { add_chunk("sent", p.chunk); };
    c.on_response_chunk_received = [this](auto&, const auto& p) { add_chunk("received", p.chunk); };
    note(c.on_connection_queued_start, "queued");
    note(c.on_connection_queued_end, "granted");
    note(c.on_connection_create_start, "create");
    note(c.on_connection_create_end, "created");
    note(c.on_connection_reuseconn, "reuse");
    note(c.on_dns_resolvehost_start, "look up");
    note(c.on_dns_resolvehost_end, "looked up");
    note(c.on_dns_cache_hit, "hit");
    note(c.on_dns_cache_miss, "miss");
    note(c.on_tls_start, "tls");
    note(c.on_tls_end, "secured");
  }
  TraceRecorder(const TraceRecorder&) = delete;
  TraceRecorder& operator=(const TraceRecorder&) = delete;

  [[nodiscard]] std::vector<std::shared_ptr<const http::TraceConfig>> configs() const { return {config_}; }
  /// The events since the last call.
  [[nodiscard]] std::vector<std::string> take() { return std::exchange(events_, {}); }

 private:
  void add(std::string event) { events_.push_back(std::move(event)); }
  void add_chunk(const std::string& kind, std::string_view chunk) {
    if (chunk.size() <= 10) return add(kind + " " + std::string(chunk));
    std::size_t before = 0;
    if (!events_.empty() && events_.back().starts_with(kind + " bytes ")) {
      before = std::stoul(events_.back().substr(kind.size() + 7));
      events_.pop_back();
    }
    add(kind + " bytes " + std::to_string(before + chunk.size()));
  }
  void note(http::TraceHook<http::TraceConnectionParams>& hook, const char* name) {
    hook = [this, name](auto&, const http::TraceConnectionParams& p) {
      add(std::string(name) + " " + std::string(p.host) + ":" + std::to_string(p.port));
    };
  }
  void note(http::TraceHook<http::TraceHostParams>& hook, const char* name) {
    hook = [this, name](auto&, const http::TraceHostParams& p) { add(std::string(name) + " " + std::string(p.host)); };
  }

  std::shared_ptr<http::TraceConfig> config_;
  std::vector<std::string> events_;
};

}  // namespace corolla::test
