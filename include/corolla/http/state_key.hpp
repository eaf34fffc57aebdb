// SPDX-License-Identifier: Apache-2.0
/// \file
/// AppKey, RequestKey, ResponseKey: typed keys of what is kept with an application, a request or a response.
///
///     inline const http::AppKey<Database> kDatabase("database");      // at namespace scope; its address is its identity
///     app.set(kDatabase, Database(…));
///     Database& database = request.app().get(kDatabase);
///
/// Source: aiohttp's web.AppKey, web.RequestKey and web.ResponseKey. A value is of the key's type or is not there; two keys
/// never meet, whatever their names. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// Where the values of a key live.
enum class StateScope : unsigned char { kApplication, kRequest, kResponse };

/// See the file's comment.
template <class T, StateScope scope>
class StateKey {
 public:
  /// The name stands in messages of errors; it is not copied.
  explicit constexpr StateKey(const char* name) noexcept : name_(name) {}
  StateKey(const StateKey&) = delete;
  StateKey& operator=(const StateKey&) = delete;
  [[nodiscard]] constexpr const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};

template <class T>
using AppKey = StateKey<T, StateScope::kApplication>;
template <class T>
using RequestKey = StateKey<T, StateScope::kRequest>;
template <class T>
using ResponseKey = StateKey<T, StateScope::kResponse>;

/// Values by key. A handful of them: look-ups are linear.
class COROLLA_API KeyedState {
 public:
  /// Puts `value` in the place of an earlier one.
  template <class T, StateScope scope>
  T& set(const StateKey<T, scope>& key, T value) {
    auto owner = std::make_shared<T>(std::move(value));
    T& result = *owner;
    put(&key, std::move(owner));
    return result;
  }
  /// Null when there is none.
  template <class T, StateScope scope>
  [[nodiscard]] T* find(const StateKey<T, scope>& key) const noexcept {
    return static_cast<T*>(look_up(&key));
  }
  /// LookupError, with the key's name, when there is none.
  template <class T, StateScope scope>
  [[nodiscard]] T& get(const StateKey<T, scope>& key) const {
    T* value = find(key);
    if (value == nullptr) fail(key.name());
    return *value;
  }
  [[nodiscard]] bool contains(const void* key) const noexcept { return look_up(key) != nullptr; }
  /// Drops the values, the latest first.
  void clear() noexcept;

 private:
  struct Entry {
    const void* key;
    std::shared_ptr<void> value;
  };
  void put(const void* key, std::shared_ptr<void> value);
  [[nodiscard]] void* look_up(const void* key) const noexcept;
  [[noreturn]] static void fail(const char* name);

  std::vector<Entry> entries_;
};

}  // namespace corolla::inline v0::http
