// SPDX-License-Identifier: Apache-2.0
#include "backend/operation.hpp"

#include "backend/backend.hpp"

namespace corolla {
inline namespace v0 {

// Not inline: they are what decides in which object file clang puts the class's type information.
void Operation::run() noexcept { backend_->run(*this); }
void Operation::drop() noexcept { backend_->drop(*this); }

}  // namespace v0
}  // namespace corolla
