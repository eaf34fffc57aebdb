// SPDX-License-Identifier: Apache-2.0
// Closed-loop echo load over TCP.   usage: loadgen PORT CONNECTIONS SIZE SECONDS SERVER_PID
#include "echo_load.h"

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  int port = atoi(argv[1]), pid = atoi(argv[5]), epoll = new_epoll();
  size_t count = strtoul(argv[2], NULL, 10);
  Connection* connections = make_connections(count, strtoul(argv[3], NULL, 10));
  for (size_t i = 0; i < count; i++) {
    connections[i].fd = connect_loopback(port);
    watch(epoll, &connections[i]);
  }
  closed_loop("echo", connections, count, epoll, pid, atof(argv[4]));
  return 0;
}
