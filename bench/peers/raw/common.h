// SPDX-License-Identifier: Apache-2.0
// What the C peers share: clocks, the RESULT line, loopback sockets, the manifest of page checksums.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kPages = 500, kDigest = 32, kPageBytes = 10240 };

static inline void fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline void require(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "check failed: %s\n", what);
  exit(1);
}

static inline double wall_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// The number of a line "KEY n kB" in a file of /proc; 0 without one.
static inline long kib_in(const char* path, const char* key) {
  char line[256];
  long kib = 0;
  FILE* file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%ld", &kib) == 1) break;
  fclose(file);
  return kib;
}

// VmHWM, not ru_maxrss: the latter starts at the launcher's size.
static inline double peak_rss_mib(void) { return (double)kib_in("/proc/self/status", "VmHWM:") / 1024.0; }

static inline void print_result(const char* bench, const char* peer, double ops, double seconds, double cpu,
                                const char* extra) {
  printf("RESULT bench=%s peer=%s ops=%.0f s=%.6f cpu=%.6f rss_mib=%.1f%s%s\n", bench, peer, ops, seconds, cpu,
         peak_rss_mib(), *extra ? " " : "", extra);
  fflush(stdout);
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void no_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// Listens on a port the kernel chooses and announces it as the first line of output.
static inline int listen_and_announce(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, size) || listen(fd, 4096)) fail("listen");
  getsockname(fd, (struct sockaddr*)&address, &size);
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

// A socket with an address of the loopback's own: 127.1.0.0 + source, since an address has only so many ports. 0: with any.
static inline int new_socket(uint32_t source) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in own = loopback(0);
  own.sin_addr.s_addr = htonl(0x7f010000U + source);
  if (fd < 0) fail("socket");
  // the port is chosen when the destination is known: those of other destinations do not count
  if (source && (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) ||
                 bind(fd, (struct sockaddr*)&own, sizeof own)))
    fail("bind");
  return fd;
}

// The connect blocks, everything after it does not.
static inline int connect_to(int fd, int port) {
  struct sockaddr_in address = loopback(port);
  if (connect(fd, (struct sockaddr*)&address, sizeof address)) fail("connect");
  no_delay(fd);
  if (fcntl(fd, F_SETFL, O_NONBLOCK)) fail("fcntl");
  return fd;
}

static inline int connect_loopback_from(uint32_t source, int port) { return connect_to(new_socket(source), port); }
static inline int connect_loopback(int port) { return connect_loopback_from(0, port); }

// One line a page: 64 hexadecimal digits, then anything. "-" means: no checksums.
static inline int read_manifest(const char* path, unsigned char digests[kPages][kDigest]) {
  if (!strcmp(path, "-")) return 0;
  FILE* file = fopen(path, "r");
  if (!file) fail(path);
  for (int page = 0; page < kPages; page++) {
    char line[256];
    require(fgets(line, sizeof line, file) != NULL, "the manifest has a line for each page");
    for (int i = 0; i < kDigest; i++) {
      unsigned byte = 0;
      require(sscanf(line + 2 * i, "%2x", &byte) == 1, "the manifest is hexadecimal");
      digests[page][i] = (unsigned char)byte;
    }
  }
  fclose(file);
  return 1;
}
