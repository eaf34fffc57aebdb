// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/error.hpp>

#include <corolla/runtime/exception_group.hpp>

#include <typeinfo>

namespace corolla {
inline namespace v0 {

// Out of line, so that each class has one vtable and one type_info however many libraries see it.
Error::~Error() = default;
RuntimeError::~RuntimeError() = default;
ValueError::~ValueError() = default;
LookupError::~LookupError() = default;
TimeoutError::~TimeoutError() = default;
InvalidStateError::~InvalidStateError() = default;
OSError::~OSError() = default;
IncompleteReadError::~IncompleteReadError() = default;
LimitOverrunError::~LimitOverrunError() = default;
BrokenBarrierError::~BrokenBarrierError() = default;
QueueEmpty::~QueueEmpty() = default;
QueueFull::~QueueFull() = default;
QueueShutDown::~QueueShutDown() = default;
CancelledError::~CancelledError() = default;

OSError::OSError(std::error_code code, std::string_view what)
    : Error(std::string(what) + ": " + code.message()), code_(code) {}

IncompleteReadError::IncompleteReadError(std::string partial, std::size_t expected)
    : Error(std::to_string(partial.size()) + " bytes read on a total of " +
            (expected == std::string::npos ? std::string("undefined") : std::to_string(expected)) + " expected bytes"),
      partial_(std::move(partial)),
      expected_(expected) {}

bool is_cancelled_error(const std::exception_ptr& error) noexcept {
#if defined(__GLIBCXX__)
  return error && *error.__cxa_exception_type() == typeid(CancelledError);
#else
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
    return false;
  }
#endif
}

std::string describe(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const ExceptionGroup& group) {
    std::string text = group.what();
    const char* separator = ": ";
    for (const auto& member : group.exceptions()) {
      text += separator + describe(member);
      separator = "; ";
    }
    return text;
  } catch (const std::exception& e) {
    return e.what();
  } catch (const CancelledError& e) {
    return e.message().empty() ? "cancelled" : "cancelled: " + e.message();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace v0
}  // namespace corolla
