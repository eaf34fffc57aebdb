// SPDX-License-Identifier: Apache-2.0
// What the client of the TLS cases asks a server for, and the bytes that are sent. bench/tls/server.cpp says the same.
#pragma once
#include "common.h"

// The first 16 bytes of a connection, in the machine's own order.
enum { kEcho = 0, kSend = 1, kReceive = 2 };
typedef struct {
  uint64_t work;
  uint64_t bytes;  // to send or to receive
} Request;

// Byte n of a bulk transfer is byte n % kPeriod of a pattern: a prime, so that no power of two hides a byte that is
// missing or doubled. After kReceive the server answers with the number of bytes that were right.
enum { kPeriod = 8191, kPiece = 65536 };
static unsigned char bulk[kPeriod + kPiece];

static inline void make_bulk(void) {
  for (size_t i = 0; i < sizeof bulk; i++) bulk[i] = (unsigned char)((i % kPeriod) * 2654435761U >> 13);
}

static inline const unsigned char* bulk_at(uint64_t offset) { return bulk + offset % kPeriod; }
