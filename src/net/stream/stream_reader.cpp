// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/stream_reader.hpp>

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <limits>

namespace corolla {
inline namespace v0 {

// The stream of a reader that is fed by hand. As in asyncio, a wait ends with what ended it: bytes fed behind an exception
// do not save the read that the exception woke, and an exception set behind bytes or the end does not reach the read that
// those woke, but the next one.
class FedStream final : public StreamState {
 public:
  explicit FedStream(LoopCore& core) noexcept : StreamState(core) {}

  void feed_data(std::string_view data) {
    if (input_ended()) throw RuntimeError("feed_data after feed_eof");
    if (data.empty()) return;
    input_.append(data);
    if (receive_error()) static_cast<void>(input_.take_fresh());
    bytes_arrived(false);
  }
  void feed_eof() noexcept { end_arrived(false); }
  void fail(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    if (receiver_waits()) receive_failed(error_, false);
  }
  // What every read that begins fails with.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

 protected:
  void want_bytes() noexcept override {}
  std::size_t pass_on(const std::string_view*, std::size_t) noexcept override { return 0; }
  void output_added() noexcept override {}
  void shut_down_output() noexcept override {}
  void close_now() noexcept override {}

 private:
  std::exception_ptr error_;
};

namespace {

// Where a separator stands.
struct Match {
  std::size_t begin = std::string_view::npos;
  std::size_t end = std::string_view::npos;
  [[nodiscard]] bool found() const noexcept { return end != std::string_view::npos; }
};

class LineFeed {
 public:
  static void check() noexcept {}
  [[nodiscard]] static std::size_t shortest() noexcept { return 1; }
  [[nodiscard]] static std::size_t longest() noexcept { return 1; }
  [[nodiscard]] static Match find(std::string_view bytes, std::size_t from) noexcept {
    Match match;
    match.begin = bytes.find('\n', from);
    if (match.begin != std::string_view::npos) match.end = match.begin + 1;
    return match;
  }
};

class OneSeparator {
 public:
  explicit OneSeparator(std::string separator) noexcept : separator_(std::move(separator)) {}
  void check() const {
    if (separator_.empty()) throw ValueError("Separator should be at least one-byte string");
  }
  [[nodiscard]] std::size_t shortest() const noexcept { return separator_.size(); }
  [[nodiscard]] std::size_t longest() const noexcept { return separator_.size(); }
  [[nodiscard]] Match find(std::string_view bytes, std::size_t from) const noexcept {
    Match match;
    match.begin = bytes.find(separator_, from);
    if (match.begin != std::string_view::npos) match.end = match.begin + separator_.size();
    return match;
  }

 private:
  std::string separator_;
};

// The match that ends first counts, and of several that end there the shortest.
class AnySeparator {
 public:
  explicit AnySeparator(std::vector<std::string> separators) : separators_(std::move(separators)) {
    std::sort(separators_.begin(), separators_.end(),
              [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  }
  void check() const {
    if (separators_.empty()) throw ValueError("Separator should contain at least one element");
    if (separators_.front().empty()) throw ValueError("Separator should be at least one-byte string");
  }
  [[nodiscard]] std::size_t shortest() const noexcept { return separators_.front().size(); }
  [[nodiscard]] std::size_t longest() const noexcept { return separators_.back().size(); }
  [[nodiscard]] Match find(std::string_view bytes, std::size_t from) const noexcept {
    Match first;
    for (const std::string& separator : separators_) {
      const std::size_t begin = bytes.find(separator, from);
      if (begin == std::string_view::npos || begin + separator.size() >= first.end) continue;
      first.begin = begin;
      first.end = begin + separator.size();
      bytes = bytes.substr(0, first.end);  // nothing behind it can end before it
    }
    return first;
  }

 private:
  std::vector<std::string> separators_;
};

// Looks for the end of a record in what is buffered, and again when more came.
template <class Separators>
class RecordSearch {
 public:
  RecordSearch(Separators separators, std::size_t limit) : separators_(std::move(separators)), limit_(limit) {
    separators_.check();
  }
  /// There is nothing more to wait for: the record's end is there, or it is too long. Bytes at the end that may be the
  /// beginning of the longest separator are looked at again.
  [[nodiscard]] bool decided(std::string_view bytes) noexcept {
    if (bytes.size() - searched_ < separators_.shortest()) return false;
    match_ = separators_.find(bytes, searched_);
    if (match_.found()) return true;
    const std::size_t kept = separators_.longest() - 1;
    searched_ = bytes.size() > kept ? bytes.size() - kept : 0;
    return searched_ > limit_;
  }
  [[nodiscard]] bool too_long() const noexcept { return !match_.found() || match_.begin > limit_; }
  [[nodiscard]] const char* what_is_too_long() const noexcept {
    return match_.found() ? "Separator is found, but chunk is longer than limit"
                          : "Separator is not found, and chunk exceed the limit";
  }
  /// Of a record that is too long: before its separator, as far as that is known.
  [[nodiscard]] std::size_t consumed() const noexcept { return match_.found() ? match_.begin : searched_; }
  /// With its separator.
  [[nodiscard]] std::size_t size() const noexcept { return match_.end; }

 private:
  Separators separators_;
  std::size_t limit_;
  std::size_t searched_ = 0;
  Match match_;
};

}  // namespace

// While it lives no other read may begin.
class StreamReader::Claim {
 public:
  explicit Claim(StreamReader& reader) : state_(reader.state_) {
    if (reader.exception()) std::rethrow_exception(reader.exception());
    if (!state_->claim_reading())
      throw RuntimeError("read called while another coroutine is already waiting for incoming data");
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() { state_->unclaim_reading(); }
  /// `co_await claim` waits for more bytes. An operator, since g++ keeps both what stands behind co_await and its awaiter.
  [[nodiscard]] StreamReceive operator co_await() const noexcept { return StreamReceive(state_); }

 private:
  FutureRef<StreamState> state_;
};

StreamReader::StreamReader(std::size_t limit) : StreamReader(get_running_loop(), limit) {}

StreamReader::StreamReader(EventLoop& loop, std::size_t limit)
    : StreamReader(FutureRef<StreamState>::adopt(new FedStream(loop.core())), limit) {
  fed_ = static_cast<FedStream*>(state_.get());
}

// Each kind of read knows best how much it may have to buffer.
StreamReader::StreamReader(FutureRef<StreamState> stream, std::size_t limit)
    : state_(std::move(stream)), limit_(limit) {
  if (limit == 0) throw ValueError("Limit cannot be <= 0");
  state_->set_receive_limit(std::numeric_limits<std::size_t>::max());
}

std::string StreamReader::take(std::size_t count) {
  std::string taken(buffered().substr(0, count));
  state_->input().consume(taken.size());
  static_cast<void>(state_->input().take_fresh());  // all that is buffered is known
  return taken;
}

Coro<std::string> StreamReader::read(std::ptrdiff_t n) {
  return n < 0 ? read_all() : read_some(static_cast<std::size_t>(n));
}

Coro<std::string> StreamReader::read_some(std::size_t n) {
  const Claim claim(*this);
  if (n > 0 && buffered().empty() && !state_->input_ended()) static_cast<void>(co_await claim);
  co_return take(n);
}

Coro<std::string> StreamReader::read_all() {
  const Claim claim(*this);
  std::string all;
  for (;;) {
    if (exception()) std::rethrow_exception(exception());
    if (buffered().empty() && !state_->input_ended()) static_cast<void>(co_await claim);
    if (buffered().empty()) co_return all;
    const std::size_t size = std::min(limit_, buffered().size());
    if (all.size() + size > kReadAllLimit)
      throw LimitOverrunError("the stream is longer than " + std::to_string(kReadAllLimit) + " bytes", all.size());
    all += buffered().substr(0, size);
    static_cast<void>(take(size));
  }
}

Coro<std::string> StreamReader::readexactly(std::size_t n) {
  const Claim claim(*this);
  while (buffered().size() < n) {
    if (state_->input_ended()) throw IncompleteReadError(take(buffered().size()), n);
    static_cast<void>(state_->input().take_fresh());
    static_cast<void>(co_await claim);
  }
  co_return take(n);
}

template <class Separators>
Coro<std::string> StreamReader::read_through(Separators separators) {
  RecordSearch<Separators> record(std::move(separators), limit_);
  const Claim claim(*this);
  while (!record.decided(buffered())) {
    if (state_->input_ended()) throw IncompleteReadError(take(buffered().size()), std::string::npos);
    static_cast<void>(state_->input().take_fresh());
    static_cast<void>(co_await claim);
  }
  if (record.too_long()) throw LimitOverrunError(record.what_is_too_long(), record.consumed());
  co_return take(record.size());
}

Coro<std::string> StreamReader::readuntil(std::string separator) {
  return read_through(OneSeparator(std::move(separator)));
}

Coro<std::string> StreamReader::readuntil(std::vector<std::string> separators) {
  return read_through(AnySeparator(std::move(separators)));
}

// A coroutine of its own: most connections wait in it, and a frame around readuntil's would be as large again.
Coro<std::string> StreamReader::readline() {
  RecordSearch<LineFeed> line(LineFeed(), limit_);
  const Claim claim(*this);
  while (!line.decided(buffered())) {
    if (state_->input_ended()) co_return take(buffered().size());
    static_cast<void>(state_->input().take_fresh());
    static_cast<void>(co_await claim);
  }
  if (line.too_long()) {
    const bool ends_there = line.size() <= buffered().size();
    static_cast<void>(take(ends_there ? line.size() : buffered().size()));
    throw ValueError(line.what_is_too_long());
  }
  co_return take(line.size());
}

const std::exception_ptr& StreamReader::exception() const noexcept {
  return fed_ ? fed_->error() : state_->receive_error();
}

FedStream& StreamReader::fed() const {
  if (!fed_) throw RuntimeError("this reader is fed by its connection");
  return *fed_;
}

void StreamReader::feed_data(std::string_view data) { fed().feed_data(data); }
void StreamReader::feed_eof() { fed().feed_eof(); }
void StreamReader::set_exception(std::exception_ptr error) { fed().fail(std::move(error)); }

}  // namespace v0
}  // namespace corolla
