// SPDX-License-Identifier: Apache-2.0
#include "net/datagram/datagram_batch.hpp"

#include "net/socket/socket_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

#include <sys/socket.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMemory = 1024 * 1024;

// A thread's, made when it first receives. Of the memory only what was once written to is really there.
struct Batch {
  std::unique_ptr<char[]> memory;
  mmsghdr messages[kMostDatagrams];
  iovec rooms[kMostDatagrams];
  sockaddr_storage from[kMostDatagrams];
};
thread_local Batch batch;

}  // namespace

int receive_datagrams(int descriptor, bool long_ones, bool& exhausted) noexcept {
  if (!batch.memory) batch.memory.reset(new (std::nothrow) char[kMemory]);
  if (!batch.memory) return -ENOMEM;
  const std::size_t most = long_ones ? kMostDatagrams / 4 : kMostDatagrams;
  const std::size_t room = kMemory / most;
  for (std::size_t i = 0; i < most; ++i) {
    batch.rooms[i] = {batch.memory.get() + i * room, room};
    batch.messages[i] = {};
    msghdr& header = batch.messages[i].msg_hdr;
    header.msg_name = &batch.from[i];
    header.msg_namelen = sizeof batch.from[i];
    header.msg_iov = &batch.rooms[i];
    header.msg_iovlen = 1;
  }
  int count = 0;
  do {
    count = ::recvmmsg(descriptor, batch.messages, static_cast<unsigned>(most), MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  exhausted = static_cast<std::size_t>(count) < most;
  return count;
}

ReceivedDatagram received_datagram(std::size_t index) noexcept {
  const mmsghdr& message = batch.messages[index];
  SocketAddress from;
  try {
    if (message.msg_hdr.msg_namelen > 0) from = SocketAddress(&batch.from[index], message.msg_hdr.msg_namelen);
  } catch (...) {
    from = {};  // of a family that has no SocketAddress
  }
  return {std::string_view(static_cast<const char*>(batch.rooms[index].iov_base), message.msg_len), from,
          (message.msg_hdr.msg_flags & MSG_TRUNC) != 0};
}

int send_datagrams(int descriptor, const OutgoingDatagram* datagrams, std::size_t count) noexcept {
  mmsghdr messages[kMostDatagrams] = {};
  iovec parts[kMostDatagrams];
  count = std::min(count, kMostDatagrams);
  for (std::size_t i = 0; i < count; ++i) {
    parts[i] = {const_cast<char*>(datagrams[i].data.data()), datagrams[i].data.size()};
    msghdr& header = messages[i].msg_hdr;
    if (datagrams[i].to && datagrams[i].to->size() > 0) {
      header.msg_name = const_cast<void*>(datagrams[i].to->data());
      header.msg_namelen = static_cast<socklen_t>(datagrams[i].to->size());
    }
    header.msg_iov = &parts[i];
    header.msg_iovlen = 1;
  }
  int sent = 0;
  do {
    sent = ::sendmmsg(descriptor, messages, static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return sent;
  return errno == EAGAIN ? no_room(descriptor, datagrams->to) : -errno;
}

}  // namespace v0
}  // namespace corolla
