// SPDX-License-Identifier: Apache-2.0
// What the environment says of inherited sockets. That they are taken is shown by tests/apps/serve_test.py.
#include <corolla/net/listen_fds.hpp>
#include <corolla/runtime/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include <unistd.h>

namespace corolla_tests {
namespace {

using namespace corolla;

class ListenFdsTest : public testing::Test {
 protected:
  ~ListenFdsTest() override {
    for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  const std::string us = std::to_string(::getpid());
};

TEST_F(ListenFdsTest, WhatIsForAnotherProcessIsLeftToIt) {
  EXPECT_TRUE(listen_fds().empty());
  set("LISTEN_FDS", "1000");
  EXPECT_TRUE(listen_fds().empty()) << "nobody is named";
  set("LISTEN_PID", std::to_string(::getpid() + 1));
  EXPECT_TRUE(listen_fds().empty());
  EXPECT_STREQ(std::getenv("LISTEN_FDS"), "1000");
}

TEST_F(ListenFdsTest, TheEnvironmentIsToldOnce) {
  set("LISTEN_PID", us);
  set("LISTEN_FDS", "0");
  set("LISTEN_FDNAMES", "web");
  EXPECT_TRUE(listen_fds().empty());
  EXPECT_EQ(std::getenv("LISTEN_PID"), nullptr);
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
  EXPECT_EQ(std::getenv("LISTEN_FDNAMES"), nullptr);
  set("LISTEN_PID", us);
  EXPECT_TRUE(listen_fds().empty()) << "without a number there is none";
}

TEST_F(ListenFdsTest, WhatIsNoNumberIsRefused) {
  set("LISTEN_PID", us);
  for (const char* const count : {"", "-1", "one", "1 ", "2147483647", "99999999999999999999"}) {
    set("LISTEN_FDS", count);
    EXPECT_THROW(static_cast<void>(listen_fds()), ValueError) << count;
  }
  set("LISTEN_FDS", "1");
  for (const char* const process : {"", "us", "-1"}) {
    set("LISTEN_PID", process);
    EXPECT_THROW(static_cast<void>(listen_fds()), ValueError) << process;
  }
}

}  // namespace
}  // namespace corolla_tests
