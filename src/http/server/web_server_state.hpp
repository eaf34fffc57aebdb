// SPDX-License-Identifier: Apache-2.0
/// \file
/// WebServerState: what a WebServer and its connections share.
#pragma once

#include <corolla/http/web_server.hpp>
#include <corolla/runtime/future.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// A connection of a server, in its list.
class WebServerConnection {
 public:
  /// The server stops.
  virtual void server_closes() noexcept = 0;

 protected:
  ~WebServerConnection() = default;

 private:
  friend class WebServerState;
  WebServerConnection* next_ = nullptr;
  WebServerConnection* previous_ = nullptr;
};

class WebServerState {
 public:
  /// Files up to this size are read and sent with the head in one call; larger ones are left to sendfile.
  static constexpr std::size_t kSmallFile = std::size_t{64} * 1024;

  /// HeaderInjection when the server's name is no field value.
  WebServerState(RequestHandler request_handler, WebServerOptions server_options);
  WebServerState(const WebServerState&) = delete;
  WebServerState& operator=(const WebServerState&) = delete;
  ~WebServerState() = default;

  /// No request is taken any more; closes the connections that wait for one.
  void close() noexcept;
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  /// Completes with close().
  [[nodiscard]] Future<void> closed_future();

  void add(WebServerConnection& connection) noexcept;
  void remove(WebServerConnection& connection) noexcept;

  /// "Date: …" and "Server: …" with their line ends, written once a second.
  [[nodiscard]] std::string_view common_fields();
  /// The value of Date alone.
  [[nodiscard]] std::string_view date();

  /// Reads a small file that is in the page cache into a buffer that all connections share: use it before anybody awaits.
  /// False when the disk would have to be asked, or the file became shorter.
  [[nodiscard]] bool read_cached(int descriptor, std::uint64_t offset, std::size_t count, std::string_view& bytes);

  RequestHandler handler;
  WebServerOptions options;

 private:
  WebServerConnection* first_ = nullptr;
  bool closing_ = false;
  Future<void> closed_;
  std::string server_field_;
  std::string common_fields_;
  std::chrono::sys_seconds common_fields_time_{};
  std::string file_buffer_;
};

}  // namespace corolla::inline v0::http
