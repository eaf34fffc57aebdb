// SPDX-License-Identifier: Apache-2.0
// Echo server on Boost.Asio's C++20 coroutines.      usage: asio_echo   (announces its port)
#include "serve.hpp"

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

awaitable<void> serve(tcp::socket socket) {
  char buffer[65536];
  try {
    for (;;) {
      std::size_t n = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
      co_await asio::async_write(socket, asio::buffer(buffer, n), use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // the client went away
  }
}

}  // namespace

int main() { return serving::run(serve); }
