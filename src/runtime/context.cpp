// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/context.hpp>

#include <algorithm>
#include <atomic>

namespace corolla {
inline namespace v0 {

ContextRef& require_current_context() {
  if (!running_now.context) {
    // The thread's own. Once it exists it stays current outside of tasks and callbacks, until the thread ends.
    struct Root {
      ContextRef context;
      ~Root() { running_now.context = nullptr; }
    };
    thread_local Root root;
    running_now.context = &root.context;
  }
  return *running_now.context;
}

namespace {

auto position(const ContextState::Entries& entries, ContextState::Key key) noexcept {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const ContextState::Entry& entry, ContextState::Key k) { return entry.key < k; });
}

ContextState::Key next_key() noexcept {
  static std::atomic<ContextState::Key> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

const ContextState::Value* ContextState::find(Key key) const noexcept {
  if (!entries_) return nullptr;
  const auto found = position(*entries_, key);
  return found != entries_->end() && found->key == key ? &found->value : nullptr;
}

void ContextState::set(Key key, Value value) {
  auto changed = entries_ ? std::make_shared<Entries>(*entries_) : std::make_shared<Entries>();
  const auto found = changed->begin() + (position(*changed, key) - changed->cbegin());
  const bool present = found != changed->end() && found->key == key;
  if (!value) {
    if (present) changed->erase(found);
  } else if (present) {
    found->value = std::move(value);
  } else {
    changed->insert(found, Entry{key, std::move(value)});
  }
  entries_ = std::move(changed);
}

ContextVarBase::ContextVarBase(std::string name) : name_(std::move(name)), key_(next_key()) {}

const void* ContextVarBase::find() const noexcept {
  if (!running_now.context || !*running_now.context) return nullptr;
  const ContextState::Value* value = running_now.context->get()->find(key_);
  return value ? value->get() : nullptr;
}

void ContextVarBase::throw_unset() const { throw LookupError("context variable " + name_ + " has no value"); }

ContextToken::ContextToken(const ContextVarBase& variable, ContextState::Value value) : key_(variable.key()) {
  ContextRef& current = require_current_context();
  ContextState& state = current.require();
  context_ = current;
  if (const ContextState::Value* before = state.find(key_)) before_ = *before;
  state.set(key_, std::move(value));
}

void ContextToken::undo(const ContextVarBase& variable) {
  if (!context_) throw RuntimeError("the token of " + variable.name() + " was used before");
  if (variable.key() != key_) throw ValueError("the token was made by another variable than " + variable.name());
  if (!running_now.context || running_now.context->get() != context_.get())
    throw ValueError("the token of " + variable.name() + " was made in another context");
  context_.get()->set(key_, std::move(before_));
  context_ = ContextRef();
}

Context::Context() { state_.require(); }

Context Context::copy() const { return Context(state_.copy()); }

Context copy_context() { return Context(copy_current_context()); }

namespace {

// A task's context is entered while its step runs, which is when it is the current one.
const ContextRef& require_not_entered(const ContextRef& context) {
  if (context.get()->entered() || (running_now.context && running_now.context->get() == context.get()))
    throw RuntimeError("cannot enter a context that is entered already");
  return context;
}

}  // namespace

Context::Entered::Entered(const ContextRef& context) : context_(require_not_entered(context)), scope_(context_) {
  context_.get()->set_entered(true);
}

Context::Entered::~Entered() { context_.get()->set_entered(false); }

}  // namespace v0
}  // namespace corolla
