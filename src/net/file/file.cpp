// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/file.hpp>

#include "backend/backend.hpp"
#include "backend/file_operation.hpp"
#include "net/socket/owned_descriptor.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/future.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

using SharedFile = std::shared_ptr<OwnedDescriptor>;
using Call = FileOperation::Call;

constexpr std::size_t kChunk = std::size_t{1} << 20;

// What one call did: how much, and the memory it was done with.
struct Done {
  Done(int r, std::string b) noexcept : result(r), bytes(std::move(b)) {}
  int result;  // or -errno
  std::string bytes;
};

// One call of io_uring's. It holds the memory and the descriptor until the kernel is done with both, whoever still waits.
class Job final : public FileOperation {
 public:
  Job(EventLoop& loop, SharedFile file, Call call, std::string bytes, std::size_t begin, std::uint64_t offset)
      : FileOperation(file->get(), call, std::move(bytes), begin, offset),
        file_(std::move(file)),
        done_(loop.create_future<Done>()) {}
  [[nodiscard]] const Future<Done>& done() const noexcept { return done_; }
  void finished(int result) noexcept override {
    if (!done_.done()) done_.set_result(Done(result, std::move(bytes_)));
  }
  void retain_owner() noexcept override { ++references_; }
  void release_owner() noexcept override {
    if (--references_ == 0) delete this;
  }

 private:
  ~Job() = default;
  SharedFile file_;
  Future<Done> done_;
  unsigned references_ = 1;
};

// The same call in a thread of the executor.
Done call_in_thread(const SharedFile& file, Call call, std::string bytes, std::size_t begin, std::uint64_t offset) {
  ssize_t result = 0;
  do {
    const auto place = static_cast<off_t>(offset);
    if (call == Call::kRead) result = ::pread(file->get(), bytes.data() + begin, bytes.size() - begin, place);
    else if (call == Call::kWrite) result = ::pwrite(file->get(), bytes.data() + begin, bytes.size() - begin, place);
    else result = ::fsync(file->get());
  } while (result < 0 && errno == EINTR);
  return Done(result < 0 ? -errno : static_cast<int>(result), std::move(bytes));
}

Future<Done> start(SharedFile file, Call call, std::string bytes, std::size_t begin, std::uint64_t offset) {
  EventLoop& loop = get_running_loop();
  // Who needs non-blocking sockets is epoll, io_uring's fallback included.
  if (loop.io().nonblocking_sockets())
    return to_thread(call_in_thread, std::move(file), call, std::move(bytes), begin, offset);
  auto* const job = new Job(loop, std::move(file), call, std::move(bytes), begin, offset);
  Future<Done> done = job->done();
  const int result = loop.io().perform(*job);
  if (result != Operation::kPending) job->finished(result);
  job->release_owner();
  return done;
}

SharedFile opened(const SharedFile& file) {
  if (!file) throw ValueError("the file is closed");
  return file;
}

void check(int result, const char* call) {
  if (result < 0) throw OSError(-result, call);
}

int flags_of(const std::string& mode) {
  const bool both = mode.size() == 2 && mode[1] == '+';
  if (mode.size() != 1 && !both) throw ValueError("invalid mode: '" + mode + "'");
  const int access = both ? O_RDWR : O_WRONLY;
  switch (mode[0]) {
    case 'r': return both ? O_RDWR : O_RDONLY;
    case 'w': return access | O_CREAT | O_TRUNC;
    case 'a': return access | O_CREAT | O_APPEND;
    case 'x': return access | O_CREAT | O_EXCL;
    default: throw ValueError("invalid mode: '" + mode + "'");
  }
}

Coro<std::string> read_at(SharedFile file, std::size_t n, std::uint64_t offset) {
  auto reading = start(std::move(file), Call::kRead, std::string(n, '\0'), 0, offset);
  Done done = co_await std::move(reading);
  check(done.result, "read of a file");
  done.bytes.resize(static_cast<std::size_t>(done.result));
  co_return std::move(done.bytes);
}

