// SPDX-License-Identifier: Apache-2.0
#include "net/datagram/datagram_transport_state.hpp"

#include "net/datagram/datagram_batch.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/log.hpp>

#include <cerrno>
#include <string>
#include <utility>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kHighWater = 64 * 1024;
// An empty datagram takes memory, too.
constexpr std::size_t kOverhead = 8;
constexpr unsigned kDroppedBeforeWarning = 5;

// The socket itself is of no use any more; going on would fail for ever.
bool fatal(int error) noexcept { return error == EBADF || error == ENOTSOCK || error == EINVAL || error == EFAULT; }

}  // namespace

DatagramTransportState::DatagramTransportState(EventLoop& loop, Socket socket,
                                               std::shared_ptr<DatagramProtocol> protocol, const SocketAddress& remote)
    : core_(loop.core()),
      backend_(loop.io()),
      descriptor_(socket.descriptor()),
      connected_(socket.peername().size() != 0),
      long_ones_(socket.family() == SocketAddress::Family::kUnix),
      protocol_(std::move(protocol)),
      remote_(remote),
      sockname_(socket.sockname()),
      high_water_(kHighWater),
      low_water_(kHighWater / 4),
      receive_(*this, loop.io(), descriptor_),
      send_(*this, loop.io(), descriptor_) {
  static_cast<void>(socket.detach());
  core_.retain();
  backend_.forget(descriptor_);
  backend_.claim(descriptor_);
}

DatagramTransportState::~DatagramTransportState() {
  close_descriptor();
  core_.release();
}

template <class Call>
void DatagramTransportState::tell(const char* what, Call call) noexcept {
  const std::shared_ptr<DatagramProtocol> protocol = protocol_;
  if (!protocol) return;
  try {
    call(*protocol);
  } catch (...) {
    report_current_exception(core_, what);
  }
}

// -- life ---------------------------------------------------------------------------------------------------------

void DatagramTransportState::start(Future<void> started) {
  started_ = std::move(started);
  queue_turn();
}

void DatagramTransportState::queue_turn() noexcept {
  if (turn_queued_) {
    another_turn_ = true;
    return;
  }
  turn_queued_ = true;
  retain();
  core_.call_soon(turn_);
}

void DatagramTransportState::take_turn() noexcept {
  turn_queued_ = false;
  if (begun_) connection_lost();
  else begin();
  if (std::exchange(another_turn_, false)) queue_turn();
  release();
}

void DatagramTransportState::turn_dropped() noexcept {
  abandon();
  release();
}

void DatagramTransportState::begin() noexcept {
  begun_ = true;
  tell("Exception in DatagramProtocol::connection_made", [this](DatagramProtocol& protocol) {
    retain();
    protocol.connection_made(DatagramTransport(FutureRef<DatagramTransportState>::adopt(this)));
  });
  if (!closing_) receive();
  if (!started_.done()) started_.set_result();
  started_ = {};
}

void DatagramTransportState::connection_lost() noexcept {
  close_descriptor();
  tell("Exception in DatagramProtocol::connection_lost",
       [this](DatagramProtocol& protocol) { protocol.connection_lost(std::exchange(error_, nullptr)); });
  protocol_.reset();
}

void DatagramTransportState::close() noexcept {
  if (closing_ || !core_.loop()) return;
  closing_ = true;
  backend_.cancel(receive_);
  if (!buffer_.empty()) return;
  lost_ = true;
  queue_turn();
}

void DatagramTransportState::end(std::exception_ptr error) noexcept {
  if (lost_ || !core_.loop()) return;
  closing_ = lost_ = true;
  error_ = std::move(error);
  buffer_.clear();
  buffered_ = 0;
  backend_.cancel(receive_);
  backend_.cancel(send_);
  queue_turn();
}

void DatagramTransportState::abandon() noexcept {
  closing_ = lost_ = true;
  close_descriptor();
  buffer_.clear();
  started_ = {};
  const std::shared_ptr<DatagramProtocol> last = std::move(protocol_);
}

void DatagramTransportState::close_descriptor() noexcept {
  if (descriptor_ < 0) return;
  if (core_.loop()) backend_.forget(descriptor_);
  ::close(std::exchange(descriptor_, -1));
}

// -- receiving ----------------------------------------------------------------------------------------------------

int DatagramTransportState::Receive::attempt() noexcept {
  return receive_datagrams(descriptor_, owner_.long_ones_, exhausted_);
}

void DatagramTransportState::receive() noexcept {
  const int result = backend_.perform(receive_);
  if (result == Operation::kPending) return;
  try {
    throw OSError(-result, "waiting for datagrams");
  } catch (...) {
    end(std::current_exception());
  }
}

