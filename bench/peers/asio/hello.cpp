// SPDX-License-Identifier: Apache-2.0
// Greeting server on Boost.Beast and Asio's coroutines.      usage: beast_hello   (announces its port)
#include "serve.hpp"

#include <boost/beast.hpp>

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

awaitable<void> serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
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

}  // namespace

int main() { return serving::run(serve); }
