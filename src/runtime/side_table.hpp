// SPDX-License-Identifier: Apache-2.0
/// \file
/// What only few tasks have, kept beside them so that a task stays small: a name of its own, a cancel message.
#pragma once

#include <corolla/runtime/loop_core.hpp>
#include <corolla/runtime/task_base.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>

namespace corolla {
inline namespace v0 {

class SideTable {
 public:
  struct Entry {
    std::string name;
    std::string cancel_message;
  };
  Entry& entry(const TaskBase& task) { return entries_[&task]; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  void forget(const TaskBase& task) noexcept { entries_.erase(&task); }

 private:
  std::unordered_map<const TaskBase*, Entry> entries_;
};

/// The table of the loop `core` belongs to; it lives as long as the core.
inline SideTable& side_table(LoopCore& core) noexcept { return core.side_table(); }

}  // namespace v0
}  // namespace corolla
