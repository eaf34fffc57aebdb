// SPDX-License-Identifier: Apache-2.0
// Echo server on libuv: tries the write at once, queues what is left.      usage: uv_echo   (announces its port)
#include <uv.h>

#include "../raw/common.h"

typedef struct {
  uv_tcp_t tcp;
  uv_write_t write;
  char buffer[65536];
} Peer;

static void read_done(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer);

static void use_own_buffer(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)suggested;
  Peer* p = (Peer*)handle;
  *buffer = uv_buf_init(p->buffer, sizeof p->buffer);
}

static void free_peer(uv_handle_t* handle) { free(handle); }

static void write_done(uv_write_t* write, int status) {
  if (status == 0) uv_read_start(write->handle, use_own_buffer, read_done);
}

static void read_done(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
  Peer* p = (Peer*)stream;
  if (n < 0) uv_close((uv_handle_t*)stream, free_peer);
  if (n <= 0) return;
  uv_buf_t rest = uv_buf_init(buffer->base, (unsigned)n);
  int written = uv_try_write(stream, &rest, 1);
  if (written == n) return;
  if (written > 0) {
    rest.base += written;
    rest.len -= (size_t)written;
  }
  uv_read_stop(stream);  // one buffer: nothing is read before it is written
  uv_write(&p->write, stream, &rest, 1, write_done);
}

static void accept_one(uv_stream_t* server, int status) {
  if (status != 0) return;
  Peer* p = malloc(sizeof *p);
  require(p != NULL, "memory");
  uv_tcp_init(server->loop, &p->tcp);
  require(uv_accept(server, (uv_stream_t*)&p->tcp) == 0, "uv_accept");
  uv_tcp_nodelay(&p->tcp, 1);
  uv_read_start((uv_stream_t*)&p->tcp, use_own_buffer, read_done);
}

int main(void) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in address = loopback(0);
  int size = sizeof address;
  uv_tcp_init(loop, &server);
  require(uv_tcp_bind(&server, (struct sockaddr*)&address, 0) == 0, "uv_tcp_bind");
  require(uv_listen((uv_stream_t*)&server, 4096, accept_one) == 0, "uv_listen");
  uv_tcp_getsockname(&server, (struct sockaddr*)&address, &size);
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
