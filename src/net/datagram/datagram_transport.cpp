// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/datagram.hpp>

#include "net/datagram/datagram_transport_state.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

namespace corolla {
inline namespace v0 {

DatagramProtocol::~DatagramProtocol() = default;

DatagramTransport::DatagramTransport() noexcept = default;
DatagramTransport::DatagramTransport(FutureRef<DatagramTransportState> state) noexcept : state_(std::move(state)) {}
DatagramTransport::DatagramTransport(const DatagramTransport& other) noexcept = default;
DatagramTransport::DatagramTransport(DatagramTransport&& other) noexcept = default;
DatagramTransport& DatagramTransport::operator=(const DatagramTransport& other) noexcept = default;
DatagramTransport& DatagramTransport::operator=(DatagramTransport&& other) noexcept = default;
DatagramTransport::~DatagramTransport() = default;

void DatagramTransport::sendto(std::string_view data, const SocketAddress& to) const { state_->sendto(data, to); }
void DatagramTransport::close() const noexcept { state_->close(); }
void DatagramTransport::abort() const noexcept { state_->abort(); }
bool DatagramTransport::is_closing() const noexcept { return state_->closing(); }
std::size_t DatagramTransport::get_write_buffer_size() const noexcept { return state_->buffered(); }

void DatagramTransport::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) const {
  constexpr std::size_t kDefault = 64 * 1024;
  const std::size_t upper = high ? *high : low ? *low * 4 : kDefault;
  const std::size_t lower = low ? *low : upper / 4;
  if (lower > upper) throw ValueError("the high water mark must not be below the low one");
  state_->set_limits(upper, lower);
}

WriteBufferLimits DatagramTransport::get_write_buffer_limits() const noexcept {
  return {state_->low_water(), state_->high_water()};
}

void DatagramTransport::set_protocol(std::shared_ptr<DatagramProtocol> protocol) const {
  if (!protocol) throw ValueError("a transport needs a protocol");
  state_->set_protocol(std::move(protocol));
}

std::shared_ptr<DatagramProtocol> DatagramTransport::get_protocol() const { return state_->protocol(); }
SocketAddress DatagramTransport::sockname() const noexcept { return state_->sockname(); }
SocketAddress DatagramTransport::peername() const noexcept { return state_->remote(); }
int DatagramTransport::descriptor() const noexcept { return state_->descriptor(); }

// Cancelled while it waits for its Turn, the transport is closed.
Coro<DatagramTransport> start_datagram_transport(Socket socket, std::shared_ptr<DatagramProtocol> protocol,
                                                 SocketAddress remote) {
  if (socket.type() != Socket::Type::kDatagram) throw ValueError("a datagram socket was expected");
  if (!protocol) throw ValueError("a transport needs a protocol");
  EventLoop& loop = get_running_loop();
  auto state = FutureRef<DatagramTransportState>::adopt(
      new DatagramTransportState(loop, std::move(socket), std::move(protocol), remote));
  struct CloseUnlessStarted {
    DatagramTransportState* state;
    explicit CloseUnlessStarted(DatagramTransportState* s) noexcept : state(s) {}
    CloseUnlessStarted(const CloseUnlessStarted&) = delete;
    CloseUnlessStarted& operator=(const CloseUnlessStarted&) = delete;
    ~CloseUnlessStarted() {
      if (state) state->close();
    }
  } guard(state.get());
  Future<void> started = loop.create_future<void>();
  state->start(started);
  co_await started;
  guard.state = nullptr;
  co_return DatagramTransport(std::move(state));
}

}  // namespace v0
}  // namespace corolla
