// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/sock.hpp>

#include "net/file/read_file_part.hpp"
#include "net/socket/socket_io.hpp"

#include <corolla/net/dns.hpp>
#include <corolla/runtime/executor.hpp>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

const char* name_of(SocketCall call) noexcept {
  switch (call) {
    case SocketCall::kReceive: return "recv";
    case SocketCall::kReceiveFrom:
    case SocketCall::kReceiveDatagram: return "recvfrom";
    case SocketCall::kAccept: return "accept";
    case SocketCall::kSendAll: return "send";
    case SocketCall::kSendTo: return "sendto";
    case SocketCall::kSendFile: return "sendfile";
    case SocketCall::kConnect:
    case SocketCall::kConnected: break;
  }
  return "connect";
}

SocketIo::Direction direction_of(SocketCall call) noexcept {
  return call <= SocketCall::kAccept ? SocketIo::Direction::kRead : SocketIo::Direction::kWrite;
}

}  // namespace

SendfileNotAvailableError::~SendfileNotAvailableError() = default;

// -- awaiting -----------------------------------------------------------------------------------------------------

bool SockOperation::begin(SocketCall call, const SocketAddress* to) {
  SocketRequest request;
  request.call = call;
  if (call == SocketCall::kConnect) {
    request.address = static_cast<const SocketAddress*>(about_);
  } else {
    request.data = static_cast<char*>(const_cast<void*>(about_));
    request.size = static_cast<std::size_t>(value_);
    request.address = to;
  }
  return begin(request);
}

bool SockOperation::begin(const SocketRequest& request) {
  const SocketIo::Direction direction = direction_of(request.call);
  value_ = io_ ? io_->begin(direction, request) : -EBADF;
  if (value_ != Operation::kPending) return true;
  // Held until leave(): the Socket may go away meanwhile.
  io_->retain();
  value_ = direction == SocketIo::Direction::kRead ? kReading : kWriting;
  return false;
}

void SockOperation::suspend(TaskBase& task) noexcept {
  io_->suspend(value_ == kReading ? SocketIo::Direction::kRead : SocketIo::Direction::kWrite, task);
}

void SockOperation::leave() noexcept {
  value_ = io_->leave(value_ == kReading ? SocketIo::Direction::kRead : SocketIo::Direction::kWrite);
  io_->release();
}

void SockOperation::fail(SocketCall call) const { throw OSError(static_cast<int>(-value_), name_of(call)); }

std::string SockReceive::await_resume() { return std::string(received_bytes(finish(SocketCall::kReceive))); }

std::pair<std::string, SocketAddress> SockReceiveFrom::await_resume() {
  const std::size_t size = finish(SocketCall::kReceiveFrom);
  return {std::string(received_bytes(size)), received_from()};
}

std::pair<std::size_t, SocketAddress> SockReceiveFromInto::await_resume() {
  const std::size_t size = finish(SocketCall::kReceiveFrom);
  return {size, received_from()};
}

std::pair<Socket, SocketAddress> SockAccept::await_resume() {
  const auto descriptor = static_cast<int>(finish(SocketCall::kAccept));
  const SocketAddress from = received_from();
  return {Socket::own(descriptor), from};
}

// -- connecting ---------------------------------------------------------------------------------------------------

Coro<void> sock_connect(Socket& socket, std::string host, std::uint16_t port) {
  auto look_up = getaddrinfo(std::move(host), port, socket.family());
  const std::vector<SocketAddress> addresses = co_await std::move(look_up);
  co_await sock_connect(socket, addresses.front());
}

// -- sending files ------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t kChunk = 256 * 1024;

// Answers with how many bytes, or -errno.
class SockSendFile : public SockOperation {
 public:
  SockSendFile(Socket& socket, int file, std::uint64_t offset, std::uint64_t count) noexcept
      : SockOperation(socket, nullptr, 0), file_(file), offset_(offset), count_(count) {}
  [[nodiscard]] bool await_ready() {
    SocketRequest request;
    request.call = SocketCall::kSendFile;
    request.size = static_cast<std::size_t>(count_);
    request.file = file_;
    request.offset = offset_;
    return begin(request);
  }
  std::int64_t await_resume() { return answer(); }

 private:
  int file_;
  std::uint64_t offset_;
  std::uint64_t count_;
};

// Moves the file's position behind what was sent, however the sending ended.
class SentPart {
 public:
  SentPart(int file, std::uint64_t offset) noexcept : file_(file), begin_(offset), end_(offset) {}
  SentPart(const SentPart&) = delete;
  SentPart& operator=(const SentPart&) = delete;
  ~SentPart() {
    if (size() > 0) ::lseek(file_, static_cast<off_t>(end_), SEEK_SET);
  }
  void add(std::uint64_t count) noexcept { end_ += count; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return end_ - begin_; }

 private:
  int file_;
  std::uint64_t begin_;
  std::uint64_t end_;
};

}  // namespace

Coro<std::uint64_t> sock_sendfile(Socket& socket, int file, std::uint64_t offset, std::uint64_t count, bool fallback) {
  if (socket.type() != Socket::Type::kStream) throw ValueError("sock_sendfile needs a stream socket");
  if (count == 0) throw ValueError("sock_sendfile: the count must be positive");
  SentPart part(file, offset);
  bool supported = true;
  while (part.size() < count) {
    const std::int64_t sent = co_await SockSendFile(socket, file, part.end(), count - part.size());
    if (sent == 0) break;
    if (sent < 0) {
      const auto error = static_cast<int>(-sent);
      supported = part.size() > 0 || (error != EINVAL && error != ENOSYS && error != EOPNOTSUPP);
      if (supported) throw OSError(error, name_of(SocketCall::kSendFile));
      break;
    }
    part.add(static_cast<std::uint64_t>(sent));
  }
  if (supported) co_return part.size();
  if (!fallback) throw SendfileNotAvailableError("the kernel cannot copy from file descriptor " + std::to_string(file));
  while (part.size() < count) {
    auto reading = to_thread(read_file_part, file, part.end(), std::min(kChunk, count - part.size()));
    const std::string bytes = co_await std::move(reading);
    if (bytes.empty()) break;
    co_await sock_sendall(socket, bytes);
    part.add(bytes.size());
  }
  co_return part.size();
}

}  // namespace v0
}  // namespace corolla
