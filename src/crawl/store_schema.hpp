// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <corolla/sqlite/database.hpp>

#include <string>
#include <vector>

namespace corolla::inline v0::crawl {

/// Creates the tables, or checks that they are this program's, and adds a column to items for each new field. Throws
/// ValueError. `path` is for messages.
void prepare_schema(sqlite::Database& database, const std::string& path, const std::vector<std::string>& fields);

/// The INSERT of one item: page_id, url, then the fields in order.
[[nodiscard]] std::string insert_item_sql(const std::vector<std::string>& fields);

}  // namespace corolla::inline v0::crawl
