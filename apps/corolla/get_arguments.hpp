// SPDX-License-Identifier: Apache-2.0
/// \file
/// What `corolla get` was told on its command line.
#pragma once

#include <corolla/http/request.hpp>
#include <corolla/http/session.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace corolla::app {

/// The options as they were written.
struct GetArguments {
  std::string url;
  std::string method;
  std::vector<std::string> headers;
  std::vector<std::string> data;
  std::optional<std::string> json_body;
  std::vector<std::string> form;
  std::string user;
  bool digest = false;
  std::string proxy;
  std::vector<std::string> resolve;
  std::string interface;
  std::string alt_svc;  // a file
  std::string output;   // a file; "-" and "" are standard output
  bool remote_name = false;
  bool resume = false;
  bool head = false;
  bool include = false;
  bool no_follow = false;
  bool raw = false;
  bool insecure = false;
  std::string authorities;  // a file
  std::optional<std::chrono::nanoseconds> max_time;
  std::optional<std::chrono::nanoseconds> connect_timeout;
  unsigned max_redirects = 10;
  unsigned retries = 0;
  bool fail = false;
  bool json = false;
  bool verbose = false;
  bool quiet = false;
};

/// Adds all options to the subcommand; they write into `arguments`.
void add_get_options(CLI::App& command, GetArguments& arguments);

/// Completes what follows from others: the URL's scheme, the file's name. ValueError in a line that names the option.
void complete_get_arguments(GetArguments& arguments);

/// What the session is to be. ValueError, OSError for files.
[[nodiscard]] http::SessionOptions session_options(const GetArguments& arguments);

/// The request, without what resuming adds. ValueError, OSError for files.
[[nodiscard]] http::Request make_request(http::Session& session, const GetArguments& arguments);

}  // namespace corolla::app
