// SPDX-License-Identifier: Apache-2.0
// What the C++ peers share: clocks, the RESULT line, checks that stay on in release builds, a seeded generator.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

namespace bench {

inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double cpu_seconds() {  // of all threads
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

inline double peak_rss_mib() {  // VmHWM, not ru_maxrss: the latter starts at the launcher's size
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "check failed: %s\n", what);
  std::exit(1);
}

// Times a case from construction; result() prints the RESULT line.
class Stopwatch {
 public:
  double seconds() const { return wall_seconds() - wall_; }
  double cpu() const { return cpu_seconds() - cpu_; }
  void result(const std::string& name, const char* peer, long ops, const std::string& extra = {}) const {
    double seconds = this->seconds(), cpu = this->cpu();
    std::printf("RESULT bench=%s peer=%s ops=%ld s=%.6f cpu=%.6f rss_mib=%.1f%s%s\n", name.c_str(), peer, ops, seconds,
                cpu, peak_rss_mib(), extra.empty() ? "" : " ", extra.c_str());
    std::fflush(stdout);
  }

 private:
  double wall_ = wall_seconds(), cpu_ = cpu_seconds();
};

// What `idle` adds: growth of the peak RSS for each task, and the time above the 10 s slept.
inline std::string idle_extra(double rss_before, long tasks, double seconds) {
  return "bytes_per_task=" + std::to_string(long((peak_rss_mib() - rss_before) * 1048576 / double(tasks))) +
         " over_s=" + std::to_string(seconds - 10);
}

// What `cancel-*` adds: CPU for each coroutine that the cancellation runs through.
inline std::string per_level(const Stopwatch& watch, long tasks, int depth) {
  return "us_per_level=" + std::to_string(watch.cpu() / double(tasks * depth) * 1e6);
}

inline long sum_below(long n) { return n * (n - 1) / 2; }

class Random {  // xorshift64
 public:
  std::uint64_t operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace bench
