// SPDX-License-Identifier: Apache-2.0
/// \file
/// Each host's robots.txt, as far as it is known.
#pragma once

#include <corolla/crawl/frontier.hpp>
#include <corolla/crawl/retry.hpp>
#include <corolla/crawl/robots.hpp>

#include <cstdint>
#include <deque>
#include <string>

namespace corolla::inline v0::crawl {

/// The state of one host. Until its robots.txt is known a host has one request at a time, so nobody has to wait for
/// somebody else's request for it. http and https on their own ports count as one host.
struct HostRule {
  enum class State : std::uint8_t { kUnknown, kKnown, kUnreachable };
  State state = State::kUnknown;
  std::uint32_t attempts = 0;  ///< requests for robots.txt that failed
  RobotsRules rules;
  std::string error;  ///< why it is unreachable
  Failure failure = Failure::kOther;
};

/// By HostId. One loop.
class HostRules {
 public:
  [[nodiscard]] HostRule& of(HostId host) {
    if (host >= hosts_.size()) hosts_.resize(std::size_t{host} + 1);
    return hosts_[host];
  }

 private:
  std::deque<HostRule> hosts_;
};

}  // namespace corolla::inline v0::crawl
