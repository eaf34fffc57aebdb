// SPDX-License-Identifier: Apache-2.0
#include "net/stream/socket_state.hpp"

#include "backend/receive_blocks.hpp"
#include "net/socket/socket_options.hpp"

#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <utility>
#include <vector>

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kReadAhead = 64 * 1024;

}  // namespace

// Blocks in the order they arrived in, and behind them the end of the stream or the failure, unless it is kPending.
struct SocketState::Early {
  struct Block {
    char* data;
    std::size_t size;
  };
  Early() = default;
  Early(const Early&) = delete;
  Early& operator=(const Early&) = delete;
  ~Early() {
    for (; next < blocks.size(); ++next) give_receive_block(blocks[next].data);
  }
  // A sender that is always a little ahead would make the list grow for ever.
  void forget_taken() {
    if (next < 64) return;
    blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(next));
    next = 0;
  }
  std::vector<Block> blocks;
  std::size_t next = 0;  // the first of them that was not taken
  std::size_t size = 0;
  int end = Operation::kPending;
};

SocketState::SocketState(EventLoop& loop, int descriptor, bool tcp)
    : StreamState(loop.core()),
      descriptor_(descriptor),
      nonblocking_(loop.io().nonblocking_sockets()),
      tcp_(tcp),
      receive_(*this, descriptor),
      send_(*this, descriptor) {
  backend().claim(descriptor);
}

Backend& SocketState::backend() const noexcept { return core().loop()->io(); }

SocketState::~SocketState() {
  if (descriptor_ < 0) return;
  if (core().loop()) backend().forget(descriptor_);
  ::close(descriptor_);
}

std::exception_ptr SocketState::failure(int result, const char* call) const noexcept {
  try {
    const std::string peer = peername().to_string();
    return os_error(-result, peer.empty() ? std::string(call) : std::string(call) + " " + peer);
  } catch (...) {
    return std::current_exception();
  }
}

// -- receiving ----------------------------------------------------------------------------------------------------

ReceiveOperation::Room SocketState::Receive::room() noexcept {
  try {
    const ReceiveBuffer::Room place = owner_.input_.prepare();
    return {place.data, place.size, owner_.tcp_};
  } catch (...) {
    return {nullptr, 0, false};
  }
}

// A stream that waits holds no memory.
void SocketState::want_bytes() noexcept {
  if (early_) {
    take_early();
    return;
  }
  input_.release_if_empty();
  if (!core().loop()) {
    receive_failed(os_error(ECANCELED, "the loop is closed"), false);
    return;
  }
  const int result = backend().perform(receive_);
  if (result != Operation::kPending) receive_failed(failure(result, "recv from"), false);
}

void SocketState::unwant_bytes() noexcept {
  if (core().loop()) backend().unwant(receive_);
}

void SocketState::prefetch(unsigned depth) const noexcept {
  if (depth == 0) {
    for (std::size_t at = 0; at < sizeof *this; at += 64) __builtin_prefetch(reinterpret_cast<const char*>(this) + at);
  } else {
    prefetch_receiver(depth - 1);
  }
}

void SocketState::received(int result) noexcept {
  if (closing()) return;
  if (result == Operation::kBrought) {
    if (input_.has_fresh()) bytes_arrived(true);
  } else if (result > 0) {
    input_.commit(static_cast<std::size_t>(result));
    bytes_arrived(true);
  } else if (result == -ECANCELED && !nonblocking_) {
    if (receiver_waits()) want_bytes();
  } else if (early_) {
    early_->end = result;
  } else {
    report_end(result, true);
  }
}

// The kernel tells of a reset once, to the call that comes first; later receives see the end, later sends EPIPE.
void SocketState::report_end(int result, bool now) noexcept {
  if (result < 0) receive_failed(failure(result, "recv from"), now);
  else if (send_error()) receive_failed(send_error(), now);
  else end_arrived(now);
}

std::exception_ptr SocketState::send_failure(int result) const noexcept {
  if (result == -EPIPE) {
    if (receive_error()) return receive_error();
    const int told = early_ ? early_->end : receive_.answer();
    if (told < 0 && told != Operation::kPending && told != -ECANCELED) result = told;
  }
  return failure(result, "send to");
}

void SocketState::block_arrived(char* block, std::size_t size) noexcept {
  if (closing()) {
    give_receive_block(block);
    return;
  }
  try {
    if (!early_ && receiver_waits() && !input_.has_fresh()) {
      input_.adopt(block, size);
      return;
    }
    if (!early_) early_ = std::make_unique<Early>();
    early_->forget_taken();
    early_->blocks.push_back({block, size});
  } catch (...) {
    give_receive_block(block);
    receive_failed(std::current_exception(), false);
    backend().cancel(receive_);
    return;
  }
  early_->size += size;
  if (early_->size >= kReadAhead) backend().stop(receive_);
}

