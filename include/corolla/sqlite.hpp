// SPDX-License-Identifier: Apache-2.0
/// \file
/// SQLite: a database in the calling thread, or on a thread of its own for coroutines.
#pragma once

#include <corolla/sqlite/connection.hpp>
#include <corolla/sqlite/database.hpp>
#include <corolla/sqlite/error.hpp>
#include <corolla/sqlite/statement.hpp>
#include <corolla/sqlite/value.hpp>
