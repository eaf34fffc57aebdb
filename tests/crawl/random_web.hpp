// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace corolla_tests {

/// A web of numbered pages with links at random, in which everything can be reached from page 0.
struct RandomWeb {
  int pages;
  int hosts;
  std::vector<std::vector<int>> links;

  RandomWeb(std::mt19937_64& random, int page_count, int host_count)
      : pages(page_count), hosts(host_count), links(pages) {
    for (auto& out : links)
      for (std::uint64_t n = random() % 5; n > 0; --n) out.push_back(static_cast<int>(random() % pages));
    for (int i = 1; i < pages; ++i) links[random() % i].push_back(i);  // everything can be reached
  }

  [[nodiscard]] std::string url(int page) const {
    return "http://h" + std::to_string(page % hosts) + "/" + std::to_string(page);
  }

  [[nodiscard]] static int page_of(const std::string& url) { return std::stoi(url.substr(url.rfind('/') + 1)); }

  [[nodiscard]] std::vector<std::uint32_t> distances() const {
    std::vector<std::uint32_t> distance(pages, UINT32_MAX);
    std::vector<int> queue{0};
    distance[0] = 0;
    for (std::size_t i = 0; i < queue.size(); ++i)
      for (const int to : links[queue[i]])
        if (distance[to] == UINT32_MAX) {
          distance[to] = distance[queue[i]] + 1;
          queue.push_back(to);
        }
    return distance;
  }
};

}  // namespace corolla_tests
