// SPDX-License-Identifier: Apache-2.0
#include "http/lines_of_file.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <fstream>
#include <vector>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kLongestLine = std::size_t{16} * 1024;
constexpr std::size_t kMostLines = 100'000;

}  // namespace

void read_lines(const std::string& path, std::string_view complaint,
                const std::function<bool(std::string_view line)>& take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return;
    throw OSError(errno, "open " + path);
  }
  std::vector<char> buffer(kLongestLine + 1);  // with the 0 behind a line
  for (std::size_t number = 1;; ++number) {
    file.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (file.bad()) throw OSError(errno, "read " + path);
    auto size = static_cast<std::size_t>(file.gcount());
    if (size == 0) return;
    if (!file.fail() && !file.eof()) --size;  // the LF was counted
    std::string_view line(buffer.data(), size);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (file.fail() || number > kMostLines || !take(line))
      throw ValueError(path + ":" + std::to_string(number) + ": " + std::string(complaint));
  }
}

}  // namespace corolla::inline v0::http
