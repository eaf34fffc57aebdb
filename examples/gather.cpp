// SPDX-License-Identifier: Apache-2.0
// The counterpart of running several coroutines at once and collecting their results:
//   tasks = [fetch(url) for url in urls]; titles = await asyncio.gather(*tasks)
// and of grouping: await asyncio.gather(gather(...), gather(...)). Three waits of 3 ms take 3 ms, not 9.
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

Coro<std::string> title(std::string url) {
  std::printf("start %s\n", url.c_str());
  co_await sleep(3ms);  // stands for the network
  co_return "title of " + url;
}

Coro<void> amain() {
  std::vector<Coro<std::string>> all;
  for (const char* url : {"http://a.example/", "http://b.example/", "http://c.example/"}) all.push_back(title(url));
  const auto titles = co_await gather(all);
  for (const auto& text : titles) std::printf("%s\n", text.c_str());

  // Different types give a tuple; groups nest.
  auto length = [](std::string text) -> Coro<std::size_t> {
    co_await sleep(1ms);
    co_return text.size();
  };
  auto pair = gather(title("http://d.example/"), length("four"));
  const auto [inner, number] = co_await gather(pair, length("eleven char"));
  const auto& [text, four] = inner;
  std::printf("%s, %zu, %zu\n", text.c_str(), four, number);
}

int main() { return run_main(amain()); }
