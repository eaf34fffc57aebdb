// SPDX-License-Identifier: Apache-2.0
// The client of the TLS cases. It checks every byte it gets and reads the server's own CPU time from the scheduler.
// echo: the closed loop of SIZE bytes for SECONDS. send and receive (the server's view): one connection moves BYTES; a message
// is a MiB then. The cipher is AES-128-GCM for all.
// usage: tls_load echo PORT SERVER_PID CONNECTIONS SIZE SECONDS | tls_load send|receive PORT SERVER_PID BYTES
#include <openssl/ssl.h>

#include "echo_load.h"
#include "tls_work.h"

static SSL_CTX* rules;

// Where BBR is the default it would pace what the client sends, by timers that run on the server's core, more or fewer of them
// as its estimates go. Reno is part of every kernel and paces nothing.
static SSL* secure(int port) {
  int fd = new_socket(0);
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4)) fail("TCP_CONGESTION");
  connect_to(fd, port);
  if (fcntl(fd, F_SETFL, 0)) fail("fcntl");
  SSL* ssl = SSL_new(rules);
  require(ssl && SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1, "a TLS handshake");
  require(!strcmp(SSL_get_cipher_name(ssl), "TLS_AES_128_GCM_SHA256"), "the cipher all programs use");
  return ssl;
}

static void ask(SSL* ssl, uint64_t work, uint64_t bytes) {
  Request request = {work, bytes};
  require(SSL_write(ssl, &request, sizeof request) == sizeof request, "the request is sent");
}

// How many bytes moved, 0 when that is for the next event.
static size_t moved(SSL* ssl, int result) {
  if (result > 0) return (size_t)result;
  int why = SSL_get_error(ssl, result);
  require(why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE, "the server keeps the connection");
  return 0;
}

static size_t tls_put(Connection* c, const unsigned char* bytes, size_t size) {
  return moved(c->session, SSL_write(c->session, bytes, (int)size));
}

static size_t tls_take(Connection* c, unsigned char* bytes, size_t size) {
  return moved(c->session, SSL_read(c->session, bytes, (int)size));
}

static void load_echo(int port, int pid, size_t count, size_t size, double duration) {
  require(size <= 16384, "SIZE is at most a record's");
  put = tls_put;
  take = tls_take;
  Connection* connections = make_connections(count, size);
  int epoll = new_epoll();
  for (size_t i = 0; i < count; i++) {
    Connection* c = &connections[i];
    SSL* ssl = secure(port);
    ask(ssl, kEcho, 0);
    c->session = ssl;
    c->fd = SSL_get_fd(ssl);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK)) fail("fcntl");
    watch(epoll, c);
  }
  closed_loop("tls-echo", connections, count, epoll, pid, duration);
}

static void load_bulk(int port, int pid, uint64_t work, uint64_t bytes) {
  static unsigned char buffer[kPiece];
  make_bulk();
  SSL* ssl = secure(port);
  double start = wall_seconds(), cpu = server_cpu(pid);
  ask(ssl, work, bytes);
  for (uint64_t moved = 0; moved < bytes;) {
    int piece = (int)(bytes - moved < kPiece ? bytes - moved : kPiece);
    int n = work == kSend ? SSL_read(ssl, buffer, piece) : SSL_write(ssl, bulk_at(moved), piece);
    require(n > 0, "the server keeps the connection");
    require(work != kSend || !memcmp(buffer, bulk_at(moved), (size_t)n), "the bytes are those of the pattern");
    moved += (uint64_t)n;
  }
  uint64_t right = bytes;
  if (work == kReceive) require(SSL_read(ssl, &right, sizeof right) == sizeof right, "the server's count");
  require(right == bytes, "the server got the bytes of the pattern");
  double seconds = wall_seconds() - start;
  cpu = server_cpu(pid) - cpu;
  printf("RESULT bench=tls-%s peer=- ops=%llu s=%.6f cpu=%.6f rss_mib=%.1f gib_per_cpu_s=%.3f\n",
         work == kSend ? "send" : "receive", (unsigned long long)(bytes >> 20), seconds, cpu, server_peak_rss_mib(pid),
         (double)bytes / 1073741824.0 / cpu);
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  int port = atoi(argv[2]), pid = atoi(argv[3]);
  rules = SSL_CTX_new(TLS_client_method());
  require(rules && SSL_CTX_set_ciphersuites(rules, "TLS_AES_128_GCM_SHA256") == 1, "a TLS context");
  SSL_CTX_set_read_ahead(rules, 1);
  if (!strcmp(argv[1], "echo") && argc == 7) {
    load_echo(port, pid, strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10), atof(argv[6]));
    return 0;
  }
  if (argc != 5) return 2;
  load_bulk(port, pid, strcmp(argv[1], "send") ? kReceive : kSend, strtoull(argv[4], NULL, 10));
  return 0;
}
