// SPDX-License-Identifier: Apache-2.0
// Probes: synchronous calls whose exception is logged and goes no further.
#pragma once

#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"

#include <exception>
#include <string>

namespace conformance {

/// Logs `label` and what `call` returns (a string), or the exception it throws.
template <class Call>
void probe(const Actor& actor, const std::string& label, Call call) {
  std::string result;
  try {
    result = call();
  } catch (const TraceClosed&) {
    throw;
  } catch (...) {
    result = "!" + error_text(std::current_exception());
  }
  actor.log(label + " " + result);
}

/// The result of a probe that has none.
inline constexpr const char* kOk = "ok";

}  // namespace conformance
