// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/exception_group.hpp>
#include <exception>

// An error thrown inside the library is caught here by its type, static or shared.
int main() {
  try {
    throw corolla::ExceptionGroup("nothing", {});
  } catch (const corolla::ValueError& error) {
    return corolla::describe(std::current_exception()) == error.what() ? 0 : 1;
  }
  return 1;
}
