// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/errors.hpp"

#include "tests/conformance/value.hpp"

#include <corolla/runtime/exception_group.hpp>

namespace conformance {

namespace {

bool cancel_messages_shown = false;

}  // namespace

void show_cancel_messages(bool show) noexcept { cancel_messages_shown = show; }

std::string error_text(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const TaggedError& tagged) {
    return "Error(" + std::string(tagged.what()) + ")";
  } catch (const corolla::CancelledError& cancelled) {
    if (cancel_messages_shown && !cancelled.message().empty()) return "Cancelled(" + cancelled.message() + ")";
    return "Cancelled";
  } catch (const corolla::ExceptionGroup& group) {
    std::string text = "Group[";
    for (const std::exception_ptr& member : group.exceptions()) {
      if (text.back() != '[') text += ",";
      text += error_text(member);
    }
    return text + "]";
  } catch (const corolla::IncompleteReadError& incomplete) {
    return "IncompleteRead(" + quoted(incomplete.partial()) + ")";
  } catch (const corolla::LimitOverrunError& overrun) {
    return "LimitOverrun(" + std::to_string(overrun.consumed()) + ")";
  } catch (const corolla::TimeoutError&) {
    return "Timeout";
  } catch (const corolla::InvalidStateError&) {
    return "InvalidState";
  } catch (const corolla::QueueEmpty&) {
    return "QueueEmpty";
  } catch (const corolla::QueueFull&) {
    return "QueueFull";
  } catch (const corolla::QueueShutDown&) {
    return "QueueShutDown";
  } catch (const corolla::BrokenBarrierError&) {
    return "BrokenBarrier";
  } catch (const corolla::RuntimeError&) {
    return "RuntimeError";
  } catch (const corolla::ValueError&) {
    return "ValueError";
  } catch (const TraceClosed&) {
    return "the trace is closed";  // never printed
  } catch (const std::exception& unknown) {
    return "an exception without a name in traces: " + std::string(unknown.what());
  }
}

bool clause_takes(const std::string& clause, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const TraceClosed&) {
    return false;
  } catch (const corolla::CancelledError&) {
    return clause == "cancelled" || clause == "any";
  } catch (const TaggedError&) {
    return clause == "error" || clause == "exception" || clause == "any";
  } catch (const corolla::TimeoutError&) {
    return clause == "timeout" || clause == "exception" || clause == "any";
  } catch (const corolla::ExceptionGroup&) {
    return clause == "group" || clause == "exception" || clause == "any";
  } catch (const std::exception&) {
    return clause == "exception" || clause == "any";
  }
}

}  // namespace conformance
