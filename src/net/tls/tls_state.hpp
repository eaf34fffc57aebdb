// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsState: the stream that speaks TLS over another stream.
///
/// The stream below is told by nobody but this one, as its layer, and this one does nothing but what streams do: it asks
/// for bytes, sends bytes, closes. So it is the same on each backend and over each kind of stream, another TlsState
/// included. OpenSSL is handed the received bytes in place and its records leave together (tls_wire.hpp).
///
/// The phases. *Handshaking* from start() on: bytes from below go to SSL_do_handshake, and more are asked for until it
/// is done. That counts as one unsent byte, so whoever waits until all is sent waits for the end of the handshake, the
/// last flight included; what is sent meanwhile stays in output_ as it is. Then *open*: bytes from below are asked for
/// while a task waits (or the stream is watched for what happens while it idles), and what the protocol answers by itself
/// (KeyUpdate) leaves with the next flush. Tickets arrive here, too. Records are read until there is one record's worth of
/// bytes, then it is the reader's turn: it finds them in the processor's cache, and the next ones take the same memory.
/// When it waits again it gets what is left before more is asked for. An end or a failure stands behind what is left.
/// Reading never waits for writing nor writing for reading: no message of TLS 1.3, or of 1.2 without renegotiation,
/// makes one need the other, so peers that both send without end cannot block each other. What is sent becomes records
/// at once as long as less than kMostBelow of them wait below; the rest stays in output_ and follows as that empties. So
/// what both streams hold is bounded by what the caller sends without waiting.
///
/// *Goodbye* when the stream is closing and its output left: close_notify is sent, then what arrives is dropped until the
/// peer's close_notify, its end, an error, or the end of the shutdown timeout, whose timer holds the object meanwhile, as
/// nobody else may. Then the stream below is closed. *Failed*: OpenSSL refused what it read. Its alert is sent, the stream
/// below closed behind it, and both directions have the error for good. abort() leads out of each phase at once.
///
/// *The kernel* may encrypt what is sent in OpenSSL's place (kernel_tls.hpp). Then records that are no data may wait for the
/// data before them; nothing is encrypted meanwhile, and they count as unsent.
///
/// The end of the stream below is this one's end; ended_cleanly() tells whether a close_notify came before.
///
/// Reentrance. Sending below may come back as below_moved() in the middle, hence `busy_`. Waking the receiver may run its
/// task, which may drop this stream, so it is the last thing done, under a reference.
#pragma once

