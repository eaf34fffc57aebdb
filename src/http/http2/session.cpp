// SPDX-License-Identifier: Apache-2.0
#include "http/http2/session.hpp"

#include <corolla/http/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include "http/http2/fields.hpp"

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

namespace {

// One system call's worth: four records of TLS.
constexpr std::size_t kBatch = std::size_t{64} * 1024;
// Frames that wait for a peer who does not read: what it provokes beyond that is an attack.
constexpr std::size_t kMostQueued = 10'000;

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const noexcept { nghttp2_session_callbacks_del(callbacks); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Where frames are collected, for all sessions of a thread.
std::string& batch_of_this_thread() {
  thread_local std::string batch;
  return batch;
}

}  // namespace

/// The C side. Exceptions must not cross nghttp2's frames: they are kept and thrown after it has returned.
struct Http2Callbacks {
  static Http2Session& self(void* user_data) noexcept { return *static_cast<Http2Session*>(user_data); }
  static Http2Stream* stream_of(nghttp2_session* session, std::int32_t id) noexcept {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  template <class Function>
  static int guarded(void* user_data, Function function) noexcept {
    try {
      return function(self(user_data));
    } catch (...) {
      self(user_data).callback_error_ = std::current_exception();
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    return guarded(user_data, [&](Http2Session& it) {
      it.head_begins(frame->hd.stream_id, stream_of(session, frame->hd.stream_id));
      return 0;
    });
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t /*flags*/,
                    void* user_data) {
    return guarded(user_data, [&](Http2Session& it) {
      Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
      if (!stream) return 0;
      if (it.field_arrived(*stream, text_of(name, name_size), text_of(value, value_size))) return 0;
      throw HttpProtocolError("far more header fields than are accepted", 431);
    });
  }

  // nghttp2 would leave such a field out; RFC 9113, section 8.1.1, calls the whole message malformed.
  static int invalid_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/, const std::uint8_t* /*name*/,
                            std::size_t /*name_size*/, const std::uint8_t* /*value*/, std::size_t /*value_size*/,
                            std::uint8_t /*flags*/, void* /*user_data*/) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    return guarded(user_data, [&](Http2Session& it) {
      if (frame->hd.type == NGHTTP2_GOAWAY) {
        it.goaway_arrived(frame->goaway.last_stream_id);
        return 0;
      }
      if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
      Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
      if (!stream) return 0;
      const bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      if (frame->hd.type == NGHTTP2_HEADERS && !it.head_complete(*stream, last)) return 0;
      if (last) stream->end_of_input();
      return 0;
    });
  }

  static int data_chunk(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* bytes,
                        std::size_t size, void* user_data) {
    return guarded(user_data, [&](Http2Session& it) {
      if (Http2Stream* const stream = stream_of(session, id)) stream->data_arrived(text_of(bytes, size));
      else nghttp2_session_consume_connection(it.native(), size);
      return 0;
    });
  }

