// SPDX-License-Identifier: Apache-2.0
#include <corolla/sqlite/database.hpp>

int main() {
  corolla::sqlite::Database database(":memory:");
  database.execute("CREATE TABLE t(a)");
  database.execute("INSERT INTO t VALUES (20), (22)");
  return database.scalar("SELECT sum(a) FROM t") == 42 ? 0 : 1;
}
