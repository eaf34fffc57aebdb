// SPDX-License-Identifier: Apache-2.0
// WebSocket echo server on Boost.Beast and Asio's coroutines, without compression.      usage: beast_websocket   (announces its port)
#include "serve.hpp"

#include <boost/beast.hpp>
#include <boost/beast/websocket.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

awaitable<void> serve(tcp::socket socket) {
  websocket::stream<tcp::socket> ws(std::move(socket));
  ws.auto_fragment(false);  // a message is one frame, as the other servers' are
  beast::flat_buffer buffer;
  try {
    co_await ws.async_accept(use_awaitable);
    for (;;) {
      co_await ws.async_read(buffer, use_awaitable);
      ws.text(ws.got_text());
      co_await ws.async_write(buffer.data(), use_awaitable);
      buffer.consume(buffer.size());
    }
  } catch (const boost::system::system_error&) {
    // the client went away
  }
}

}  // namespace

int main() { return serving::run(serve); }
