// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/options.hpp>

namespace corolla::inline v0::crawl {

std::string_view product_token_of(std::string_view user_agent) noexcept {
  return user_agent.substr(0, user_agent.find_first_of("/ "));
}

}  // namespace corolla::inline v0::crawl
