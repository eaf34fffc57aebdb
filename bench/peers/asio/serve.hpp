// SPDX-License-Identifier: Apache-2.0
// What Asio's servers share: a port of the system's choice, announced, and a coroutine for each connection, on one thread.
#pragma once

#include <boost/asio.hpp>

#include <cstdio>
#include <exception>
#include <utility>

namespace serving {

namespace asio = boost::asio;
using asio::ip::tcp;

template <class Serve>
asio::awaitable<void> listen(Serve serve) {
  auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
  std::printf("PORT %d\n", int(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
  }
}

template <class Serve>
int run(Serve serve) {
  asio::io_context context(1);
  asio::co_spawn(context, listen(serve), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  return 0;
}

}  // namespace serving
