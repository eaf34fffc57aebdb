// SPDX-License-Identifier: Apache-2.0
#include "net/file/read_file_part.hpp"
#include "net/stream/socket_state.hpp"

#include <corolla/runtime/event_loop.hpp>
#include <corolla/runtime/executor.hpp>

#include <algorithm>
#include <cerrno>
#include <string>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint64_t kChunk = 256 * 1024;

}  // namespace

// Nothing else is sent meanwhile, and who ends or closes the stream waits for the whole file.
class StreamState::SendingFile {
 public:
  explicit SendingFile(StreamState& stream) noexcept : stream_(stream) { stream.sending_file_ = true; }
  SendingFile(const SendingFile&) = delete;
  SendingFile& operator=(const SendingFile&) = delete;
  ~SendingFile() {
    stream_.sending_file_ = false;
    if (!stream_.closed()) stream_.output_moved();
  }

 private:
  StreamState& stream_;
};

Coro<std::uint64_t> StreamState::sendfile(int file, std::uint64_t offset, std::uint64_t count) {
  const auto self = FutureRef<StreamState>::share(this);
  if (sending_file_) throw RuntimeError("a file is being sent already");
  co_await StreamDrain(self, Level::kEmpty);
  if (closing()) throw RuntimeError("cannot send: the stream is closed");
  if (eof_wanted_) throw RuntimeError("cannot send: send_eof() was called");
  if (sending_file_) throw RuntimeError("a file is being sent already");
  const SendingFile sending(*this);
  auto parts = send_file_parts(file, offset, count);
  co_return co_await std::move(parts);
}

Coro<std::uint64_t> StreamState::send_file_parts(int file, std::uint64_t offset, std::uint64_t count) {
  const auto self = FutureRef<StreamState>::share(this);
  std::uint64_t sent = 0;
  while (sent < count) {
    auto reading = to_thread(read_file_part, file, offset + sent, std::min(kChunk, count - sent));
    const std::string bytes = co_await std::move(reading);
    if (bytes.empty()) break;
    const std::string_view piece = bytes;
    put(&piece, 1);
    co_await StreamDrain(self, Level::kEmpty);
    sent += bytes.size();
  }
  co_return sent;
}

// The part in flight counts as one unsent byte, so that the sending task waits for an empty output, and whoever closes
// the stream does, too.
class SocketState::SendFile final : public SendfileOperation, public FromBlockCache {
 public:
  SendFile(SocketState& owner, int file) noexcept : SendfileOperation(owner.descriptor_, file), owner_(&owner) {
    owner.retain();
  }
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  [[nodiscard]] int result() const noexcept { return result_; }
  void start(std::uint64_t offset, std::uint64_t count) noexcept {
    set_range(offset, count);
    result_ = owner_->core().loop() ? owner_->backend().perform(*this) : -ECANCELED;
    owner_->file_part_in_flight_ = result_ == kPending;
  }
  void stop() noexcept {
    abandoned_ = true;
    owner_->file_part_in_flight_ = false;
    if (!idle() && owner_->core().loop()) owner_->backend().cancel(*this);
  }

  void finished(int result) noexcept override {
    result_ = result;
    if (abandoned_) return;
    owner_->file_part_in_flight_ = false;
    owner_->output_moved();
  }
  void retain_owner() noexcept override { retain(); }
  void release_owner() noexcept override { release(); }

 private:
  ~SendFile() { owner_->operation_left(); }
  SocketState* owner_;
  int result_ = 0;
  bool abandoned_ = false;
  unsigned references_ = 1;
};

void SocketState::stop_file_part() noexcept {
  if (file_part_) file_part_->stop();
}

bool SocketState::file_part_idle() const noexcept { return !file_part_ || file_part_->idle(); }

// Ends the operation with the coroutine that started it.
class SocketState::SendFileScope {
 public:
  SendFileScope(SocketState& owner, int file)
      : owner_(owner), operation_(FutureRef<SendFile>::adopt(new SendFile(owner, file))) {
    owner.file_part_ = operation_.get();
  }
  SendFileScope(const SendFileScope&) = delete;
  SendFileScope& operator=(const SendFileScope&) = delete;
  ~SendFileScope() {
    operation_->stop();
    owner_.file_part_ = nullptr;
  }
  SendFile* operator->() const noexcept { return operation_.get(); }

 private:
  SocketState& owner_;
  FutureRef<SendFile> operation_;
};

Coro<std::optional<std::uint64_t>> SocketState::copy_file(FutureRef<StreamState> sender, int file, std::uint64_t offset,
                                                          std::uint64_t count) {
  const auto self = FutureRef<StreamState>::share(this);
  std::uint64_t sent = 0;
  const SendFileScope part(*this, file);
  while (sent < count) {
    part->start(offset + sent, count - sent);
    co_await StreamDrain(sender, Level::kEmpty);
    const int result = part->result();
    if (result == 0) break;
    if (result < 0) {
      // Not every file can be copied inside the kernel.
      if (sent == 0 && (result == -EINVAL || result == -ENOSYS || result == -EOPNOTSUPP)) co_return std::nullopt;
      send_failed(failure(result, "sendfile to"));
      check_sent(Level::kEmpty);
    }
    sent += static_cast<std::uint64_t>(result);
  }
  co_return sent;
}

Coro<std::uint64_t> SocketState::send_file_parts(int file, std::uint64_t offset, std::uint64_t count) {
  auto copying = copy_file(FutureRef<StreamState>::share(this), file, offset, count);
  const std::optional<std::uint64_t> sent = co_await std::move(copying);
  if (sent) co_return *sent;
  auto reading = StreamState::send_file_parts(file, offset, count);
  co_return co_await std::move(reading);
}

}  // namespace v0
}  // namespace corolla
