// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/transport.hpp>

#include <corolla/net/protocol.hpp>

#include "net/transport/transport_state.hpp"

#include <utility>

namespace corolla {
inline namespace v0 {

BaseProtocol::~BaseProtocol() = default;
Protocol::~Protocol() = default;
BufferedProtocol::~BufferedProtocol() = default;

Transport::Transport() noexcept = default;
Transport::Transport(FutureRef<TransportState> state) noexcept : state_(state.get()) {
  if (state_) state_->retain();
}
Transport::Transport(const Transport& other) noexcept : state_(other.state_) {
  if (state_) state_->retain();
}
Transport::Transport(Transport&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Transport& Transport::operator=(const Transport& other) noexcept {
  Transport copy(other);
  std::swap(state_, copy.state_);
  return *this;
}
Transport& Transport::operator=(Transport&& other) noexcept {
  Transport taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}
Transport::~Transport() {
  if (state_) state_->release();
}

void Transport::close() const noexcept { state_->close(); }
void Transport::abort() const noexcept { state_->abort(); }
bool Transport::is_closing() const noexcept { return state_->closing(); }
void Transport::set_protocol(std::shared_ptr<Protocol> protocol) const { state_->set_protocol(std::move(protocol)); }
std::shared_ptr<Protocol> Transport::get_protocol() const { return state_->protocol(); }
void Transport::pause_reading() const noexcept { state_->pause_reading(); }
void Transport::resume_reading() const noexcept { state_->resume_reading(); }
bool Transport::is_reading() const noexcept { return state_->reading(); }
void Transport::write(const std::string_view* pieces, std::size_t count) const { state_->write(pieces, count); }
void Transport::write_eof() const { state_->write_eof(); }
bool Transport::can_write_eof() const noexcept { return state_->can_write_eof(); }
void Transport::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) const {
  state_->set_write_buffer_limits(high, low);
}
WriteBufferLimits Transport::get_write_buffer_limits() const noexcept { return state_->write_buffer_limits(); }
std::size_t Transport::get_write_buffer_size() const noexcept { return state_->unsent(); }
SocketAddress Transport::peername() const { return state_->peername(); }
SocketAddress Transport::sockname() const { return state_->sockname(); }
int Transport::descriptor() const noexcept { return state_->descriptor(); }
const TlsConnection* Transport::tls() const noexcept { return state_->tls(); }
FutureRef<TransportState> Transport::state() const noexcept { return FutureRef<TransportState>::share(state_); }

namespace {

Coro<void> wait_until_gone(FutureRef<TransportState> state) { co_await TransportGone(std::move(state)); }

class FileScope {
 public:
  explicit FileScope(TransportState& transport) noexcept : transport_(transport) {}
  FileScope(const FileScope&) = delete;
  FileScope& operator=(const FileScope&) = delete;
  ~FileScope() { transport_.end_file(); }

 private:
  TransportState& transport_;
};

}  // namespace

Coro<void> Transport::wait_closed() const { return wait_until_gone(state()); }

Transport make_transport(ByteStream stream, std::shared_ptr<Protocol> protocol) {
  if (!stream || !protocol) throw ValueError("a transport needs a stream and a protocol");
  return Transport(FutureRef<TransportState>::adopt(new TransportState(std::move(stream), std::move(protocol))));
}

Coro<std::uint64_t> sendfile(Transport transport, int file, std::uint64_t offset, std::uint64_t count) {
  if (count == 0) throw ValueError("sendfile: the count must be positive");
  const auto state = transport.state();
  const FutureRef<StreamState> below = state->begin_file();
  const FileScope scope(*state);
  auto sending = below->sendfile(file, offset, count);
  co_return co_await std::move(sending);
}

}  // namespace v0
}  // namespace corolla