// One batch a turn: what a flood has left is received in the next iteration, behind what else is ready.
void DatagramTransportState::received(int result) noexcept {
  if (result < 0 && fatal(-result)) {
    try {
      throw OSError(-result, "recvmmsg");
    } catch (...) {
      end(std::current_exception());
    }
    return;
  }
  if (result < 0) report(-result, "recvmmsg");
  for (int i = 0; i < result && !closing_; ++i) {
    const ReceivedDatagram datagram = received_datagram(static_cast<std::size_t>(i));
    if (datagram.truncated) {
      report(EMSGSIZE, "a datagram was dropped: it is longer than the memory for it");
      continue;
    }
    tell("Exception in DatagramProtocol::datagram_received",
         [&datagram](DatagramProtocol& protocol) { protocol.datagram_received(datagram.data, datagram.from); });
  }
  if (!closing_) receive();
}

void DatagramTransportState::receive_left() noexcept {
  if (receive_.idle() && !closing_) abandon();
  release();
}

void DatagramTransportState::report(int error, const char* call) noexcept {
  tell("Exception in DatagramProtocol::error_received",
       [error, call](DatagramProtocol& protocol) { protocol.error_received(OSError(error, call)); });
}

// -- sending ------------------------------------------------------------------------------------------------------

void DatagramTransportState::sendto(std::string_view data, const SocketAddress& to) {
  if (remote_.size() != 0 && to.size() != 0 && !(to == remote_))
    throw ValueError("invalid address: the transport sends to " + remote_.to_string() + " alone");
  if (lost_ || !core_.loop()) {
    if (++dropped_ >= kDroppedBeforeWarning)
      log(LogLevel::kWarning, "sendto on a DatagramTransport that is closed: the datagram is dropped");
    return;
  }
  const SocketAddress& target = connected_ || to.size() != 0 ? to : remote_;
  if (buffer_.empty()) {
    const OutgoingDatagram datagram{data, connected_ ? nullptr : &target};
    const int result = send_datagrams(descriptor_, &datagram, 1);
    if (result > 0) return;
    if (result != -EAGAIN) {
      report(-result, "sendto");
      return;
    }
  }
  buffer_.emplace_back(data, connected_ ? SocketAddress() : target);
  buffered_ += data.size() + kOverhead;
  if (send_.idle()) send();
  maybe_pause();
}

int DatagramTransportState::Send::attempt() noexcept {
  OutgoingDatagram datagrams[kMostDatagrams];
  std::size_t count = 0;
  for (const Buffered& entry : owner_.buffer_) {
    if (count == kMostDatagrams) break;
    datagrams[count++] = {entry.data, &entry.to};
  }
  return send_datagrams(descriptor_, datagrams, count);
}

void DatagramTransportState::send() noexcept {
  const int result = backend_.perform(send_);
  if (result == Operation::kPending) return;
  try {
    throw OSError(-result, "waiting to send datagrams");
  } catch (...) {
    end(std::current_exception());
  }
}

// A datagram that the kernel refuses is dropped, and the protocol told.
void DatagramTransportState::sent(int result) noexcept {
  if (lost_) return;
  if (result < 0) {
    forget_first();
    report(-result, "sendto");
  }
  for (int i = 0; i < result; ++i) forget_first();
  maybe_resume();
  if (lost_) return;
  if (!buffer_.empty()) {
    if (send_.idle()) send();
  } else if (closing_) {
    lost_ = true;
    queue_turn();
  }
}

void DatagramTransportState::send_left() noexcept {
  if (send_.idle() && !lost_ && !buffer_.empty()) abandon();
  release();
}

void DatagramTransportState::forget_first() noexcept {
  if (buffer_.empty()) return;
  buffered_ -= buffer_.front().data.size() + kOverhead;
  buffer_.pop_front();
}

void DatagramTransportState::set_limits(std::size_t high, std::size_t low) noexcept {
  high_water_ = high;
  low_water_ = low;
  maybe_pause();
}

void DatagramTransportState::maybe_pause() noexcept {
  if (paused_ || buffered_ <= high_water_) return;
  paused_ = true;
  tell("Exception in DatagramProtocol::pause_writing", [](DatagramProtocol& protocol) { protocol.pause_writing(); });
}

void DatagramTransportState::maybe_resume() noexcept {
  if (!paused_ || buffered_ > low_water_) return;
  paused_ = false;
  tell("Exception in DatagramProtocol::resume_writing", [](DatagramProtocol& protocol) { protocol.resume_writing(); });
}

}  // namespace v0
}  // namespace corolla
