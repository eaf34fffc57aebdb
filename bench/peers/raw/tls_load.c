// SPDX-License-Identifier: Apache-2.0
// The client of the TLS cases. It checks every byte it gets and reads the server's own CPU time from the scheduler.
// echo: each connection has one message in flight; after a warm-up of 0.3 s it measures for SECONDS. send and receive
// (the server's view): one connection moves BYTES; a message is a MiB then. The cipher is AES-128-GCM for all.
// usage: tls_load echo PORT SERVER_PID CONNECTIONS SIZE SECONDS | tls_load send|receive PORT SERVER_PID BYTES
#include <openssl/ssl.h>
#include <sys/epoll.h>

#include "server_usage.h"
#include "tls_work.h"

typedef struct {
  SSL* ssl;
  int writing;
  size_t got;
  uint64_t sequence;
} Connection;

static SSL_CTX* rules;
static size_t size;
static unsigned char *pattern, *received;  // the first 8 bytes of a message are its sequence number

static SSL* secure(int port) {
  int fd = connect_loopback(port);
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

// True when `result` is final, false when it is for the next event.
static int done(SSL* ssl, int result) {
  if (result > 0) return 1;
  int why = SSL_get_error(ssl, result);
  require(why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE, "the server keeps the connection");
  return 0;
}

static void write_message(Connection* c) {
  memcpy(pattern, &c->sequence, sizeof c->sequence);
  c->writing = !done(c->ssl, SSL_write(c->ssl, pattern, (int)size));
}

static void start_message(Connection* c) {
  c->sequence++;
  c->got = 0;
  write_message(c);
}

// Compares what arrived with the part of the message it must be. True when the message is whole.
static int read_echo(Connection* c) {
  while (c->got < size) {
    int n = SSL_read(c->ssl, received, (int)(size - c->got));
    if (!done(c->ssl, n)) return 0;
    memcpy(pattern, &c->sequence, sizeof c->sequence);
    require(!memcmp(received, pattern + c->got, (size_t)n), "the echo equals the message");
    c->got += (size_t)n;
  }
  return 1;
}

static void load_echo(int port, int pid, int count, double duration) {
  pattern = malloc(size);
  received = malloc(size);
  Connection* connections = calloc((size_t)count, sizeof *connections);
  require(pattern && received && connections, "memory");
  for (size_t i = 0; i < size; i++) pattern[i] = (unsigned char)(i * 31 + 7);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; i++) {
    Connection* c = &connections[i];
    c->ssl = secure(port);
    ask(c->ssl, kEcho, 0);
    c->sequence = (uint64_t)i << 32;
    int fd = SSL_get_fd(c->ssl);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (fcntl(fd, F_SETFL, O_NONBLOCK) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
  }
  for (int i = 0; i < count; i++) start_message(&connections[i]);
  double begin = wall_seconds(), start = 0, now = begin, cpu = 0;
  for (uint64_t echoes = 0;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 5000);
    now = wall_seconds();
    require(ready > 0, "an echo within 5 s");
    if (start == 0 && now - begin > 0.3) {
      start = now;
      echoes = 0;
      cpu = server_cpu(pid);
    }
    if (start > 0 && now - start > duration) {
      char name[64];
      snprintf(name, sizeof name, "tls-echo-%d-%zu", count, size);
      cpu = server_cpu(pid) - cpu;
      printf("RESULT bench=%s peer=- ops=%llu s=%.6f cpu=%.6f rss_mib=%.1f\n", name, (unsigned long long)echoes,
             now - start, cpu, server_rss(pid));
      return;
    }
    for (int i = 0; i < ready; i++) {
      Connection* c = events[i].data.ptr;
      if (c->writing) write_message(c);
      if (!read_echo(c)) continue;
      echoes++;
      start_message(c);
    }
  }
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
         work == kSend ? "send" : "receive", (unsigned long long)(bytes >> 20), seconds, cpu, server_rss(pid),
         (double)bytes / 1073741824.0 / cpu);
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  int port = atoi(argv[2]), pid = atoi(argv[3]);
  rules = SSL_CTX_new(TLS_client_method());
  require(rules && SSL_CTX_set_ciphersuites(rules, "TLS_AES_128_GCM_SHA256") == 1, "a TLS context");
  SSL_CTX_set_read_ahead(rules, 1);
  if (!strcmp(argv[1], "echo") && argc == 7) {
    size = strtoul(argv[5], NULL, 10);
    require(size >= sizeof(uint64_t) && size <= 16384, "SIZE is 8 to 16384");
    load_echo(port, pid, atoi(argv[4]), atof(argv[6]));
    return 0;
  }
  if (argc != 5) return 2;
  load_bulk(port, pid, strcmp(argv[1], "send") ? kReceive : kSend, strtoull(argv[4], NULL, 10));
  return 0;
}
