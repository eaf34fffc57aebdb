// SPDX-License-Identifier: Apache-2.0
/// \file
/// The thread that writes a crawl's pages into its store, many in one transaction.
#pragma once

#include <corolla/crawl/jsonl.hpp>
#include <corolla/crawl/store.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

namespace corolla::inline v0::crawl {

struct StoreWriterOptions {
  /// A transaction begins when this many pages wait,
  std::size_t batch_pages = 256;
  /// or this many bytes,
  std::size_t batch_bytes = std::size_t{8} << 20;
  /// or the first of them has waited this long.
  std::chrono::milliseconds interval{100};
  /// is_congested() is true while more than this waits: the crawl should fetch no more until a commit.
  std::size_t queue_bytes = std::size_t{64} << 20;
};

/// Owns the Store and a thread. submit, submit_seeds, call and the questions may come from any thread; what one thread
/// submits is written in its order, and a page is never split over two transactions.
///
/// After a failure (the disk is full, say) nothing more is written: the store stays as the last commit left it, the
/// failure callback is called once, and submit, call and flush throw the error again.
class COROLLA_API StoreWriter {
 public:
  struct Commit {
    std::size_t pages = 0;  ///< acknowledged by this transaction
    std::size_t items = 0;
    std::chrono::nanoseconds elapsed{0};
  };
  /// Both are called on the writer's thread and must neither block nor throw: hand over with call_soon_threadsafe.
  using CommitCallback = std::function<void(const Commit&)>;
  using FailureCallback = std::function<void(std::exception_ptr)>;

  explicit StoreWriter(Store store, std::optional<JsonlFile> lines = std::nullopt, StoreWriterOptions options = {},
                       CommitCallback on_commit = {}, FailureCallback on_failure = {});
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;
  /// As close(), but errors stay unsaid.
  ~StoreWriter();

  /// Queues a page; returns at once.
  void submit(FinishedPage page);
  /// Queues pages that were not found on another one.
  void submit_seeds(std::vector<NewPage> pages);
  /// Runs `function` on the writer's thread when everything submitted before is committed; does not wait for it. What
  /// it throws counts as a failure of the writer.
  void call(std::function<void(Store&)> function);
  /// Waits until everything submitted before is committed. Blocks the calling thread.
  void flush();
  /// Commits what waits, ends the thread and closes the store. Throws what flush would. Further calls do nothing.
  void close();

  [[nodiscard]] std::size_t queued_bytes() const;
  [[nodiscard]] bool is_congested() const { return queued_bytes() > options_.queue_bytes; }

 private:
  using Seeds = std::vector<NewPage>;
  using Call = std::function<void(Store&)>;
  using Job = std::variant<FinishedPage, Seeds, Call>;

  void push(Job job, std::size_t bytes, bool urgent);
  void run() noexcept;
  void work(std::vector<Job>& jobs);
  void commit(Batch& batch);
  void throw_if_failed() const;

  StoreWriterOptions options_;
  std::optional<Store> store_;
  std::optional<JsonlFile> lines_;
  CommitCallback on_commit_;
  FailureCallback on_failure_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> jobs_;
  std::size_t waiting_pages_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t writing_bytes_ = 0;
  bool urgent_ = false;
  bool closing_ = false;
  std::exception_ptr failure_;

  std::thread thread_;
};

}  // namespace corolla::inline v0::crawl
