// SPDX-License-Identifier: Apache-2.0
/// \file
/// ShardGroup: the threads of one run_sharded, and how they begin and end together.
///
/// A shard's life: its thread makes the loop and waits until all threads have theirs (if one cannot, none goes on). Then
/// the loop runs a keeper, which makes the main coroutine's task and waits. What ends the keeper is the message that all
/// main coroutines have ended, which the last of them sends to every shard; so a loop answers the others' calls until
/// then. The first main coroutine to fail, or a keeper that is cancelled (Ctrl-C does that to the first one), sends every
/// shard the message to cancel its main coroutine; that happens once. Everything in Member belongs to its own thread but
/// the loop's door. The loops are destroyed by the calling thread when all others were joined.
#pragma once

#include <corolla/runtime/run.hpp>
#include <corolla/runtime/run_sharded.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <vector>

namespace corolla {
inline namespace v0 {

class ShardGroup {
 public:
  ShardGroup(std::size_t count, std::function<Coro<void>(Shard&)> main, const ShardOptions& options);
  ShardGroup(const ShardGroup&) = delete;
  ShardGroup& operator=(const ShardGroup&) = delete;

  /// Starts the other threads, is the first shard itself, joins, and throws what is to be thrown.
  void run();
  [[nodiscard]] std::size_t count() const noexcept { return members_.size(); }
  /// The way into a shard; ValueError when there is none.
  [[nodiscard]] const std::shared_ptr<ThreadDoor>& door(std::size_t id) const;

 private:
  struct Member {
    Member(ShardGroup& group, std::size_t id) noexcept : shard(group, id) {}
    Shard shard;
    std::unique_ptr<Runner> runner;
    std::shared_ptr<ThreadDoor> door;
    Task<> main;
    Future<> all_ended;  // while the keeper waits
    bool all_have_ended = false;
    std::exception_ptr error;
    bool cancelled_itself = false;
  };

  void run_shard(Member& member) noexcept;
  Coro<void> keep(Member& member);
  void main_ended(Member& member, const Future<>& task);
  /// Cancels all main coroutines, once.
  void stop() noexcept;
  template <class F>
  void send_to_all(F function) noexcept;
  void throw_errors() const;

  std::function<Coro<void>(Shard&)> main_;
  ShardOptions options_;
  std::vector<std::unique_ptr<Member>> members_;
  std::latch made_;
  std::atomic<bool> unmakeable_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> running_;
  std::exception_ptr interrupt_;  // the first shard's KeyboardInterrupt
};

}  // namespace v0
}  // namespace corolla
