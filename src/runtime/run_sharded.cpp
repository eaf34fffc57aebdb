// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/run_sharded.hpp>

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/exception_group.hpp>
#include <corolla/runtime/log.hpp>

#include "runtime/affinity.hpp"
#include "runtime/shard_group.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

namespace corolla {
inline namespace v0 {

namespace {

thread_local Shard* current_shard = nullptr;

}  // namespace

Shard& this_shard() {
  if (!current_shard) throw RuntimeError("this thread is no shard of run_sharded");
  return *current_shard;
}

std::size_t Shard::count() const noexcept { return group_.count(); }

std::shared_ptr<ThreadDoor> Shard::door_to(std::size_t id) const {
  const auto& door = group_.door(id);
  return id == id_ ? nullptr : door;
}

ShardGroup::ShardGroup(std::size_t count, std::function<Coro<void>(Shard&)> main, const ShardOptions& options)
    : main_(std::move(main)), options_(options), made_(static_cast<std::ptrdiff_t>(count)), running_(count) {
  for (std::size_t id = 0; id < count; ++id) members_.push_back(std::make_unique<Member>(*this, id));
}

const std::shared_ptr<ThreadDoor>& ShardGroup::door(std::size_t id) const {
  if (id >= members_.size())
    throw ValueError("there is no shard " + std::to_string(id) + " of " + std::to_string(members_.size()));
  return members_[id]->door;
}

void ShardGroup::run() {
  std::vector<std::thread> threads;
  std::exception_ptr no_thread;
  try {
    threads.reserve(members_.size());
    for (std::size_t id = 1; id < members_.size(); ++id) threads.emplace_back([this, id] { run_shard(*members_[id]); });
  } catch (...) {
    no_thread = std::current_exception();
    unmakeable_ = true;
    made_.count_down(static_cast<std::ptrdiff_t>(members_.size() - 1 - threads.size()));
  }
  run_shard(*members_[0]);
  for (std::thread& thread : threads) thread.join();
  if (no_thread) std::rethrow_exception(no_thread);
  throw_errors();
}

void ShardGroup::run_shard(Member& member) noexcept {
  std::optional<PinnedThread> pinned;
  if (options_.pin_threads) pinned.emplace(member.shard.id());
  try {
    member.runner = std::make_unique<Runner>(options_.loop);
    member.door = member.runner->loop().door();
  } catch (...) {
    member.error = std::current_exception();
    unmakeable_ = true;
  }
  made_.arrive_and_wait();
  if (unmakeable_) return;
  current_shard = &member.shard;
  try {
    member.runner->run(keep(member));
  } catch (const KeyboardInterrupt&) {
    interrupt_ = std::current_exception();
  } catch (const CancelledError&) {
    member.cancelled_itself = true;
  } catch (...) {
    member.error = std::current_exception();
  }
  // Where somebody stopped the loop, this cancels the keeper and with it all shards, and waits for their ends.
  try {
    member.runner->close();
  } catch (...) {
    if (!member.error) member.error = std::current_exception();
  }
  member.main = {};  // handles go in the thread of their loop
  member.all_ended = {};
  current_shard = nullptr;
}

Coro<void> ShardGroup::keep(Member& member) {
  EventLoop& loop = get_running_loop();
  try {
    auto coro = main_(member.shard);
    member.main = loop.create_task(std::move(coro));
  } catch (...) {
    const Future<> failed = loop.create_future<>();
    failed.set_exception(std::current_exception());
    main_ended(member, failed);
  }
  if (member.main.valid()) {
    member.main.add_done_callback([this, &member](const Future<>& task) { main_ended(member, task); });
    if (stopping_) member.main.cancel();
  }
  std::exception_ptr cancelled;
  while (!member.all_have_ended) {
    member.all_ended = loop.create_future<>();
    try {
      const Future<> all = member.all_ended;
      co_await all;
    } catch (const CancelledError&) {
      cancelled = std::current_exception();
    }
    if (cancelled) stop();
  }
  if (cancelled) std::rethrow_exception(cancelled);
}

void ShardGroup::main_ended(Member& member, const Future<>& task) {
  if (!task.cancelled()) {
    if (std::exception_ptr error = task.exception()) member.error = std::move(error);
  } else if (!stopping_) {
    member.cancelled_itself = true;
  }
  if (member.error || member.cancelled_itself) stop();
  if (running_.fetch_sub(1) != 1) return;
  send_to_all([](Member& each) {
    each.all_have_ended = true;
    if (each.all_ended.valid() && !each.all_ended.done()) each.all_ended.set_result();
  });
}

void ShardGroup::stop() noexcept {
  if (stopping_.exchange(true)) return;
  send_to_all([](Member& each) {
    if (each.main.valid()) each.main.cancel();
  });
}

template <class F>
void ShardGroup::send_to_all(F function) noexcept {
  for (const auto& member : members_) {
    Member* const each = member.get();
    try {
      each->door->call([each, function] { function(*each); });
    } catch (const RuntimeError&) {  // that shard has ended
    }
  }
}

void ShardGroup::throw_errors() const {
  std::vector<std::exception_ptr> errors;
  bool cancelled = false;
  for (const auto& member : members_) {
    if (member->error) errors.push_back(member->error);
    cancelled = cancelled || member->cancelled_itself;
  }
  if (interrupt_) {
    for (const std::exception_ptr& error : errors) log(LogLevel::kError, "after Ctrl-C: " + describe(error));
    std::rethrow_exception(interrupt_);
  }
  if (errors.size() == 1) std::rethrow_exception(errors.front());
  if (!errors.empty()) throw ExceptionGroup("unhandled errors in run_sharded", std::move(errors));
  if (cancelled) throw CancelledError();
}

void run_shards(std::size_t count, std::function<Coro<void>(Shard&)> main, const ShardOptions& options) {
  if (running_loop_or_null()) throw RuntimeError("run_sharded() cannot be called from a running event loop");
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  ShardGroup group(count, std::move(main), options);
  group.run();
}

}  // namespace v0
}  // namespace corolla
