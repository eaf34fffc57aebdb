// SPDX-License-Identifier: Apache-2.0
/// \file
/// The process-wide half of signal handling: from the kernel's handler into pipes, one for each loop that asks.
///
/// The handler may interrupt any thread at any point, so it takes no lock: it walks a fixed array of places, and writes the
/// signal's number into the pipe of each place that wants it. A place belongs to one loop. Taking and giving back places
/// and changing the kernel's actions is done under a mutex, outside of the handler. A pipe is closed only when no handler
/// can still write to it: the place is emptied first, then the handlers that are running, in other threads, are waited
/// for; one that starts later finds the place empty. A pipe that is full, which takes 65,536 unhandled signals, keeps the
/// signal in a set of numbers, where it loses its count and its turn but not itself.
#pragma once

#include <corolla/runtime/api.hpp>

#include <atomic>
#include <cstdint>

namespace corolla {
inline namespace v0 {

/// One loop's place among those that the handler serves.
class SignalPlace {
 public:
  /// Loops that may ask for signals at the same time.
  static constexpr std::size_t kMostLoops = 256;

  /// OSError when there are no descriptors; RuntimeError when all places are taken.
  SignalPlace();
  SignalPlace(const SignalPlace&) = delete;
  SignalPlace& operator=(const SignalPlace&) = delete;
  /// Nothing may be wanted any more.
  ~SignalPlace();

  /// From now on the pipe gets the signal. ValueError, RuntimeError: see add_signal_handler.
  void want(int signal);
  /// Puts the former action back when no other place wants it.
  void unwant(int signal) noexcept;
  /// The next signal that came; 0: none is left.
  [[nodiscard]] int take() noexcept;
  /// Readable when there is something to take.
  [[nodiscard]] int descriptor() const noexcept { return reading_; }

 private:
  std::size_t index_ = 0;
  int reading_ = -1;
};

/// ValueError when `signal` is no number of a signal.
void require_signal(int signal);

}  // namespace v0
}  // namespace corolla
