// SPDX-License-Identifier: Apache-2.0
/// \file
/// ExceptionGroup: several errors at once, as task_group throws them.
///
/// Source: Python's ExceptionGroup. C++ has no `except*`: `auto [match, rest] = group.split<OSError>()` takes a group
/// apart instead. Both halves keep the message and the nesting. Copies share the exceptions; thread safe to copy.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/error.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace corolla {
inline namespace v0 {

struct ExceptionGroupSplit;

/// True when catch (const E&) would catch it.
template <class E>
[[nodiscard]] bool exception_is(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Several errors at once, in order. Never empty; groups nest. See the file's comment.
class COROLLA_API ExceptionGroup : public Error {
 public:
  /// Throws ValueError when `exceptions` is empty or has a null in it.
  ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);
  ~ExceptionGroup() override;
  ExceptionGroup(const ExceptionGroup&) = default;
  ExceptionGroup(ExceptionGroup&&) = default;
  ExceptionGroup& operator=(const ExceptionGroup&) = default;
  ExceptionGroup& operator=(ExceptionGroup&&) = default;

  /// The text it was made with; what() says also how many exceptions there are.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }

  /// Those for which `predicate(const std::exception_ptr&)` says yes, and the others. It is asked about this group
  /// itself first, then about each member; a group that it takes is taken whole, any other is split in its turn.
  template <class P>
    requires std::predicate<P&, const std::exception_ptr&>
  [[nodiscard]] ExceptionGroupSplit split(P&& predicate) const;
  /// Those that catch (const E&) would catch, and the others.
  template <class E>
  [[nodiscard]] ExceptionGroupSplit split() const;
  /// The first half of split(): nullopt when nothing matches.
  template <class P>
    requires std::predicate<P&, const std::exception_ptr&>
  [[nodiscard]] std::optional<ExceptionGroup> subgroup(P&& predicate) const;
  template <class E>
  [[nodiscard]] std::optional<ExceptionGroup> subgroup() const;

 private:
  using Test = bool (*)(void* predicate, const std::exception_ptr& error);
  [[nodiscard]] ExceptionGroupSplit split_by(Test test, void* predicate) const;
  [[nodiscard]] ExceptionGroupSplit split_members(Test test, void* predicate) const;

  std::string message_;
  std::vector<std::exception_ptr> exceptions_;
};

/// What split() returns; at least one of the two is there.
struct ExceptionGroupSplit {
  std::optional<ExceptionGroup> match;
  std::optional<ExceptionGroup> rest;
};

template <class P>
  requires std::predicate<P&, const std::exception_ptr&>
ExceptionGroupSplit ExceptionGroup::split(P&& predicate) const {
  using Predicate = std::remove_reference_t<P>;
  auto* address = const_cast<std::remove_const_t<Predicate>*>(std::addressof(predicate));
  return split_by([](void* p, const std::exception_ptr& error) -> bool { return (*static_cast<Predicate*>(p))(error); },
                  address);
}
template <class E>
ExceptionGroupSplit ExceptionGroup::split() const {
  return split_by([](void*, const std::exception_ptr& error) { return exception_is<E>(error); }, nullptr);
}
template <class P>
  requires std::predicate<P&, const std::exception_ptr&>
std::optional<ExceptionGroup> ExceptionGroup::subgroup(P&& predicate) const {
  return split(predicate).match;
}
template <class E>
std::optional<ExceptionGroup> ExceptionGroup::subgroup() const {
  return split<E>().match;
}

}  // namespace v0
}  // namespace corolla
