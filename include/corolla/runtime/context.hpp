// SPDX-License-Identifier: Apache-2.0
/// \file
/// ContextVar<T> and Context: variables whose value belongs to the task that set it.
///
/// Source: Python's contextvars, asyncio's `context=` parameters. A task or callback runs in a copy of the context in
/// which it was created or scheduled, so what it sets stays inside; a coroutine awaited inline shares its awaiter's. The
/// exception is a Context given explicitly (TaskOptions::context, call_soon(context, …)), which is used, not copied.
/// Copying a context takes constant time; setting a variable takes time in the number of variables set.
///
///     ContextVar<std::string> user("user", "nobody");     // usually a global
///     user.set("ann");  user.get();                       // "ann", in this task and in those it creates from now on
///
/// A ContextVar may be used in any thread; a Context belongs to the thread in which it was made. Values are shared between
/// copies and threads, so get() returns them const.
#pragma once

#include <corolla/runtime/context_state.hpp>
#include <corolla/runtime/error.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace corolla {
inline namespace v0 {

template <class T>
class ContextVar;

/// What a ContextVar has whatever its type.
class COROLLA_API ContextVarBase {
 public:
  ContextVarBase(const ContextVarBase&) = delete;
  ContextVarBase& operator=(const ContextVarBase&) = delete;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] ContextState::Key key() const noexcept { return key_; }

 protected:
  explicit ContextVarBase(std::string name);
  ~ContextVarBase() = default;
  /// The value in the current context; null when there is none.
  [[nodiscard]] const void* find() const noexcept;
  [[noreturn]] void throw_unset() const;

 private:
  std::string name_;
  ContextState::Key key_;
};

/// What ContextVar::set returns: the way back to the value before. Good for one reset, in the context it was made in.
class COROLLA_API ContextToken {
 public:
  ContextToken(ContextToken&&) noexcept = default;
  ContextToken& operator=(ContextToken&&) noexcept = default;
  ~ContextToken() = default;

 private:
  template <class T>
  friend class ContextVar;
  ContextToken(const ContextVarBase& variable, ContextState::Value value);
  /// Undoes the set; ValueError for another variable or context, RuntimeError when used before.
  void undo(const ContextVarBase& variable);

  ContextState::Key key_;
  ContextState::Value before_;  // null: it had no value
  ContextRef context_;          // null once used
};

/// See the file's comment.
template <class T>
class ContextVar : public ContextVarBase {
  static_assert(!std::is_reference_v<T> && !std::is_const_v<T>);

 public:
  /// Without a default get() throws LookupError until it is set.
  explicit ContextVar(std::string name) : ContextVarBase(std::move(name)) {}
  ContextVar(std::string name, T default_value)
      : ContextVarBase(std::move(name)), default_(std::make_unique<const T>(std::move(default_value))) {}

  /// The value in the current context, else the default, else LookupError. Valid until the variable is set again in each
  /// context that shares the value: copy what you keep across a co_await.
  [[nodiscard]] const T& get() const {
    if (const void* value = find()) return *static_cast<const T*>(value);
    if (!default_) throw_unset();
    return *default_;
  }
  /// The value in the current context, else `fallback`.
  [[nodiscard]] T get(T fallback) const {
    const void* value = find();
    return value ? *static_cast<const T*>(value) : std::move(fallback);
  }
  /// Sets it in the current context.
  ContextToken set(T value) const { return ContextToken(*this, std::make_shared<const T>(std::move(value))); }
  /// Gives it back the value it had before the set() that returned `token`.
  void reset(ContextToken token) const { token.undo(*this); }

 private:
  std::unique_ptr<const T> default_;
};

/// A set of values of context variables. A handle: copies of it are the same context; copy() makes another one.
class COROLLA_API Context {
 public:
  /// An empty one.
  Context();
  /// For the library: wraps an existing one.
  explicit Context(ContextRef state) noexcept : state_(std::move(state)) { state_.require(); }

  [[nodiscard]] Context copy() const;
  /// The number of variables set in it.
  [[nodiscard]] std::size_t size() const noexcept { return state_.get()->size(); }
  [[nodiscard]] bool contains(const ContextVarBase& variable) const noexcept {
    return state_.get()->find(variable.key()) != nullptr;
  }
  /// A variable's value in this context; null when it was not set here.
  template <class T>
  [[nodiscard]] const T* get(const ContextVar<T>& variable) const noexcept {
    const ContextState::Value* value = state_.get()->find(variable.key());
    return value ? static_cast<const T*>(value->get()) : nullptr;
  }
  /// Calls function(args...) in this context: what it sets stays here. RuntimeError when the context is entered already.
  template <class F, class... Args>
  decltype(auto) run(F&& function, Args&&... args) {
    Entered entered(state_);
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }

  [[nodiscard]] const ContextRef& state() const noexcept { return state_; }
  friend bool operator==(const Context& a, const Context& b) noexcept { return a.state_.get() == b.state_.get(); }

 private:
  class COROLLA_API Entered {
   public:
    explicit Entered(const ContextRef& context);
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    ~Entered();

   private:
    ContextRef context_;
    ContextScope scope_;
  };
  ContextRef state_;
};

/// A copy of the current context.
[[nodiscard]] COROLLA_API Context copy_context();

}  // namespace v0
}  // namespace corolla
