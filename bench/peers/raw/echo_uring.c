// SPDX-License-Identifier: Apache-2.0
// The limit of the echo cases on io_uring: one thread, one multishot accept, one multishot receive a connection out of a ring
// of shared buffers, sends straight from them; one system call submits and waits. registered: accepted sockets stand in
// the ring's own table of files and have no descriptor.   usage: echo_uring [registered]   (announces its port)
#include <liburing.h>

#include "common.h"

enum { kBuffers = 256, kBufferSize = 16384, kGroup = 0, kMaxPeers = 1 << 20 };
enum Kind { kAccept, kReceive, kSend, kClose };

// What a connection received and has not sent yet is a chain of buffers; the first one is being sent.
typedef struct {
  int first, last;
  unsigned sent;
  int fd;  // or its place in the table
} Peer;

static struct io_uring ring;
static struct io_uring_buf_ring* offered;
static char* memory;
static int next_of[kBuffers];
static unsigned size_of[kBuffers];
static Peer* peers[kMaxPeers];
static int registered;

static struct io_uring_sqe* entry(enum Kind kind, int fd) {
  struct io_uring_sqe* e;
  while (!(e = io_uring_get_sqe(&ring))) io_uring_submit(&ring);
  io_uring_sqe_set_data64(e, (uint64_t)kind << 32 | (uint32_t)fd);
  return e;
}

static void accept_all(int listener) {
  struct io_uring_sqe* e = entry(kAccept, listener);
  uint64_t tag = e->user_data;
  if (registered) io_uring_prep_multishot_accept_direct(e, listener, NULL, NULL, 0);
  else io_uring_prep_multishot_accept(e, listener, NULL, NULL, SOCK_CLOEXEC);
  e->user_data = tag;
}

static void receive(int fd) {
  struct io_uring_sqe* e = entry(kReceive, fd);
  uint64_t tag = e->user_data;
  io_uring_prep_recv_multishot(e, fd, NULL, 0, 0);
  e->user_data = tag;
  e->flags |= IOSQE_BUFFER_SELECT | (registered ? IOSQE_FIXED_FILE : 0);
  e->buf_group = kGroup;
}

static void send_first(Peer* p) {
  struct io_uring_sqe* e = entry(kSend, p->fd);
  uint64_t tag = e->user_data;
  io_uring_prep_send(e, p->fd, memory + (size_t)p->first * kBufferSize + p->sent, size_of[p->first] - p->sent,
                     MSG_NOSIGNAL | MSG_WAITALL);
  e->user_data = tag;
  e->flags |= registered ? IOSQE_FIXED_FILE : 0;
}

static void close_peer(int fd) {
  if (!registered) {
    close(fd);
    return;
  }
  struct io_uring_sqe* e = entry(kClose, fd);
  uint64_t tag = e->user_data;
  io_uring_prep_close_direct(e, (unsigned)fd);
  e->user_data = tag;
}

static void offer(int buffer) {
  io_uring_buf_ring_add(offered, memory + (size_t)buffer * kBufferSize, kBufferSize, (unsigned short)buffer,
                        io_uring_buf_ring_mask(kBuffers), 0);
  io_uring_buf_ring_advance(offered, 1);
}

static void accepted(int listener, int result, unsigned flags) {
  if (result >= 0) {
    require(result < kMaxPeers, "a descriptor fits the table");
    if (!peers[result] && !(peers[result] = malloc(sizeof(Peer)))) fail("malloc");
    *peers[result] = (Peer){.first = -1, .last = -1, .fd = result};
    receive(result);
  }
  if (!(flags & IORING_CQE_F_MORE)) accept_all(listener);
}

static void received(Peer* p, int result, unsigned flags) {
  if (result > 0) {
    int buffer = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
    size_of[buffer] = (unsigned)result;
    next_of[buffer] = -1;
    if (p->first < 0) {
      p->first = p->last = buffer;
      p->sent = 0;
      send_first(p);
    } else {
      next_of[p->last] = buffer;
      p->last = buffer;
    }
  }
  if (flags & IORING_CQE_F_MORE) return;
  if (result > 0 || result == -ENOBUFS) receive(p->fd);
  else close_peer(p->fd);
}

static void sent(Peer* p, int result) {
  int buffer = p->first;
  if (result > 0 && (p->sent += (unsigned)result) < size_of[buffer]) {
    send_first(p);
    return;
  }
  p->first = next_of[buffer];
  p->sent = 0;
  offer(buffer);
  if (p->first >= 0) send_first(p);
  else p->last = -1;
}

// As many files as the process may have descriptors: the kernel allows no more.
static void register_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) fail("getrlimit");
  errno = -io_uring_register_files_sparse(&ring, limit.rlim_cur < kMaxPeers ? (unsigned)limit.rlim_cur : kMaxPeers);
  if (errno) fail("io_uring_register_files_sparse");
}

int main(int argc, char** argv) {
  registered = argc == 2 && !strcmp(argv[1], "registered");
  if (argc > 1 && !registered) return 2;
  int listener = listen_and_announce();
  no_delay(listener);  // which what it accepts inherits
  struct io_uring_params params = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE, .cq_entries = 8192};
  errno = -io_uring_queue_init_params(4096, &ring, &params);
  if (errno) fail("io_uring_queue_init");
  void *entries = NULL, *bytes = NULL;
  if (posix_memalign(&entries, 4096, kBuffers * sizeof(struct io_uring_buf)) ||
      posix_memalign(&bytes, 4096, (size_t)kBuffers * kBufferSize))
    fail("posix_memalign");
  offered = entries;
  memory = bytes;
  struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)offered, .ring_entries = kBuffers, .bgid = kGroup};
  errno = -io_uring_register_buf_ring(&ring, &registration, 0);
  if (errno) fail("io_uring_register_buf_ring");
  io_uring_buf_ring_init(offered);
  for (int i = 0; i < kBuffers; i++) offer(i);
  if (registered) register_files();
  accept_all(listener);
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    struct io_uring_cqe* answer;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&ring, head, answer) {
      count++;
      int fd = (int)(answer->user_data & 0xffffffff);
      switch (answer->user_data >> 32) {
        case kAccept: accepted(fd, answer->res, answer->flags); break;
        case kReceive: received(peers[fd], answer->res, answer->flags); break;
        case kSend: sent(peers[fd], answer->res); break;
        default: break;  // closed
      }
    }
    io_uring_cq_advance(&ring, count);
  }
}
