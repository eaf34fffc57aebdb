// SPDX-License-Identifier: Apache-2.0
// What `throw CancelledError(...)` does, with __cxa_throw's own frame left out: that counts the exception as uncaught and
// calls _Unwind_RaiseException. Here the call is the last thing a function does, so that the optimiser makes a jump of it.
// Should it stay a call, all of it is still right, and only slower.
//
// Relied on, beside the declarations of <cxxabi.h> and <unwind.h>: the C++ ABI for Itanium places the unwinder's header
// just before the exception object, and the count of uncaught exceptions behind one pointer in __cxa_eh_globals;
// libstdc++'s exception_ptr is a pointer to the object and owns one reference. An exception in flight owns one as well,
// hence it takes over an exception_ptr's. It must be a new object: when a handler has ended, libstdc++ leaves in the header
// what makes that object unfit to be raised a second time. With another library the standard way is used.
#include "runtime/raise.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#include <unwind.h>
#include <cstring>
#endif

namespace corolla {
inline namespace v0 {

#if defined(__GLIBCXX__)

namespace {

struct ExceptionGlobals {
  void* caught;
  unsigned uncaught;
};

void* object_of(const std::exception_ptr& error) noexcept {
  static_assert(sizeof error == sizeof(void*));
  void* object;
  std::memcpy(&object, std::addressof(error), sizeof object);
  return object;
}

// A program with a static libgcc and a shared libstdc++ has two unwinders, and libstdc++'s must have thrown before what
// it asks of its own works.
void wake_unwinder() {
  try {
    throw CancelledError();
  } catch (const CancelledError&) {  // as it should be
  }
}

}  // namespace

PreparedCancellation prepare_cancellation(CancelledError error) noexcept {
  [[maybe_unused]] static const bool awake = (wake_unwinder(), true);
  std::exception_ptr prepared = std::make_exception_ptr(std::move(error));
  if (!is_cancelled_error(prepared)) return {nullptr};
  reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals())->uncaught++;
  auto* const header = static_cast<_Unwind_Exception*>(object_of(prepared)) - 1;
  alignas(std::exception_ptr) std::byte never_destroyed[sizeof prepared];
  ::new (never_destroyed) std::exception_ptr(std::move(prepared));  // the exception in flight owns the reference now
  return {header};
}

PreparedCancellation prepare_cancellation_like(const std::exception_ptr& error) noexcept {
  try {
    return prepare_cancellation(*static_cast<const CancelledError*>(object_of(error)));
  } catch (...) {  // out of memory
    return {nullptr};
  }
}

void throw_prepared(PreparedCancellation prepared) {
  if (!prepared.header) throw std::bad_alloc();
  _Unwind_RaiseException(static_cast<_Unwind_Exception*>(prepared.header));
}

#else

PreparedCancellation prepare_cancellation(CancelledError error) noexcept {
  return {new (std::nothrow) CancelledError(std::move(error))};
}

PreparedCancellation prepare_cancellation_like(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError& cancelled) {
    return prepare_cancellation(cancelled);
  }
}

void throw_prepared(PreparedCancellation prepared) {
  const std::unique_ptr<CancelledError> error(static_cast<CancelledError*>(prepared.header));
  if (!error) throw std::bad_alloc();
  throw CancelledError(std::move(*error));
}

#endif

}  // namespace v0
}  // namespace corolla
