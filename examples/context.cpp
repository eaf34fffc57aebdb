// SPDX-License-Identifier: Apache-2.0
// The counterpart of contextvars: each task has its own value of a variable.
//   user = contextvars.ContextVar("user", default="nobody")
#include <corolla/runtime.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace corolla;
using namespace std::chrono_literals;

const ContextVar<std::string> user("user", "nobody");

Coro<void> log_in_and_work(std::string name, std::chrono::milliseconds delay) {
  user.set(name);  // stays inside this task
  co_await sleep(delay);
  std::printf("%s is %s\n", name.c_str(), user.get().c_str());
}

Coro<void> amain() {
  auto ann = create_task(log_in_and_work("ann", 20ms));
  auto bob = create_task(log_in_and_work("bob", 10ms));
  co_await gather(ann, bob);
  std::printf("outside it is %s\n", user.get().c_str());

  Context shared;  // given explicitly, it is used and not copied
  co_await create_task(log_in_and_work("eve", 1ms), TaskOptions().context(shared));
  std::printf("in the shared context it is %s\n", shared.get(user)->c_str());
}

int main() { return run_main(amain()); }
