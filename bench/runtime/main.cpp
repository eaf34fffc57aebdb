// SPDX-License-Identifier: Apache-2.0
// usage: bench_runtime CASE [N]
#include "runtime/cases.hpp"

#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  struct Case {
    std::string_view name;
    void (*run)(long n);
    long usual;
  };
  constexpr Case kCases[] = {{"call", bench::call, 1'000'000},       {"spawn", bench::spawn, 1'000'000},
                             {"gather", bench::gather, 100'000},     {"queue", bench::queue, 5'000'000},
                             {"lock", bench::lock, 1'000'000},       {"timers", bench::timers, 1'000'000},
                             {"cancel-1", bench::cancel_1, 100'000}, {"cancel-5", bench::cancel_5, 100'000},
                             {"xthread", bench::xthread, 1'000'000}, {"executor", bench::executor, 200'000},
                             {"idle", bench::idle, 1'000'000}};
  const long given = argc > 2 ? std::atol(argv[2]) : 0;
  for (const Case& c : kCases) {
    if (argc > 1 && c.name == argv[1]) {
      c.run(given > 0 ? given : c.usual);
      return 0;
    }
  }
  return 2;
}
