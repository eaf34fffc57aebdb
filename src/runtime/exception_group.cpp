// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/exception_group.hpp>

#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

std::string counted(const std::string& message, std::size_t count) {
  return message + " (" + std::to_string(count) + (count == 1 ? " sub-exception)" : " sub-exceptions)");
}

// The group an exception is, for as long as `error` lives; null for any other exception.
const ExceptionGroup* as_group(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ExceptionGroup& group) {
    return &group;  // rethrowing does not copy, and `error` owns it
  } catch (...) {
    return nullptr;
  }
}

std::optional<ExceptionGroup> group_of(const std::string& message, std::vector<std::exception_ptr> members) {
  if (members.empty()) return std::nullopt;
  return ExceptionGroup(message, std::move(members));
}

}  // namespace

ExceptionGroup::~ExceptionGroup() = default;

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions)
    : Error(counted(message, exceptions.size())), message_(std::move(message)), exceptions_(std::move(exceptions)) {
  if (exceptions_.empty()) throw ValueError("ExceptionGroup needs at least one exception");
  for (const auto& member : exceptions_)
    if (!member) throw ValueError("ExceptionGroup cannot hold a null exception");
}

ExceptionGroupSplit ExceptionGroup::split_by(Test test, void* predicate) const {
  if (test(predicate, std::make_exception_ptr(*this))) return {*this, std::nullopt};
  return split_members(test, predicate);
}

ExceptionGroupSplit ExceptionGroup::split_members(Test test, void* predicate) const {
  std::vector<std::exception_ptr> match;
  std::vector<std::exception_ptr> rest;
  for (const auto& member : exceptions_) {
    if (test(predicate, member)) {
      match.push_back(member);
    } else if (const ExceptionGroup* group = as_group(member)) {
      ExceptionGroupSplit inner = group->split_members(test, predicate);
      if (inner.match) match.push_back(std::make_exception_ptr(*std::move(inner.match)));
      if (inner.rest) rest.push_back(std::make_exception_ptr(*std::move(inner.rest)));
    } else {
      rest.push_back(member);
    }
  }
  return {group_of(message_, std::move(match)), group_of(message_, std::move(rest))};
}

}  // namespace v0
}  // namespace corolla
