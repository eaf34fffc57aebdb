// SPDX-License-Identifier: Apache-2.0
/// \file
/// DatagramTransportState: what stands behind a DatagramTransport.
///
/// Its life, in prose. Made, it stands in the ready queue as a Turn, whose run calls connection_made, begins to receive and
/// completes what start_datagram_transport waits for. From then on a receive is in flight, until close() or abort(). When
/// it is closing and nothing is buffered any more, the Turn is queued a second time: it closes the descriptor, calls
/// connection_lost and lets go of the protocol. While a datagram is buffered a send is in flight.
///
/// Who keeps it alive: handles, the Turn while it is queued, and the operations while they are in flight; between its
/// beginning and its end there is always one of the latter. When the Turn is dropped, or an operation becomes idle without
/// having been asked to, then the loop dies, and it closes without a call to the protocol.
#pragma once

#include "backend/backend.hpp"
#include "backend/readiness_operation.hpp"

#include <corolla/net/datagram.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/memory.hpp>

#include <cstdint>
#include <deque>

namespace corolla {
inline namespace v0 {

class DatagramTransportState final : public FromBlockCache {
 public:
  DatagramTransportState(EventLoop& loop, Socket socket, std::shared_ptr<DatagramProtocol> protocol,
                         const SocketAddress& remote);
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  /// Queues the first Turn, which completes the future.
  void start(Future<void> started);

  void sendto(std::string_view data, const SocketAddress& to);
  void close() noexcept;
  void abort() noexcept { end(nullptr); }
  [[nodiscard]] bool closing() const noexcept { return closing_; }
  [[nodiscard]] std::size_t buffered() const noexcept { return buffered_; }
  void set_limits(std::size_t high, std::size_t low) noexcept;
  [[nodiscard]] std::size_t high_water() const noexcept { return high_water_; }
  [[nodiscard]] std::size_t low_water() const noexcept { return low_water_; }
  void set_protocol(std::shared_ptr<DatagramProtocol> protocol) noexcept { protocol_ = std::move(protocol); }
  [[nodiscard]] const std::shared_ptr<DatagramProtocol>& protocol() const noexcept { return protocol_; }
  [[nodiscard]] const SocketAddress& sockname() const noexcept { return sockname_; }
  [[nodiscard]] const SocketAddress& remote() const noexcept { return remote_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  class Receive final : public ReadinessOperation {
   public:
    Receive(DatagramTransportState& owner, Backend& io, int descriptor) noexcept
        : ReadinessOperation(io, descriptor, Direction::kRead), owner_(owner) {}
    int attempt() noexcept override;
    void done(int result) noexcept override { owner_.received(result); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.receive_left(); }

   private:
    DatagramTransportState& owner_;
  };
  class Send final : public ReadinessOperation {
   public:
    Send(DatagramTransportState& owner, Backend& io, int descriptor) noexcept
        : ReadinessOperation(io, descriptor, Direction::kWrite), owner_(owner) {}
    int attempt() noexcept override;
    void done(int result) noexcept override { owner_.sent(result); }
    void retain_owner() noexcept override { owner_.retain(); }
    void release_owner() noexcept override { owner_.send_left(); }

   private:
    DatagramTransportState& owner_;
  };
  class Turn final : public Schedulable {
   public:
    explicit Turn(DatagramTransportState& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.take_turn(); }
    void drop() noexcept override { owner_.turn_dropped(); }

   private:
    DatagramTransportState& owner_;
  };
  struct Buffered {
    Buffered(std::string_view bytes, const SocketAddress& address) : data(bytes), to(address) {}
    std::string data;
    SocketAddress to;
  };

  ~DatagramTransportState();
  void queue_turn() noexcept;
  void take_turn() noexcept;
  void turn_dropped() noexcept;
  void begin() noexcept;
  void connection_lost() noexcept;
  /// Closing, at once, with what was buffered lost.
  void end(std::exception_ptr error) noexcept;
  /// The loop dies.
  void abandon() noexcept;
  void close_descriptor() noexcept;
  void receive() noexcept;
  void received(int result) noexcept;
  void receive_left() noexcept;
  void send() noexcept;
  void sent(int result) noexcept;
  void send_left() noexcept;
  void forget_first() noexcept;
  /// Tells the protocol of an OSError.
  void report(int error, const char* call) noexcept;
  void maybe_pause() noexcept;
  void maybe_resume() noexcept;
  /// Calls the protocol; what it throws goes to the loop's exception handler.
  template <class Call>
  void tell(const char* what, Call call) noexcept;

  LoopCore& core_;
  Backend& backend_;  // valid while core_.loop() is not null
  int descriptor_;
  std::uint32_t references_ = 1;
  bool connected_;  // the kernel knows the remote address
  bool long_ones_;  // Unix sockets: datagrams may be longer than IP's
  bool begun_ = false;
  bool closing_ = false;
  bool lost_ = false;  // nothing is taken any more
  bool paused_ = false;
  bool turn_queued_ = false;
  bool another_turn_ = false;  // closed before the first one came
  unsigned dropped_ = 0;
  std::shared_ptr<DatagramProtocol> protocol_;
  SocketAddress remote_;
  SocketAddress sockname_;
  std::size_t buffered_ = 0;
  std::size_t high_water_;
  std::size_t low_water_;
  std::deque<Buffered> buffer_;
  std::exception_ptr error_;
  Future<void> started_;
  Receive receive_;
  Send send_;
  Turn turn_{*this};
};

}  // namespace v0
}  // namespace corolla
