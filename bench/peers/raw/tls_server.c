// SPDX-License-Identifier: Apache-2.0
// The limit of the TLS cases: OpenSSL over blocking sockets, a thread for each connection, nothing in between. Bulk is
// written in pieces of 64 KiB, which OpenSSL makes records of 16 KiB; reading ahead saves a system call a record.
// usage: tls_server CERTIFICATE KEY   (announces its port)
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>

#include "tls_work.h"

static SSL_CTX* rules;

// False when the peer is gone.
static int write_all(SSL* ssl, const void* bytes, size_t size) {
  size_t written = 0;
  return SSL_write_ex(ssl, bytes, size, &written) == 1;
}

static int read_exactly(SSL* ssl, void* bytes, size_t size) {
  for (size_t got = 0, n = 0; got < size; got += n)
    if (SSL_read_ex(ssl, (char*)bytes + got, size - got, &n) != 1) return 0;
  return 1;
}

static void echo(SSL* ssl) {
  static _Thread_local char buffer[16384];
  for (size_t n = 0; SSL_read_ex(ssl, buffer, sizeof buffer, &n) == 1;)
    if (!write_all(ssl, buffer, n)) return;
}

static void send_bulk(SSL* ssl, uint64_t bytes) {
  for (uint64_t sent = 0; sent < bytes;) {
    size_t piece = bytes - sent < kPiece ? (size_t)(bytes - sent) : kPiece;
    if (!write_all(ssl, bulk_at(sent), piece)) return;
    sent += piece;
  }
}

static void receive_bulk(SSL* ssl, uint64_t bytes) {
  static _Thread_local char buffer[kPiece];
  uint64_t got = 0;
  for (size_t n = 0; got < bytes && SSL_read_ex(ssl, buffer, sizeof buffer, &n) == 1; got += n)
    if (memcmp(buffer, bulk_at(got), n)) break;
  write_all(ssl, &got, sizeof got);
}

static void* serve(void* argument) {
  int fd = (int)(intptr_t)argument;
  SSL* ssl = SSL_new(rules);
  Request request;
  if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 && read_exactly(ssl, &request, sizeof request)) {
    if (request.work == kEcho) echo(ssl);
    else if (request.work == kSend) send_bulk(ssl, request.bytes);
    else receive_bulk(ssl, request.bytes);
    char rest;
    size_t n = 0;
    SSL_read_ex(ssl, &rest, 1, &n);  // its CPU is read before the client closes
  }
  SSL_free(ssl);
  close(fd);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  make_bulk();
  rules = SSL_CTX_new(TLS_server_method());
  require(rules && SSL_CTX_use_certificate_chain_file(rules, argv[1]) == 1 &&
              SSL_CTX_use_PrivateKey_file(rules, argv[2], SSL_FILETYPE_PEM) == 1,
          "the certificate and its key");
  SSL_CTX_set_read_ahead(rules, 1);
  int listener = listen_and_announce();
  fcntl(listener, F_SETFL, 0);
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) fail("accept");
    no_delay(fd);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void*)(intptr_t)fd)) fail("pthread_create");
    pthread_detach(thread);
  }
}
