// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a subcommand of the program is.
///
/// Each one is a pair of files and one function, add_NAME_command(CLI::App&, int& exit_code), called by main. It adds its
/// subcommand with its options to the app, and a callback that runs it and sets exit_code.
#pragma once

namespace corolla::app {

/// Exit codes, the same for all subcommands; `corolla crawl --help` explains them to users.
enum ExitCode : int {
  kOk = 0,
  kIncomplete = 1,  ///< it ran, but not everything succeeded
  kUsage = 2,       ///< bad option, URL, selector
  kOutput = 3,      ///< what should be written cannot be
  kNothing = 4,     ///< nothing could be fetched
  kInterrupted = 130,
};

}  // namespace corolla::app
