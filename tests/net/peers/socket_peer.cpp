// SPDX-License-Identifier: Apache-2.0
//
// corolla's side of socket_peers_test.py: datagrams, raw sockets and pipes. ADDRESS is a port or a path.
//   socket_peer answer ADDRESS               sends each datagram back, until one that says "end"; says where it is bound
//   socket_peer answer-by-protocol ADDRESS   the same by a DatagramProtocol
//   socket_peer ask ADDRESS OWN COUNT        sends COUNT datagrams from OWN, one after the other, and expects each back
//   socket_peer raw-listen ADDRESS           an echo server of one connection, by sock_accept and its kin
//   socket_peer raw-connect ADDRESS BYTES    sends so many bytes and the end, and expects both back
//   socket_peer copy FROM TO                 from one pipe, FIFO or terminal to another, until the end
#include <corolla/net.hpp>
#include <corolla/runtime.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>

using namespace corolla;

namespace {

SocketAddress address_of(const std::string& text) {
  if (text.starts_with('/')) return SocketAddress::unix_path(text);
  return SocketAddress::ip("127.0.0.1", static_cast<std::uint16_t>(std::atoi(text.c_str())));
}

void tell(const SocketAddress& bound) {
  std::printf("%s %u\n", std::string(get_running_loop().backend()).c_str(), unsigned{bound.port()});
  std::fflush(stdout);
}

std::string numbered(std::size_t size, std::size_t from) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((from + i) * 2654435761U >> 13);
  return bytes;
}

// -- datagrams --------------------------------------------------------------------------------------------------------

Coro<int> answer(std::string address) {
  DatagramSocket socket = co_await open_datagram(address_of(address));
  tell(socket.sockname());
  for (;;) {
    const Datagram datagram = co_await socket.recv_from();
    co_await socket.send_to(datagram.data, datagram.from);
    if (datagram.data == "end") co_return 0;
  }
}

class Answering : public DatagramProtocol {
 public:
  explicit Answering(Future<void> ended) : ended_(std::move(ended)) {}
  void connection_made(DatagramTransport transport) override { transport_ = std::move(transport); }
  void datagram_received(std::string_view data, const SocketAddress& from) override {
    transport_.sendto(data, from);
    if (data == "end") transport_.close();
  }
  void connection_lost(std::exception_ptr /*error*/) override { ended_.set_result(); }

 private:
  DatagramTransport transport_;
  Future<void> ended_;
};

Coro<int> answer_by_protocol(std::string address) {
  auto ended = get_running_loop().create_future();
  auto factory = [&] { return std::make_shared<Answering>(ended); };
  auto creating = create_datagram_endpoint(factory, address_of(address));
  auto endpoint = co_await std::move(creating);
  tell(endpoint.transport.sockname());
  co_await ended;
  co_return 0;
}

Coro<int> ask(std::string address, std::string own, std::size_t count) {
  DatagramSocket socket = co_await open_datagram(address_of(own), address_of(address));
  std::size_t same = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string sent = numbered(1 + i * 37 % 1400, i);
    co_await socket.send(sent);
    const Datagram got = co_await socket.recv_from();
    same += got.data == sent && !got.truncated() ? 1 : 0;
  }
  std::printf("%zu of %zu\n", same, count);
  co_return same == count ? 0 : 1;
}

// -- raw sockets ------------------------------------------------------------------------------------------------------

Coro<int> raw_listen(std::string address) {
  const SocketAddress own = address_of(address);
  Socket listening = Socket::create(own.family());
  listening.bind(own);
  listening.listen();
  tell(listening.sockname());
  auto accepted = co_await sock_accept(listening);
  std::array<char, 10'000> buffer{};
  while (const std::size_t count = co_await sock_recv_into(accepted.first, buffer))
    co_await sock_sendall(accepted.first, std::string_view(buffer.data(), count));
  co_return 0;
}

Coro<void> send_all_and_the_end(Socket& socket, std::string_view bytes) {
  co_await sock_sendall(socket, bytes);
  socket.shutdown(Socket::Direction::kSend);
}

Coro<int> raw_connect(std::string address, std::size_t size) {
  const SocketAddress peer = address_of(address);
  Socket socket = Socket::create(peer.family());
  co_await sock_connect(socket, peer);
  const std::string sent = numbered(size, 0);
  auto sending = create_task(send_all_and_the_end, std::ref(socket), std::string_view(sent));
  std::string got;
  for (;;) {
    const std::string bytes = co_await sock_recv(socket, 10'000);
    if (bytes.empty()) break;
    got += bytes;
  }
  co_await sending;
  std::printf("%zu of %zu\n", got.size(), size);
  co_return got == sent ? 0 : 1;
}

// -- pipes ------------------------------------------------------------------------------------------------------------

int open_pipe(const std::string& path, int mode) {
  const int descriptor = ::open(path.c_str(), mode | O_CLOEXEC);
  if (descriptor < 0) throw OSError(errno, path);
  return descriptor;
}

Coro<int> copy(std::string from, std::string to) {
  ByteStream source = connect_read_pipe(open_pipe(from, O_RDONLY));
  ByteStream target = connect_write_pipe(open_pipe(to, O_WRONLY));
  for (;;) {
    const std::string_view bytes = co_await source.receive();
    if (bytes.empty()) break;
    co_await target.send_all(bytes);
    source.consume(bytes.size());
  }
  target.close();
  co_await target.wait_closed();
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i) { return std::string(i < argc ? argv[i] : ""); };
  const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoul(argument(i).c_str(), nullptr, 10)); };
  const std::string command = argument(1);
  if (command == "answer") return run_main(answer(argument(2)));
  if (command == "answer-by-protocol") return run_main(answer_by_protocol(argument(2)));
  if (command == "ask") return run_main(ask(argument(2), argument(3), number(4)));
  if (command == "raw-listen") return run_main(raw_listen(argument(2)));
  if (command == "raw-connect") return run_main(raw_connect(argument(2), number(3)));
  if (command == "copy") return run_main(copy(argument(2), argument(3)));
  return 2;
}
