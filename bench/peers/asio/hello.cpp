// SPDX-License-Identifier: Apache-2.0
// Greeting server on Boost.Beast and Asio's coroutines.      usage: beast_hello   (announces its port)
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstdio>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

http::response<http::string_body> answer(const http::request<http::string_body>& request) {
  const bool found = request.target() == "/hello";
  http::response<http::string_body> response(found ? http::status::ok : http::status::not_found, request.version());
  response.set(http::field::server, "beast");
  response.set(http::field::content_type, "text/plain");
  response.keep_alive(request.keep_alive());
  if (found) response.body() = "Hello, World!";
  response.prepare_payload();
  return response;
}

awaitable<void> serve(beast::tcp_stream stream) {
  beast::flat_buffer buffer;
  buffer.reserve(4096);
  try {
    for (bool kept = true; kept;) {
      http::request<http::string_body> request;
      co_await http::async_read(stream, buffer, request, use_awaitable);
      http::response<http::string_body> response = answer(request);
      kept = response.keep_alive();
      co_await http::async_write(stream, response, use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // the client went away
  }
}

awaitable<void> listen() {
  auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
  std::printf("PORT %d\n", int(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(executor, serve(beast::tcp_stream(std::move(socket))), asio::detached);
  }
}

}  // namespace

int main() {
  asio::io_context context(1);
  asio::co_spawn(context, listen(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
}
