// SPDX-License-Identifier: Apache-2.0
// Blocking code beside coroutines: a request with blocking sockets, in a pool of three threads.
// usage: http_thread_pool HOST PORT PATH...
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
#include <corolla/corolla.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace corolla;

// Ordinary C: it blocks its thread while it connects and while it reads.
std::string blocking_get(std::string host, std::string port, std::string path) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* address = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &address)) throw Error(::gai_strerror(code));
  const int client = ::socket(address->ai_family, SOCK_STREAM, 0);
  const int connected = ::connect(client, address->ai_addr, address->ai_addrlen);
  ::freeaddrinfo(address);
  if (connected != 0) {
    ::close(client);
    throw OSError(errno, "connect");
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::send(client, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char piece[1024];
    for (ssize_t n; (n = ::recv(client, piece, sizeof piece, 0)) > 0;)
      answer.append(piece, static_cast<std::size_t>(n));
  }
  ::close(client);
  const auto head = answer.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : answer.substr(head + 4);
}

Coro<void> get_all(std::string host, std::string port, std::vector<std::string> paths) {
  ThreadPoolExecutor pool(3);
  std::vector<Future<std::string>> pages;
  for (auto& path : paths) pages.push_back(run_in_executor(pool, blocking_get, host, port, path));
  for (const std::string& page : co_await gather(pages)) std::cout << page << '\n';
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: http_thread_pool HOST PORT PATH...\n";
    return 2;
  }
  return run_main(get_all(argv[1], argv[2], {argv + 3, argv + argc}));
}
