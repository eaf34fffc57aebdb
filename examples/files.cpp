// SPDX-License-Identifier: Apache-2.0
// Files that are written and read without keeping the loop from other work.
//   with open(path, "w") as file: ...      (asyncio has no files; the names are Python's)
#include <corolla/corolla.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <unistd.h>

using namespace corolla;

Coro<void> keep_a_log(std::string path) {
  File log = co_await open_file(path, "a");
  for (int i = 1; i <= 3; ++i) co_await log.write("line " + std::to_string(i) + "\n");
  co_await log.fsync();  // on the disk, not only in the kernel's memory
  co_await log.close();  // tells what closing failed with, as the destructor cannot
}

Coro<void> change_and_read(std::string path) {
  File file = co_await open_file(path, "r+");
  co_await file.pwrite("LINE", 7);
  std::string all = co_await file.read();
  FileStatus status = co_await file.stat();
  std::printf("%s%d bytes\n", all.c_str(), static_cast<int>(status.size));
}

Coro<void> send_it(std::string path, Socket& to) {
  File file = co_await open_file(path);
  std::uint64_t sent = co_await sock_sendfile(to, file.descriptor());
  std::printf("sent %d\n", static_cast<int>(sent));
}

Coro<void> amain() {
  std::string path = std::filesystem::temp_directory_path() / ("files-" + std::to_string(::getpid()));
  co_await keep_a_log(path);
  co_await change_and_read(path);
  auto [one, other] = Socket::pair();
  co_await send_it(path, one);
  std::string first = co_await sock_recv(other, 6);
  std::printf("%s\n", first.c_str());
  std::filesystem::remove(path);
  auto missing = co_await outcome(open_file(path));
  try {
    std::rethrow_exception(missing.error());
  } catch (const OSError& error) {
    std::printf("%s\n", error.code().message().c_str());
  }
}

int main() { return run_main(amain()); }
