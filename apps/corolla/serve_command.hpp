// SPDX-License-Identifier: Apache-2.0
/// \file
/// `corolla serve`.
#pragma once

namespace CLI {
class App;
}

namespace corolla::app {

/// Adds the subcommand; see command.hpp.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace corolla::app
