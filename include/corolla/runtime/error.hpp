// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one chain of errors: std::exception <- Error <- everything corolla throws, and CancelledError beside it.
///
/// Source: asyncio's "Exceptions" and the built-in hierarchy of Python. Each class is thread safe to copy and never
/// inherits std::exception twice, so `catch (const corolla::Error&)` always means the same thing.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Base of every error corolla throws.
class COROLLA_API Error : public std::exception {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}
  ~Error() override;
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// A call that makes no sense in the present state (Python's RuntimeError).
class COROLLA_API RuntimeError : public Error {
 public:
  using Error::Error;
  ~RuntimeError() override;
};

/// An argument outside its domain (Python's ValueError).
class COROLLA_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// A look-up that found nothing (Python's LookupError).
class COROLLA_API LookupError : public Error {
 public:
  using Error::Error;
  ~LookupError() override;
};

/// A deadline passed (asyncio.TimeoutError, Python's TimeoutError).
class COROLLA_API TimeoutError : public Error {
 public:
  explicit TimeoutError(std::string message = "timed out") : Error(std::move(message)) {}
  ~TimeoutError() override;
};

/// An operation that the state of a Future or Task does not allow (asyncio.InvalidStateError).
class COROLLA_API InvalidStateError : public Error {
 public:
  explicit InvalidStateError(std::string message = "invalid state") : Error(std::move(message)) {}
  ~InvalidStateError() override;
};

/// A failed system call or name look-up (Python's OSError). `code()` compares with std::errc.
class COROLLA_API OSError : public Error {
 public:
  /// `what` names the call and its object; the code's own message is appended.
  OSError(std::error_code code, std::string_view what);
  /// `errno_value` is a POSIX errno.
  OSError(int errno_value, std::string_view what)
      : OSError(std::error_code(errno_value, std::generic_category()), what) {}
  ~OSError() override;
  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }

 private:
  std::error_code code_;
};

/// The stream ended before the bytes asked for (asyncio.IncompleteReadError, an EOFError).
class COROLLA_API IncompleteReadError : public Error {
 public:
  /// `expected` is the number of bytes asked for, or npos when a separator was looked for.
  IncompleteReadError(std::string partial, std::size_t expected);
  ~IncompleteReadError() override;
  [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
  [[nodiscard]] std::size_t expected() const noexcept { return expected_; }

 private:
  std::string partial_;
  std::size_t expected_;
};

/// A separator was not found within the limit of a buffer (asyncio.LimitOverrunError).
class COROLLA_API LimitOverrunError : public Error {
 public:
  /// `consumed` is the number of bytes still in the buffer that were searched.
  LimitOverrunError(std::string message, std::size_t consumed) : Error(std::move(message)), consumed_(consumed) {}
  ~LimitOverrunError() override;
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

/// A barrier was aborted or reset while tasks waited (asyncio.BrokenBarrierError).
class COROLLA_API BrokenBarrierError : public RuntimeError {
 public:
  explicit BrokenBarrierError(std::string message = "broken barrier") : RuntimeError(std::move(message)) {}
  ~BrokenBarrierError() override;
};

/// get_nowait on an empty queue (asyncio.QueueEmpty).
class COROLLA_API QueueEmpty : public Error {
 public:
  explicit QueueEmpty(std::string message = "queue is empty") : Error(std::move(message)) {}
  ~QueueEmpty() override;
};

/// put_nowait on a full queue (asyncio.QueueFull).
class COROLLA_API QueueFull : public Error {
 public:
  explicit QueueFull(std::string message = "queue is full") : Error(std::move(message)) {}
  ~QueueFull() override;
};

/// The queue was shut down (asyncio.QueueShutDown).
class COROLLA_API QueueShutDown : public Error {
 public:
  explicit QueueShutDown(std::string message = "queue is shut down") : Error(std::move(message)) {}
  ~QueueShutDown() override;
};

/// A task was cancelled (asyncio.CancelledError).
///
/// It does not derive from std::exception, as Python's does not derive from Exception, so that
/// `catch (const std::exception&)` never swallows a cancellation.
class COROLLA_API CancelledError final {
 public:
  CancelledError() = default;
  explicit CancelledError(std::string message) : message_(std::move(message)) {}
  ~CancelledError();
  CancelledError(const CancelledError&) = default;
  CancelledError(CancelledError&&) = default;
  CancelledError& operator=(const CancelledError&) = default;
  CancelledError& operator=(CancelledError&&) = default;
  /// What cancel(message) was given; empty when nothing was.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  std::string message_;
};

/// True for an exception of type CancelledError; does not throw it to find out.
[[nodiscard]] COROLLA_API bool is_cancelled_error(const std::exception_ptr& error) noexcept;

/// A one-line description of any exception: what() of a std::exception, "cancelled" for CancelledError, a group with
/// its members. Thread safe; never throws anything but std::bad_alloc.
[[nodiscard]] COROLLA_API std::string describe(const std::exception_ptr& error);

}  // namespace v0
}  // namespace corolla
