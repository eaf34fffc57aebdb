// SPDX-License-Identifier: Apache-2.0
/// \file
/// The asyncio of C++: the runtime, the primitives by which tasks wait for each other, the network.
#pragma once

#include <corolla/net.hpp>
#include <corolla/runtime.hpp>
#include <corolla/sync.hpp>
