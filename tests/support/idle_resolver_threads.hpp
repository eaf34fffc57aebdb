// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waits for look-ups that no loop waits for any more: they have files open, and hold what belonged to their loop.
#pragma once

#include "net/dns/resolver_threads.hpp"

#include <barrier>
#include <cstddef>
#include <vector>

namespace corolla_tests {

inline void wait_for_idle_resolver_threads() {
  // Jobs that wait for each other have all of the threads between them.
  std::barrier<> all(static_cast<std::ptrdiff_t>(corolla::kResolverThreads));
  std::vector<corolla::ThreadFuture<void>> jobs;
  for (std::size_t i = 0; i < corolla::kResolverThreads; ++i)
    jobs.push_back(corolla::resolver_threads().submit([&all] { all.arrive_and_wait(); }));
  for (const auto& job : jobs) job.result();
}

}  // namespace corolla_tests
