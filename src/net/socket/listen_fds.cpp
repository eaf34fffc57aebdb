// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/listen_fds.hpp>

#include <corolla/runtime/error.hpp>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr const char* kVariables[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

// -1 when the variable is not set.
int number_of(const char* variable, int most) {
  const char* const set = std::getenv(variable);
  if (set == nullptr) return -1;
  const std::string_view text(set);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most)
    throw ValueError(std::string(variable) + "=" + std::string(text) + " is not a number in its range");
  return number;
}

}  // namespace

std::vector<Socket> listen_fds() {
  constexpr int kMost = std::numeric_limits<int>::max();
  if (number_of("LISTEN_PID", kMost) != ::getpid()) return {};
  const int count = number_of("LISTEN_FDS", kMost - kFirst);
  for (const char* const variable : kVariables) ::unsetenv(variable);
  std::vector<Socket> sockets;
  for (int i = 0; i < count; ++i) sockets.push_back(Socket::adopt(kFirst + i));
  return sockets;
}

}  // namespace v0
}  // namespace corolla
