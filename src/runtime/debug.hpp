// SPDX-License-Identifier: Apache-2.0
/// \file
/// The debug mode's switch in the environment.
#pragma once

namespace corolla {
inline namespace v0 {

/// True when COROLLA_DEBUG is set to something else than nothing and "0". Looked up each time: loops are made rarely.
[[nodiscard]] bool debug_by_environment() noexcept;

}  // namespace v0
}  // namespace corolla
