// SPDX-License-Identifier: Apache-2.0
/// \file
/// All that tasks use to wait for each other.
#pragma once

#include <corolla/sync/barrier.hpp>
#include <corolla/sync/capacity_limiter.hpp>
#include <corolla/sync/channel.hpp>
#include <corolla/sync/condition.hpp>
#include <corolla/sync/event.hpp>
#include <corolla/sync/lock.hpp>
#include <corolla/sync/queue.hpp>
#include <corolla/sync/semaphore.hpp>
