// SPDX-License-Identifier: Apache-2.0
/// \file
/// BaseProtocol, Protocol and BufferedProtocol: what a transport calls when something happens on its connection.
///
///     class Echo final : public Protocol {
///       void connection_made(Transport transport) override { transport_ = std::move(transport); }
///       void data_received(std::string_view data) override { transport_.write(data); }
///       Transport transport_;
///     };
///
/// Source: asyncio's protocols. Every function does nothing unless it is overridden, and is called by the loop of the
/// connection, in its thread, never from two places at once. The order, for each connection: connection_made once, then
/// any number of data_received, then at most one eof_received, and connection_lost once, last; in between pause_writing
/// and resume_writing in turn, the former first. What data_received, eof_received and a BufferedProtocol's functions throw
/// ends the connection: the loop's exception handler is told, and connection_lost gets it. What the others throw is told
/// to the handler alone.
#pragma once

#include <corolla/net/transport.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <exception>
#include <span>
#include <string_view>

namespace corolla {
inline namespace v0 {

class BufferedProtocol;

/// What all kinds of protocols have.
class COROLLA_API BaseProtocol {
 public:
  BaseProtocol() = default;
  BaseProtocol(const BaseProtocol&) = delete;
  BaseProtocol& operator=(const BaseProtocol&) = delete;
  virtual ~BaseProtocol();

  /// The connection is gone. Null when it was closed or aborted here, or the peer ended it in the regular way.
  virtual void connection_lost(std::exception_ptr /*error*/) {}
  /// More than the high water mark waits to be sent: stop writing, if that is possible.
  virtual void pause_writing() {}
  /// No more than the low water mark waits any more.
  virtual void resume_writing() {}
};

/// A protocol of a byte stream.
class COROLLA_API Protocol : public BaseProtocol {
 public:
  ~Protocol() override;

  /// The connection is there. Keep `transport` to write to it.
  virtual void connection_made(Transport /*transport*/) {}
  /// Bytes arrived, however many; borrowed, for the time of the call.
  virtual void data_received(std::string_view /*data*/) {}
  /// The peer will send no more. False closes the transport; true leaves it open for writing, except over TLS.
  virtual bool eof_received() { return false; }

 private:
  friend class TransportState;
  [[nodiscard]] virtual BufferedProtocol* buffered() noexcept { return nullptr; }
};

/// A protocol that says where arriving bytes go: they are copied there, out of the stream's buffer.
class COROLLA_API BufferedProtocol : public Protocol {
 public:
  /// `size_hint` of get_buffer when there is none.
  static constexpr std::size_t kNoHint = static_cast<std::size_t>(-1);

  ~BufferedProtocol() override;

  /// Where the next bytes go; it need not have the size of the hint, but an empty one is an error that ends the connection.
  virtual std::span<char> get_buffer(std::size_t size_hint) = 0;
  /// The first `count` bytes of it were filled.
  virtual void buffer_updated(std::size_t /*count*/) {}

 private:
  void data_received(std::string_view /*data*/) final {}
  [[nodiscard]] BufferedProtocol* buffered() noexcept final { return this; }
};

}  // namespace v0
}  // namespace corolla
