// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/interleave.hpp>

#include <algorithm>
#include <utility>

namespace corolla {
inline namespace v0 {

std::vector<SocketAddress> interleave(const std::vector<SocketAddress>& addresses, std::size_t first_family_count) {
  std::vector<std::vector<SocketAddress>> families;
  for (const SocketAddress& address : addresses) {
    const auto same = [&](const auto& family) { return family.front().family() == address.family(); };
    const auto found = std::find_if(families.begin(), families.end(), same);
    if (found != families.end()) found->push_back(address);
    else families.emplace_back(1, address);
  }
  std::vector<SocketAddress> reordered;
  if (families.empty()) return reordered;
  auto& first = families.front();
  const auto head = first.begin() + static_cast<std::ptrdiff_t>(std::min(first_family_count - 1, first.size()));
  reordered.assign(first.begin(), head);
  first.erase(first.begin(), head);
  for (std::size_t turn = 0; reordered.size() < addresses.size(); ++turn) {
    for (const auto& family : families)
      if (turn < family.size()) reordered.push_back(family[turn]);
  }
  return reordered;
}

}  // namespace v0
}  // namespace corolla
