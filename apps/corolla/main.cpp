// SPDX-License-Identifier: Apache-2.0
#include "corolla/command.hpp"
#include "corolla/crawl_command.hpp"
#include "corolla/get_command.hpp"
#include "corolla/serve_command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  int exit_code = corolla::app::kOk;
  try {
    CLI::App app("Crawls web sites, serves directories, fetches URLs.", "corolla");
    app.set_version_flag("--version", "corolla " COROLLA_VERSION);
    app.require_subcommand(1);
    app.footer("corolla COMMAND --help tells the options of a command, with examples.");
    corolla::app::add_crawl_command(app, exit_code);
    corolla::app::add_serve_command(app, exit_code);
    corolla::app::add_get_command(app, exit_code);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& success) {  // --help, --version
      return app.exit(success);
    } catch (const CLI::ParseError& error) {
      std::fprintf(stderr, "error: %s\n", error.what());
      return corolla::app::kUsage;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return corolla::app::kIncomplete;
  }
  return exit_code;
}