// A block at a time, as epoll's receives would bring it. Reporting it may lead back to here.
void SocketState::take_early() noexcept {
  if (early_->next == early_->blocks.size()) {
    const int end = early_->end;
    early_.reset();
    report_end(end, false);
    return;
  }
  const Early::Block block = early_->blocks[early_->next++];
  early_->size -= block.size;
  if (early_->next == early_->blocks.size() && early_->end == Operation::kPending) early_.reset();
  try {
    input_.adopt(block.data, block.size);
    bytes_arrived(false);
  } catch (...) {
    receive_failed(std::current_exception(), false);
  }
}

void SocketState::watch_idle() {
  input_.release_if_empty();
  if (closing() || !core().loop() || backend().watch(descriptor_)) return;
  want_bytes();
  unwant_bytes();
}

bool SocketState::input_pending() const noexcept {
  return early_ || (nonblocking_ && core().loop() && backend().readable(descriptor_));
}

// -- sending ------------------------------------------------------------------------------------------------------

std::size_t SocketState::pass_on(const std::string_view* pieces, std::size_t count) noexcept {
  const int result = SendOperation::send_now(descriptor_, pieces, count);
  if (result >= 0) return static_cast<std::size_t>(result);
  if (result != -EAGAIN) send_failed(send_failure(result));
  return 0;
}

std::string_view SocketState::outgoing() const noexcept { return nonblocking_ ? output() : flight_.bytes(); }

std::size_t SocketState::in_transit() const noexcept { return flight_.size() + (file_part_in_flight_ ? 1 : 0); }

void SocketState::output_added() noexcept {
  if (send_.idle()) start_sending();
}

// Accounting for what was sent may lead back to here, when a layer sends more.
void SocketState::start_sending() noexcept {
  while (!send_error() && send_.idle()) {
    if (!nonblocking_ && outgoing().empty()) {
      flight_.clear(high_water());
      if (!output().empty()) flight_.swap(output_);
    }
    if (outgoing().empty()) return;
    const int result = core().loop() ? backend().perform(send_) : -ECANCELED;
    if (result == Operation::kPending) return;
    account_for(result);
  }
}

void SocketState::account_for(int sent) noexcept {
  if (sent < 0) {
    flight_.clear();
    send_failed(send_failure(sent));
    return;
  }
  if (nonblocking_) drop_output(static_cast<std::size_t>(sent));
  else flight_.drop_in_place(static_cast<std::size_t>(sent));
  if (record_type_ != SendOperation::kPlain && unsent() == 0) record_type_ = SendOperation::kData;
  output_moved();
}

void SocketState::sent_some(int result) noexcept {
  account_for(result);
  if (!closed()) start_sending();
}

void SocketState::shut_down_output() noexcept { ::shutdown(descriptor_, SHUT_WR); }

bool SocketState::encrypt_in_kernel(const void* keys, std::size_t size) noexcept {
  static constexpr char kName[] = "tls";
  const bool encrypts = tcp_ && ::setsockopt(descriptor_, IPPROTO_TCP, TCP_ULP, kName, sizeof kName) == 0 &&
                        ::setsockopt(descriptor_, SOL_TLS, TLS_TX, keys, static_cast<socklen_t>(size)) == 0;
  if (encrypts) record_type_ = SendOperation::kData;
  return encrypts;
}

void SocketState::send_record(std::uint8_t type, std::string_view record) noexcept {
  if (closed() || send_error()) return;
  int result = SendOperation::send_record_now(descriptor_, type, record);
  if (result == -EAGAIN) result = 0;
  if (result < 0) {
    send_failed(send_failure(result));
    return;
  }
  record.remove_prefix(static_cast<std::size_t>(result));
  if (record.empty()) return;
  try {
    output_.append(record);
  } catch (...) {
    send_failed(std::current_exception());
    return;
  }
  record_type_ = type;
  output_added();
}

// -- life ---------------------------------------------------------------------------------------------------------

void SocketState::close_now() noexcept {
  if (!core().loop()) return;
  backend().cancel(receive_);
  backend().cancel(send_);
  stop_file_part();
  close_if_idle();
}

// epoll's operations are out of the kernel's hands at once, io_uring's when they were answered; the peer need not wait.
void SocketState::close_if_idle() noexcept {
  if (descriptor_ < 0) return;
  if (!nonblocking_ && !(receive_.idle() && send_.idle() && file_part_idle())) {
    ::shutdown(descriptor_, SHUT_RDWR);
    return;
  }
  backend().forget(descriptor_);
  ::close(std::exchange(descriptor_, -1));
}

void SocketState::operation_left() noexcept {
  if (closed() && core().loop()) close_if_idle();
  release();
}

SocketAddress SocketState::peername() const { return peer_of(descriptor_); }
SocketAddress SocketState::sockname() const { return local_address_of(descriptor_); }

ByteStream stream_of_socket(EventLoop& loop, int descriptor, bool tcp) {
  if (tcp) set_no_delay(descriptor);
  try {
    return ByteStream(FutureRef<StreamState>::adopt(new SocketState(loop, descriptor, tcp)));
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace v0
}  // namespace corolla
