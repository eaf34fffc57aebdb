// SPDX-License-Identifier: Apache-2.0
// Three mirrors, each given a head start of 100 ms: the first one that answers is taken, the others are cancelled. It is how
// a host with several addresses is connected to ("happy eyeballs").
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::string> answer(std::string mirror, std::chrono::milliseconds delay) {
  std::printf("ask %s\n", mirror.c_str());
  co_await sleep(delay);  // stands for the network
  if (mirror == "broken") throw std::runtime_error("no route to it");
  co_return "the file, from " + mirror;
}

Coro<void> amain() {
  std::vector<std::function<Coro<std::string>()>> mirrors;
  mirrors.emplace_back([] { return answer("slow", 1h); });
  mirrors.emplace_back([] { return answer("broken", 0ms); });  // fails at once, so the next is asked at once
  mirrors.emplace_back([] { return answer("good", 1ms); });
  mirrors.emplace_back([] { return answer("never asked", 0ms); });

  const auto race = co_await staggered_race(std::move(mirrors), 100ms);
  std::printf("%s\n", race.value->c_str());
  for (const auto& error : race.exceptions) std::printf("%s\n", error ? describe(error).c_str() : "won");
}

int main() { return run_main(amain()); }
