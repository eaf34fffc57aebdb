// SPDX-License-Identifier: Apache-2.0
/// \file
/// What tasks and callbacks carry of a Context: one pointer, null as long as no context variable was set.
///
/// A task or callback owns a ContextRef, and while it runs `running_now.context` points at it. Copying a context shares the
/// entries, which never change: setting a variable replaces them. So a program that uses no context variable pays for a
/// null pointer. See context.hpp for what users see. Not thread safe, but for the entries, which threads may share.
#pragma once

#include <corolla/runtime/memory.hpp>
#include <corolla/runtime/running.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

/// A set of variables and their values: an object with identity, as Python's Context. Counted.
class COROLLA_API ContextState : public FromBlockCache {
 public:
  /// Names a variable; never used twice.
  using Key = std::uint64_t;
  using Value = std::shared_ptr<const void>;
  struct Entry {
    Key key;
    Value value;
  };
  using Entries = std::vector<Entry>;  // by key

  ContextState() = default;
  explicit ContextState(std::shared_ptr<const Entries> entries) noexcept : entries_(std::move(entries)) {}
  ContextState(const ContextState&) = delete;
  ContextState& operator=(const ContextState&) = delete;

  /// Null when it has no value.
  [[nodiscard]] const Value* find(Key key) const noexcept;
  /// A null value takes the variable out.
  void set(Key key, Value value);
  [[nodiscard]] std::size_t size() const noexcept { return entries_ ? entries_->size() : 0; }
  [[nodiscard]] const std::shared_ptr<const Entries>& entries() const noexcept { return entries_; }
  /// While Context::run has entered it.
  [[nodiscard]] bool entered() const noexcept { return entered_; }
  void set_entered(bool entered) noexcept { entered_ = entered; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 private:
  ~ContextState() = default;
  std::shared_ptr<const Entries> entries_;
  std::uint32_t references_ = 1;
  bool entered_ = false;
};

/// A counted pointer to a context; null stands for one in which nothing was set yet.
class ContextRef {
 public:
  ContextRef() noexcept = default;
  ContextRef(const ContextRef& other) noexcept : state_(other.state_) {
    if (state_) state_->retain();
  }
  ContextRef(ContextRef&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ContextRef& operator=(ContextRef other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~ContextRef() {
    if (state_) [[unlikely]]
      state_->release();
  }

  [[nodiscard]] ContextState* get() const noexcept { return state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// The context itself, made now if there was none.
  ContextState& require() {
    if (!state_) state_ = new ContextState;
    return *state_;
  }
  /// A new context with the same values.
  [[nodiscard]] ContextRef copy() const {
    if (state_ && state_->size() > 0) [[unlikely]]
      return ContextRef(new ContextState(state_->entries()));
    return ContextRef();
  }

 private:
  explicit ContextRef(ContextState* state) noexcept : state_(state) {}
  ContextState* state_ = nullptr;
};

/// The context of what runs in this thread; outside of tasks and callbacks the thread's own.
[[nodiscard]] COROLLA_API ContextRef& require_current_context();

/// A copy of the current context, for what is scheduled now and runs later.
[[nodiscard]] inline ContextRef copy_current_context() {
  return running_now.context ? running_now.context->copy() : ContextRef();
}

/// Makes `context` the current one for a scope.
class ContextScope {
 public:
  explicit ContextScope(ContextRef& context) noexcept : outer_(std::exchange(running_now.context, &context)) {}
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;
  ~ContextScope() { running_now.context = outer_; }

 private:
  ContextRef* outer_;
};

}  // namespace v0
}  // namespace corolla
