// SPDX-License-Identifier: Apache-2.0
/// \file
/// The whole runtime: coroutines, tasks, futures, the event loop.
#pragma once

#include <corolla/runtime/as_completed.hpp>
#include <corolla/runtime/as_coro.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/runtime/call_graph.hpp>
#include <corolla/runtime/checkpoint.hpp>
#include <corolla/runtime/context.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/gather.hpp>
#include <corolla/runtime/log.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/run.hpp>
#include <corolla/runtime/run_coroutine_threadsafe.hpp>
#include <corolla/runtime/run_sharded.hpp>
#include <corolla/runtime/shield.hpp>
#include <corolla/runtime/sleep.hpp>
#include <corolla/runtime/staggered_race.hpp>
#include <corolla/runtime/task.hpp>
#include <corolla/runtime/task_group.hpp>
#include <corolla/runtime/task_status.hpp>
#include <corolla/runtime/thread_future.hpp>
#include <corolla/runtime/timeout.hpp>
#include <corolla/runtime/wait.hpp>
#include <corolla/runtime/wait_for.hpp>
