// SPDX-License-Identifier: Apache-2.0
//
// Three loops in three threads. The first accepts connections and deals them out; each serves those it was given, and counts
// them. Where the kernel should share connections out instead, every shard listens with ServerOptions::reuse_port.
#include <corolla/corolla.hpp>
#include <corolla/net/detached_stream.hpp>
#include <corolla/runtime/run_sharded.hpp>

#include <iostream>

using namespace corolla;

constexpr std::size_t kShards = 3;

thread_local int connections = 0;  // a shard's own: no lock, no atomic

Coro<void> echo(DetachedStream detached) {
  ++connections;
  StreamConnection connection(attach(std::move(detached)));
  const std::string line = co_await connection.reader.readline();
  co_await connection.writer.write("shard " + std::to_string(this_shard().id()) + ": " + line);
}

// In the first shard: the next connection is the next shard's.
Coro<void> deal(ByteStream stream) {
  static std::size_t next = 0;
  co_await this_shard().submit_to(next++ % kShards, echo, detach(std::move(stream)));
}

Coro<void> amain(Shard& shard) {
  if (shard.id() != 0) co_return;  // it goes on serving the calls of the others
  auto server = co_await start_server(deal, "127.0.0.1", 0);
  for (const char* line : {"one\n", "two\n", "three\n", "four\n"}) {
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    co_await writer.write(line);
    const std::string answer = co_await reader.readline();
    std::cout << answer;
  }
  for (std::size_t id = 0; id < kShards; ++id) {
    const int count = co_await shard.submit_to(id, [] { return connections; });
    std::cout << "shard " << id << " had " << count << '\n';
  }
}

int main() {
  try {
    run_sharded(kShards, amain);
    return 0;
  } catch (...) {
    return exit_code_of_current_exception();
  }
}
