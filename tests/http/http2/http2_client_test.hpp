// SPDX-License-Identifier: Apache-2.0
/// \file
/// What tests of a Session in HTTP/2 share.
#pragma once

#include "tests/http/client/https_test.hpp"
#include "tests/http/http2/http2_test.hpp"

namespace corolla::test {

/// Knows beforehand that the server speaks HTTP/2.
inline SessionOptions knowing() {
  SessionOptions options;
  options.http2 = http::Http2Use::kPriorKnowledge;
  return options;
}

}  // namespace corolla::test
