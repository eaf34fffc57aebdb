// SPDX-License-Identifier: Apache-2.0
#include <corolla/testkit/memory_stream.hpp>

#include <corolla/net/stream_state.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <algorithm>
#include <cerrno>
#include <string>

namespace corolla {
inline namespace v0 {
namespace testkit {

namespace {

// One end. What the other end sent and this one did not take yet stands in `pipe_`; a delivery, an entry of the ready
// queue that holds the end meanwhile, moves a piece of it into the buffer when somebody wants bytes.
class MemoryEnd final : public StreamState {
 public:
  MemoryEnd(EventLoop& loop, const MemoryStreamOptions& options) noexcept
      : StreamState(loop.core()), options_(options) {}
  static void connect(MemoryEnd& a, MemoryEnd& b) noexcept {
    a.other_ = &b;
    b.other_ = &a;
  }

 protected:
  void want_bytes() noexcept override {
    input_.release_if_empty();
    wanted_ = true;
    deliver_soon();
  }
  void unwant_bytes() noexcept override { wanted_ = false; }
  std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept override {
    if (!other_) {
      send_failed(os_error(EPIPE, "send in memory"));
      return 0;
    }
    std::size_t passed = 0;
    try {
      for (std::size_t i = 0; i < count && other_->room() > 0; ++i) {
        const std::string_view piece = pieces[i].substr(0, other_->room());
        other_->pipe_.append(piece);
        passed += piece.size();
      }
    } catch (...) {
      send_failed(std::current_exception());
    }
    other_->deliver_soon();
    return passed;
  }
  void output_added() noexcept override {
    if (!other_) send_failed(os_error(EPIPE, "send in memory"));
  }
  void shut_down_output() noexcept override {
    if (other_) other_->end_comes();
  }
  void close_now() noexcept override { disconnect(); }

 private:
  class Delivery final : public Schedulable {
   public:
    explicit Delivery(MemoryEnd& end) noexcept : end_(end) {}
    void run() noexcept override { end_.deliver(); }
    void drop() noexcept override { end_.delivery_left(); }

   private:
    MemoryEnd& end_;
  };

  ~MemoryEnd() override { disconnect(); }
  [[nodiscard]] std::size_t room() const noexcept {
    return options_.capacity - std::min(options_.capacity, pipe_.size());
  }

  void deliver_soon() noexcept {
    if (!wanted_ || queued_ || closed() || (pipe_.empty() && !last_)) return;
    queued_ = true;
    retain();
    core().call_soon(delivery_);
  }
  void deliver() noexcept {
    const FutureRef<StreamState> keep = FutureRef<StreamState>::share(this);
    delivery_left();
    if (!wanted_ || closed()) return;
    wanted_ = false;
    if (pipe_.empty()) {
      end_arrived(true);
      return;
    }
    try {
      const std::size_t size = std::min(pipe_.size(), options_.piece);
      input_.append(std::string_view(pipe_).substr(0, size));
      pipe_.erase(0, size);
    } catch (...) {
      receive_failed(std::current_exception(), true);
      return;
    }
    if (other_) other_->push_output();
    bytes_arrived(true);
  }
  void delivery_left() noexcept {
    queued_ = false;
    release();
  }
  void push_output() noexcept {
    const std::string_view bytes = output();
    if (bytes.empty()) return;
    drop_output(pass_on(&bytes, 1));
    output_moved();
  }
  void end_comes() noexcept {
    last_ = true;
    deliver_soon();
  }
  void disconnect() noexcept {
    if (!other_) return;
    MemoryEnd& other = *std::exchange(other_, nullptr);
    other.other_ = nullptr;
    other.end_comes();
    if (other.unsent() > 0) other.send_failed(os_error(EPIPE, "send in memory"));
  }

  MemoryStreamOptions options_;
  MemoryEnd* other_ = nullptr;
  std::string pipe_;
  bool last_ = false;    // nothing comes behind the pipe
  bool wanted_ = false;  // and not delivered since
  bool queued_ = false;
  Delivery delivery_{*this};
};

}  // namespace

std::pair<ByteStream, ByteStream> memory_stream_pair(MemoryStreamOptions options) {
  EventLoop& loop = get_running_loop();
  auto* const first = new MemoryEnd(loop, options);
  ByteStream one(FutureRef<StreamState>::adopt(first));
  auto* const second = new MemoryEnd(loop, options);
  ByteStream two(FutureRef<StreamState>::adopt(second));
  MemoryEnd::connect(*first, *second);
  return {std::move(one), std::move(two)};
}

}  // namespace testkit
}  // namespace v0
}  // namespace corolla
