// SPDX-License-Identifier: Apache-2.0
#include "runtime/reports.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/task_base.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace corolla {
inline namespace v0 {

namespace {

void report(LoopCore& core, const ErrorContext& context) noexcept {
  if (EventLoop* loop = core.loop()) {
    loop->call_exception_handler(context);
    return;
  }
  try {
    std::fprintf(stderr, "corolla: %s: %s\n", context.message.c_str(), describe(context.exception).c_str());
  } catch (...) {
    std::fputs("corolla: an error could not be described\n", stderr);
  }
}

}  // namespace

void report_unretrieved(FutureBase& future, const std::exception_ptr& error) noexcept {
  try {
    const bool is_task = future.kind() == FutureBase::Kind::kTask;
    ErrorContext context(is_task ? "Task exception was never retrieved" : "Future exception was never retrieved",
                         error);
    if (is_task) {
      const auto& task = static_cast<TaskBase&>(future);
      context.task = task.name();
      context.where = task.created_at();
    }
    report(future.core(), context);
  } catch (...) {  // out of memory: say it without allocating
    std::fputs("corolla: an exception was never retrieved\n", stderr);
  }
}

void report_current_exception(LoopCore& core, const char* message) noexcept {
  try {
    report(core, ErrorContext(message, std::current_exception()));
  } catch (...) {
    std::fputs("corolla: an exception in a callback could not be reported\n", stderr);
  }
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && text ? text.get() : type.name();
}

std::string place_suffix(std::string_view prefix, const std::source_location& where) {
  if (where.line() == 0) return {};
  std::string text(prefix);
  text.append(" at ").append(where.file_name()).append(":").append(std::to_string(where.line()));
  if (*where.function_name() != '\0') text.append(" in ").append(where.function_name());
  return text;
}

}  // namespace v0
}  // namespace corolla
