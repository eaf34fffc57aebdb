// SPDX-License-Identifier: Apache-2.0
// The runtime cases on corolla. Each runs n units of work in a loop of its own, checks it and prints a RESULT line.
#pragma once

namespace bench {

inline constexpr const char* kPeer = "corolla";

void call(long n);
void spawn(long n);
void gather(long n);
void timers(long n);
void cancel_1(long n);
void cancel_5(long n);
void idle(long n);
void queue(long n);
void lock(long n);
void xthread(long n);
void executor(long n);

}  // namespace bench