  static int stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user_data) {
    if (Http2Stream* const stream = stream_of(session, id)) self(user_data).close_stream(*stream, code);
    return 0;
  }

  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return 0;
    return guarded(user_data, [&](Http2Session& it) {
      if (Http2Stream* const stream = stream_of(session, frame->hd.stream_id)) it.output_complete(*stream);
      return 0;
    });
  }

  // A request that never left: nghttp2 knows no stream of it.
  static int frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int /*error*/, void* user_data) {
    Http2Session& it = self(user_data);
    if (frame->hd.type != NGHTTP2_HEADERS || stream_of(session, frame->hd.stream_id)) return 0;
    if (Http2Stream* const stream = it.find(frame->hd.stream_id)) it.close_stream(*stream, NGHTTP2_REFUSED_STREAM);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* /*buffer*/,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void* user_data) {
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::size_t waiting = stream.waiting_output().size();
    const bool all = waiting <= length;
    if (waiting == 0 && !stream.finishing()) {
      stream.set_deferred(true);
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (all && stream.finishing()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (const Headers* const trailers = stream.outgoing_trailers()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const int failed = guarded(user_data, [&](Http2Session& it) { return it.submit_trailers(stream, *trailers); });
        if (failed != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
      }
    }
    return static_cast<ssize_t>(all ? waiting : length);
  }

  static int send_data(nghttp2_session* /*session*/, nghttp2_frame* frame, const std::uint8_t* header,
                       std::size_t length, nghttp2_data_source* source, void* user_data) {
    return guarded(user_data, [&](Http2Session&) {
      constexpr std::size_t kFrameHeader = 9;
      auto& stream = *static_cast<Http2Stream*>(source->ptr);
      std::string& batch = batch_of_this_thread();
      batch.append(text_of(header, kFrameHeader));
      if (frame->data.padlen > 0) batch += static_cast<char>(frame->data.padlen - 1);
      batch.append(stream.waiting_output().substr(0, length));
      if (frame->data.padlen > 0) batch.append(frame->data.padlen - 1, '\0');
      stream.output_taken(length);
      return 0;
    });
  }

  static const nghttp2_session_callbacks* table() {
    static const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(made, header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(made, invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame_recv);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, data_chunk);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_close);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, frame_sent);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(made, frame_not_sent);
      nghttp2_session_callbacks_set_send_data_callback(made, send_data);
      return std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter>(made);
    }();
    return callbacks.get();
  }
};

Http2Session::Http2Session(Role role, ByteStream stream) : stream_(std::move(stream)), core_(&stream_.state()->core()) {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
  const std::unique_ptr<nghttp2_option, OptionDeleter> option(made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  const int failed = role == Role::kServer ? nghttp2_session_server_new2(&native_, Http2Callbacks::table(), this, made)
                                           : nghttp2_session_client_new2(&native_, Http2Callbacks::table(), this, made);
  if (failed != 0) throw std::bad_alloc();
  output_moved_at_ = now();
}

Http2Session::~Http2Session() { nghttp2_session_del(native_); }

StreamState::time_point Http2Session::now() const noexcept {
  return core_->loop() ? core_->loop()->time() : StreamState::time_point();
}

// -- streams --------------------------------------------------------------------------------------------------------

void Http2Session::attach(Http2Stream& stream) noexcept {
  stream.retain();
  stream.next = first_;
  if (first_) first_->previous = &stream;
  first_ = &stream;
  ++open_streams_;
}

void Http2Session::unlink(Http2Stream& stream) noexcept {
  (stream.previous ? stream.previous->next : first_) = stream.next;
  if (stream.next) stream.next->previous = stream.previous;
  stream.next = stream.previous = nullptr;
  --open_streams_;
}

Http2Stream* Http2Session::find(std::int32_t id) const noexcept {
  Http2Stream* stream = first_;
  while (stream && stream->id() != id) stream = stream->next;
  return stream;
}

void Http2Session::close_stream(Http2Stream& stream, std::uint32_t code) noexcept {
  const FutureRef<StreamState> keep = FutureRef<StreamState>::share(&stream);
  unlink(stream);
  const bool sound = code == NGHTTP2_NO_ERROR && stream.input_complete();
  stream.detach(sound ? nullptr : stream_error(stream, code));
  stream_closes(stream, code);
}

void Http2Session::shut(const std::exception_ptr& error) noexcept {
  dead_ = true;
  while (Http2Stream* const stream = first_) {
    const FutureRef<StreamState> keep = FutureRef<StreamState>::share(stream);
    unlink(*stream);
    stream->detach(error);
    stream_closes(*stream, NGHTTP2_INTERNAL_ERROR);
  }
}

void Http2Session::consume(std::int32_t id, std::size_t count) noexcept {
  if (dead_) return;
  nghttp2_session_consume(native_, id, count);
  flush_soon();
}

void Http2Session::resume(std::int32_t id) noexcept {
  if (dead_) return;
  nghttp2_session_resume_data(native_, id);
  flush_soon();
}

void Http2Session::reset(std::int32_t id, std::uint32_t code) noexcept {
  if (dead_) return;
  nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, id, code);
  flush_soon();
}