Coro<void> write_at(SharedFile file, std::string bytes, std::uint64_t offset) {
  for (std::size_t begin = 0; begin < bytes.size();) {
    auto writing = start(file, Call::kWrite, std::move(bytes), begin, offset + begin);
    Done done = co_await std::move(writing);
    check(done.result, "write to a file");
    bytes = std::move(done.bytes);
    begin += static_cast<std::size_t>(done.result);
  }
}

}  // namespace

File::File(int descriptor) : file_(std::make_shared<OwnedDescriptor>(descriptor)) {}

Coro<std::string> File::read(std::ptrdiff_t n) {
  const SharedFile file = opened(file_);
  if (n >= 0) {
    auto part = read_at(file, std::min(static_cast<std::size_t>(n), kReadAllLimit), position_);
    std::string bytes = co_await std::move(part);
    position_ += bytes.size();
    co_return bytes;
  }
  std::string all;
  for (;;) {
    auto part = read_at(file, kChunk, position_ + all.size());
    const std::string bytes = co_await std::move(part);
    if (bytes.empty()) break;
    if (all.size() + bytes.size() > kReadAllLimit)
      throw LimitOverrunError("the file is longer than " + std::to_string(kReadAllLimit) + " bytes", all.size());
    all += bytes;
  }
  position_ += all.size();
  co_return all;
}

Coro<void> File::write(std::string bytes) {
  const std::size_t size = bytes.size();
  auto writing = write_at(opened(file_), std::move(bytes), position_);
  co_await std::move(writing);
  position_ += size;
}

Coro<std::string> File::pread(std::size_t n, std::uint64_t offset) {
  auto reading = read_at(opened(file_), std::min(n, kReadAllLimit), offset);
  co_return co_await std::move(reading);
}

Coro<void> File::pwrite(std::string bytes, std::uint64_t offset) {
  auto writing = write_at(opened(file_), std::move(bytes), offset);
  co_await std::move(writing);
}

Coro<FileStatus> File::stat() {
  auto asking = to_thread(
      [](const SharedFile& file) {
        struct stat about{};
        if (::fstat(file->get(), &about) != 0) throw OSError(errno, "stat of a file");
        FileStatus status;
        status.size = static_cast<std::uint64_t>(about.st_size);
        status.mode = about.st_mode;
        status.modified =
            std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
                std::chrono::seconds(about.st_mtim.tv_sec) + std::chrono::nanoseconds(about.st_mtim.tv_nsec)));
        return status;
      },
      opened(file_));
  co_return co_await std::move(asking);
}

Coro<void> File::truncate(std::uint64_t size) {
  auto cutting = to_thread(
      [](const SharedFile& file, std::uint64_t length) {
        if (::ftruncate(file->get(), static_cast<off_t>(length)) != 0) throw OSError(errno, "truncate of a file");
      },
      opened(file_), size);
  co_await std::move(cutting);
}

Coro<void> File::fsync() {
  auto flushing = start(opened(file_), Call::kSync, std::string(), 0, 0);
  const Done done = co_await std::move(flushing);
  check(done.result, "fsync of a file");
}

Coro<void> File::close() {
  if (!file_) co_return;
  auto closing = to_thread(
      [](const SharedFile& file) {
        // Jobs that nobody waits for any more may still use it; the last one closes it then.
        if (file.use_count() == 1 && ::close(file->release()) != 0) throw OSError(errno, "close of a file");
      },
      std::exchange(file_, nullptr));
  co_await std::move(closing);
}

int File::descriptor() const noexcept { return file_ ? file_->get() : -1; }

Coro<File> open_file(std::string path, std::string mode) {
  auto opening = to_thread(
      [](const std::string& name, int flags) {
        const int descriptor = ::open(name.c_str(), flags | O_CLOEXEC, 0666);
        if (descriptor < 0) throw OSError(errno, "open of '" + name + "'");
        return OwnedDescriptor(descriptor);
      },
      path, flags_of(mode));
  OwnedDescriptor opened_one = co_await std::move(opening);
  File file(opened_one.get());
  static_cast<void>(opened_one.release());
  co_return file;
}

}  // namespace v0
}  // namespace corolla
