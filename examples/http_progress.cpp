// SPDX-License-Identifier: Apache-2.0
// Downloads with a progress line: Semaphore limits, as_completed tells what is done, each file is saved in a thread.
// usage: http_progress DIRECTORY URL...
#include <corolla/corolla.hpp>
#include <corolla/http.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace corolla;
using namespace std::chrono_literals;

// Blocks while the disk works, so it is called in a thread.
void save(std::filesystem::path path, std::string bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw OSError(errno, "cannot write " + path.string());
}

struct Download {
  Download(std::filesystem::path to, int at_a_time) : directory(std::move(to)), limit(at_a_time) {}
  std::filesystem::path directory;
  http::Session session;
  Semaphore limit;
};

// Returns the status, and saves what was found.
Coro<int> download_one(Download& download, std::string address) {
  auto url = http::Url::parse(address);
  const auto name = std::filesystem::path(std::string(url.path())).filename();
  auto permit = co_await download.limit.acquire();
  auto response = co_await download.session.get(std::move(url)).timeout(30s);
  auto bytes = co_await response.read();
  permit.release();  // the disk does not count
  if (response.ok()) co_await to_thread(save, download.directory / name, std::move(bytes));
  co_return response.status();
}

Coro<void> download_all(std::filesystem::path directory, std::vector<std::string> urls) {
  Download download(std::move(directory), 30);
  std::map<std::string, int> counts;
  auto body = [&](TaskGroup& group) -> Coro<void> {  // joins the downloads, whatever happens
    std::vector<Task<int>> tasks;
    for (auto& url : urls) tasks.push_back(group.create_task(download_one(download, url)));
    std::size_t done = 0;
    for (auto& next : as_completed(tasks)) {
      auto status = co_await outcome(next);
      ++counts[status ? std::to_string(*status) : status.error_message()];
      std::cerr << '\r' << ++done << '/' << tasks.size() << std::flush;
    }
    std::cerr << '\n';
  };
  co_await task_group(body);
  for (const auto& [status, count] : counts) std::cout << status << ": " << count << '\n';
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: http_progress DIRECTORY URL...\n";
    return 2;
  }
  return run_main(download_all(argv[1], {argv + 2, argv + argc}));
}