nghttp2_data_provider Http2Session::body_of(Http2Stream& stream) noexcept {
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Http2Callbacks::read_body;
  return provider;
}

int Http2Session::submit_trailers(const Http2Stream& stream, const Headers& trailers) {
  std::vector<nghttp2_nv> fields;
  for (const auto& [name, value] : trailers) fields.push_back(http2_field(name, value));
  return nghttp2_submit_trailer(native_, stream.id(), fields.data(), fields.size());
}

// -- in and out -----------------------------------------------------------------------------------------------------

void Http2Session::feed(std::string_view bytes) {
  if (dead_ || bytes.empty()) return;
  busy_ = true;
  const ssize_t read =
      nghttp2_session_mem_recv(native_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  busy_ = false;
  if (callback_error_) std::rethrow_exception(std::exchange(callback_error_, nullptr));
  if (read == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
  if (read < 0) throw HttpProtocolError(std::string("not HTTP/2: ") + nghttp2_strerror(static_cast<int>(read)));
}

void Http2Session::collect(std::string& batch) {
  batch.clear();
  busy_ = true;
  ssize_t size = 0;
  while (batch.size() < kBatch) {
    const std::uint8_t* frames = nullptr;
    size = nghttp2_session_mem_send(native_, &frames);
    if (size <= 0) break;
    batch.append(text_of(frames, static_cast<std::size_t>(size)));
  }
  busy_ = false;
  if (size < 0) {  // out of memory
    callback_error_ = nullptr;
    stream_.abort();
    batch.clear();
  }
}

void Http2Session::flush() {
  if (dead_ || busy_) return;
  std::string& batch = batch_of_this_thread();
  for (;;) {
    if (stream_.is_closing() || stream_.state()->send_error()) return;
    if (stream_.unsent() > stream_.state()->high_water()) {
      if (nghttp2_session_get_outbound_queue_size(native_) > kMostQueued) stream_.abort();
      else if (!std::exchange(pumping_, true)) needs_pump();
      return;
    }
    collect(batch);
    if (batch.empty()) break;
    output_moved_at_ = now();
    stream_.send_nowait(batch);
  }
  if (finished()) session_finished();
}

void Http2Session::flush_soon() noexcept {
  if (in_turn_ || queued_ || busy_ || dead_) return;
  queued_ = true;
  retain();
  core_->call_soon(*this);
}

void Http2Session::run() noexcept {
  queued_ = false;
  try {
    flush();
    if (!dead_ && !stream_.is_closing()) set_deadline();
  } catch (...) {  // out of memory
    stream_.abort();
  }
  release();
}

void Http2Session::drop() noexcept {
  queued_ = false;
  release();
}

Coro<void> Http2Session::pump() {
  const FutureRef<Http2Session> keep = FutureRef<Http2Session>::share(this);
  try {
    while (!dead_ && !stream_.state()->send_error() && stream_.unsent() > stream_.state()->high_water()) {
      set_deadline();
      co_await stream_.drain();
      flush();
    }
    pumping_ = false;
    set_deadline();
  } catch (const Error&) {  // too slow, or gone: who reads the connection learns of it
    pumping_ = false;
    stream_.abort();
  } catch (...) {
    pumping_ = false;
    throw;
  }
}

void Http2Session::submit_goaway(std::uint32_t code) noexcept {
  if (dead_) return;
  nghttp2_submit_goaway(native_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(native_), code, nullptr, 0);
}

bool Http2Session::finished() const noexcept {
  return nghttp2_session_want_read(native_) == 0 && nghttp2_session_want_write(native_) == 0;
}

}  // namespace corolla::inline v0::http