#include "net/tls/openssl_ptr.hpp"
#include "net/tls/tls_context_state.hpp"
#include "net/tls/tls_wire.hpp"

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/net/tls_connection.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace corolla {
inline namespace v0 {

class TlsState final : public StreamState, public StreamLayer, public TlsConnection {
 public:
  /// RuntimeError when the stream cannot be taken over, ValueError for options that contradict the context, TlsError.
  TlsState(ByteStream below, std::shared_ptr<TlsContextState> context, const TlsOptions& options);

  /// Begins the handshake. Call once.
  void start() noexcept;
  /// Keeps a session that the server offers; false when it is not wanted.
  bool keep_session(SSL_SESSION* session) noexcept;
  /// The stream an SSL object belongs to.
  [[nodiscard]] static TlsState* of(const SSL* ssl) noexcept;
  /// What is offered, or chosen from, where the context has no protocols of its own.
  [[nodiscard]] const std::string& default_alpn() const noexcept { return default_alpn_; }
  /// The peer as messages name it.
  [[nodiscard]] std::string peer() const;

  // -- StreamState ------------------------------------------------------------------------------------------------
  [[nodiscard]] SocketAddress peername() const override { return below_.peername(); }
  [[nodiscard]] SocketAddress sockname() const override { return below_.sockname(); }
  [[nodiscard]] int descriptor() const noexcept override { return below_.descriptor(); }
  [[nodiscard]] const TlsConnection* tls() const noexcept override { return this; }
  [[nodiscard]] bool can_send_eof() const noexcept override { return false; }
  void watch_idle() override;

  // -- StreamLayer ------------------------------------------------------------------------------------------------
  void below_received(bool now) noexcept override;
  void below_moved() noexcept override;
  void close_top() noexcept override { StreamState::close_top(); }

  // -- TlsConnection ----------------------------------------------------------------------------------------------
  [[nodiscard]] std::string_view version() const noexcept override;
  [[nodiscard]] std::string_view cipher() const noexcept override;
  [[nodiscard]] int cipher_bits() const noexcept override;
  [[nodiscard]] std::string_view alpn_protocol() const noexcept override;
  [[nodiscard]] bool resumed() const noexcept override;
  [[nodiscard]] std::string_view server_name() const noexcept override;
  [[nodiscard]] std::optional<TlsCertificate> peer_certificate() const override;
  [[nodiscard]] bool kernel_tls() const noexcept override { return wire_.kernel && wire_.kernel->encrypts(); }
  [[nodiscard]] bool ended_cleanly() const noexcept override { return close_notify_came_; }

 protected:
  void want_bytes() noexcept override;
  void unwant_bytes() noexcept override;
  std::size_t pass_on(const std::string_view* pieces, std::size_t count) noexcept override;
  void output_added() noexcept override;
  void shut_down_output() noexcept override {}
  bool say_goodbye() noexcept override;
  void close_now() noexcept override;
  [[nodiscard]] std::size_t in_transit() const noexcept override;
  Coro<std::uint64_t> send_file_parts(int file, std::uint64_t offset, std::uint64_t count) override;
  [[nodiscard]] bool input_pending() const noexcept override { return records_left() || !below().quiet(); }

 private:
  enum class Phase : std::uint8_t { kHandshaking, kOpen, kGoodbye, kFailed };
  // Ends the wait for the peer's close_notify; armed, it holds the stream.
  class ShutdownTimer final : public Schedulable {
   public:
    explicit ShutdownTimer(TlsState& owner) noexcept : owner_(owner) {}
    void run() noexcept override;
    void drop() noexcept override { owner_.release(); }

   private:
    TlsState& owner_;
  };

  ~TlsState() override;
  [[nodiscard]] StreamState& below() const noexcept { return *below_.state(); }
  void set_up_client(const TlsOptions& options);
  static int verify(int sound, X509_STORE_CTX* store);
  /// One call of OpenSSL's handshake; an error, if that failed.
  std::exception_ptr shake_hands() noexcept;
  struct Arrived {
    bool bytes = false;
    bool end = false;
    std::exception_ptr error;
  };
  /// Stops when a record's worth of bytes is there that the reader was not told of.
  [[nodiscard]] Arrived read_records() noexcept;
  void keep_buffers(bool keep) noexcept;
  /// Something received is not read yet.
  [[nodiscard]] bool records_left() const noexcept;
  /// Asks for bytes: first of what is left, then of the stream below.
  void ask_below() noexcept;
  /// Reads, and tells the reader.
  void take_from_below(bool now) noexcept;
  /// Makes records of the bytes and sends them, as long as there is room below; how many it took.
  std::size_t encrypt(const std::string_view* pieces, std::size_t count) noexcept;
  void flush() noexcept;
  /// Bytes of records that are no data and wait for the data before them (kernel_tls.hpp).
  [[nodiscard]] std::size_t records_waiting() const noexcept;
  void send_waiting_records() noexcept;
  void encrypt_output() noexcept;
  void note_failure_below() noexcept;
  [[nodiscard]] bool wants_bytes() const noexcept;
  [[nodiscard]] bool goodbye_is_over() noexcept;
  void fail(std::exception_ptr error, bool now) noexcept;
  [[nodiscard]] std::exception_ptr openssl_failure() noexcept;

  const std::shared_ptr<TlsContextState> context_;
  const std::string default_alpn_;
  ByteStream below_;
  TlsWire wire_;
  SslPtr ssl_;
  std::string hostname_;     // a client's: whom the certificate must name
  std::string session_key_;  // empty: no session is kept
  std::string fault_;        // of the peer's certificate, in words
  std::chrono::nanoseconds shutdown_timeout_;
  ShutdownTimer shutdown_timer_{*this};
  Phase phase_ = Phase::kHandshaking;
  bool busy_ = false;
  bool telling_ = false;  // the reader, which runs meanwhile
  bool watched_ = false;  // while it idles
  bool close_notify_came_ = false;
  bool answered_in_http_ = false;
  bool buffers_kept_ = false;
};

}  // namespace v0
}  // namespace corolla
