// SPDX-License-Identifier: Apache-2.0
/// \file
/// The asyncio of C++: the runtime and the primitives by which tasks wait for each other.
#pragma once

#include <corolla/runtime.hpp>
#include <corolla/sync.hpp>
