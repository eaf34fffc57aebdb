// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fixture of the tests of Session: one coroutine to its end, after which nothing may be left behind.
#pragma once

#include "tests/http/client/scripted_server.hpp"
#include "tests/support/idle_resolver_threads.hpp"
#include "tests/support/open_descriptors.hpp"

#include <corolla/http/session.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace corolla::test {

using namespace std::chrono_literals;
using http::ClientTimeout;
using http::Response;
using http::Session;
using http::SessionOptions;

class SessionTest : public ::testing::Test {
 protected:
  template <class F>
  void run_test(F body) {
    const std::size_t before = corolla_tests::open_descriptors();
    run(body());
    corolla_tests::wait_for_idle_resolver_threads();
    EXPECT_EQ(corolla_tests::open_descriptors(), before);
    EXPECT_EQ(live_objects().frames, 0);
    EXPECT_EQ(live_objects().futures, 0);
  }
};

inline Coro<std::string> fetch(Session& session, std::string url) {
  auto response = co_await session.get(url);
  co_return co_await response.text();
}

}  // namespace corolla::test
