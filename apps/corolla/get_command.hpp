// SPDX-License-Identifier: Apache-2.0
/// \file
/// `corolla get`.
#pragma once

namespace CLI {
class App;
}

namespace corolla::app {

/// Adds the subcommand; see command.hpp.
void add_get_command(CLI::App& app, int& exit_code);

}  // namespace corolla::app
