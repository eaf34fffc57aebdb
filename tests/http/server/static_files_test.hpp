// SPDX-License-Identifier: Apache-2.0
/// \file
/// The fixture of the tests of StaticFiles: a directory with what a site has, and with what must not be reached.
#pragma once

#include "tests/http/server/server_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/static_files.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace corolla_tests {

using http::StaticFiles;
using http::StaticFilesOptions;

inline constexpr std::string_view kModified = "Fri, 01 Sep 2023 12:00:00 GMT";

/// Writes a file whose time of modification is long past.
inline void write_old(const std::string& path, std::string_view bytes) {
  write_whole_file(path, bytes);
  const timespec old{1693569600, 123456789};
  const std::array<timespec, 2> times{old, old};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

class StaticFilesTest : public ServerTest {
 protected:
  StaticFilesTest() {
    std::filesystem::create_directories(site / "sub dir/deep");
    std::filesystem::create_directories(site / "with-index");
    std::filesystem::create_directories(site / ".well-known");
    write_old(site / "digits.txt", "0123456789");
    write_old(site / "page.html", "<p>page</p>");
    write_old(site / "empty", "");
    write_old(site / "100%.txt", "percent");
    write_old(site / "back\\slash", "backslash");
    write_old(site / "with-index/index.html", "index");
    write_old(site / "sub dir/<b>&\".txt", "escape me");
    write_old(site / ".htpasswd", "hidden");
    write_old(site / ".well-known/security.txt", "contact");
    write_old(site.parent() + "/secret", "secret");
    for (int i = 0; large.size() < 1'500'000; ++i) large += std::to_string(i) + "\n";
    write_old(site / "large.bin", large);
    std::filesystem::create_symlink("digits.txt", site / "inner-link");
    std::filesystem::create_symlink("../secret", site / "outer-link");
    std::filesystem::create_symlink(site.parent() + "/secret", site / "absolute-link");
    std::filesystem::create_directory_symlink("..", site / "up-link");
    EXPECT_EQ(::mkfifo((site / "fifo").c_str(), 0600), 0);
  }

  struct Site {
    Site() { std::filesystem::create_directory(parent() + "/site"); }
    [[nodiscard]] std::string parent() const { return directory / "."; }
    [[nodiscard]] std::string operator/(std::string_view name) const { return parent() + "/site/" + std::string(name); }
    TemporaryDirectory directory;
  };

  Coro<WebServer> serve_site(StaticFilesOptions options = StaticFilesOptions()) {
    StaticFiles files(site / "", std::move(options));
    auto starting = http::serve(files, "127.0.0.1", 0);
    co_return co_await std::move(starting);
  }

  Site site;
  std::string large;
};

}  // namespace corolla_tests
