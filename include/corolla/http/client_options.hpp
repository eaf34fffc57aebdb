// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a Session may be told: time-outs, limits, defaults.
///
/// Source: aiohttp's ClientSession, TCPConnector and ClientTimeout; the defaults are theirs where they have one.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/http/content_coding.hpp>
#include <corolla/http/cookie_jar.hpp>
#include <corolla/http/fingerprint.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/http/rate_limit.hpp>
#include <corolla/http/retry.hpp>
#include <corolla/http/url.hpp>
#include <corolla/net/address.hpp>
#include <corolla/net/resolver.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0 {
class Socket;
}

namespace corolla::inline v0::http {

class AltSvcStore;
class HstsStore;
class HttpCache;
class Response;
struct TraceConfig;

/// How long the parts of a request may take; nullopt: for ever. Each one ends in TimeoutError that names the part.
struct ClientTimeout {
  using duration = std::chrono::nanoseconds;
  ClientTimeout() {}
  /// The whole: waiting for a connection, redirects, reading the body.
  std::optional<duration> total = std::chrono::minutes(5);
  /// Getting a connection: waiting for a place in the pool, resolving, connecting.
  std::optional<duration> connect;
  /// Waiting for a place in the pool alone.
  std::optional<duration> pool;
  /// Resolving and connecting alone, the handshake of TLS included.
  std::optional<duration> sock_connect = std::chrono::seconds(30);
  /// Between two pieces that arrive; also between two that leave, unless sock_write says how long for those.
  std::optional<duration> sock_read;
  std::optional<duration> sock_write;
};

/// Whether HTTP/2 is spoken.
enum class Http2Use : std::uint8_t {
  kNegotiate,       ///< over TLS, with servers that choose it by ALPN (unless the context has protocols of its own)
  kPriorKnowledge,  ///< as above; and without TLS too, where nobody is asked: the server has to understand it
  kOff
};

/// Throws for a response that counts as an error, after it has read what it needs to know.
using ResponseCheck = std::function<Coro<void>(Response& response)>;

/// See the file's comment.
struct SessionOptions {
  SessionOptions() {}
  Http2Use http2 = Http2Use::kNegotiate;
  /// Connections in use at a time; 0: no limit. A request in HTTP/2, which shares its connection with others, counts as one.
  std::size_t limit = 100;
  /// As above for one host and port; 0: no limit.
  std::size_t limit_per_host = 0;
  /// How long a connection without a request is kept for the next one. At most `limit` are kept (100 without one).
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(15);
  ClientTimeout timeout;
  /// Redirects followed in one request; one more is TooManyRedirects.
  unsigned max_redirects = 10;
  /// Most bytes of a body as it is sent, before decoding; more is ContentTooLarge.
  std::uint64_t max_body_bytes = std::uint64_t{256} << 20U;
  /// Limits of the decoded body.
  DecodeLimits decode;
  /// Limits of the head.
  ParserLimits parser;
  /// Sent with each request that does not name the same field itself.
  Headers headers;
  std::string user_agent = "corolla";
  /// What relative URLs are relative to: "https://api.example/v1/" (its last '/' matters, as in a browser).
  std::optional<Url> base_url;
  /// The jar; null: a new one. Sessions may share it.
  std::shared_ptr<CookieJar> cookie_jar;
  /// False: cookies are neither kept nor sent, but for those of Request::cookie.
  bool use_cookies = true;
  /// For https: authorities, a client's certificate … Without one: TlsContext::client(), so certificates are verified.
  TlsContext ssl;
  /// Hosts whose addresses are known, curl's --resolve: "example.org:443", or "example.org" and any port, or "*" and any host that
  /// is no address. An address of port 0 has the URL's. Proxies' hosts are hosts as well; certificates name the URL's, as ever.
  std::map<std::string, std::vector<SocketAddress>> hosts;
  /// Looks other hosts up, aiohttp's AbstractResolver: their addresses, port 0 as above; none: `resolver` is asked.
  std::function<Coro<std::vector<SocketAddress>>(std::string host, std::uint16_t port)> resolve_host;
  /// Who looks hosts up; null: getaddrinfo.
  std::shared_ptr<Resolver> resolver;
  /// Where connections come from, and what makes their sockets: see ConnectOptions. Hosts' addresses of another family than the
  /// local one's are not tried. Unix sockets know nothing of all that.
  SocketAddress local_address;
  std::string interface;
  std::function<Socket(const SocketAddress&)> socket_factory;
  /// Requests go through it: http, https, socks5 (names are looked up here) or socks5h (by the proxy), with credentials
  /// perhaps: "http://user:password@proxy:3128". https is tunnelled and verified as ever.
  std::optional<Url> proxy;
  /// Hosts that are reached without it: "localhost, .example.com, 10.0.0.0/8, [::1]:8080"; "*" for all.
  std::string no_proxy;
  /// Where there is no `proxy` or `no_proxy`, the environment's: http_proxy, https_proxy, all_proxy, no_proxy, the last three
  /// also in capitals. Requests without credentials get those that .netrc ($NETRC, or in $HOME) has for their host, if any.
  bool trust_env = false;
  /// Undo Content-Encoding (and ask for it).
  bool auto_decompress = true;
  /// Names the charset of a text whose Content-Type names none, but for JSON, which is UTF-8; null: UTF-8.
  std::function<std::string(const Response& response, std::string_view body)> fallback_charset_resolver;
  /// Statuses from 400 on throw ClientResponseError.
  bool raise_for_status = false;
  /// Called with each response that a request ends with, before its caller has it, and may read it; what it throws is what the request
  /// throws. For what else counts as an error: aiohttp's raise_for_status with a function. Null: none.
  ResponseCheck check_response;
  /// Around each hop of each request, the first one outermost.
  std::vector<ClientMiddleware> middlewares;
  /// Requests that fail for the moment are sent again; nothing: each is sent once.
  std::optional<RetryPolicy> retry;
  /// Requests wait for their turn.
  RateLimit rate_limit;
  /// Hosts that are reached by https only; null: none are remembered.
  std::shared_ptr<HstsStore> hsts;
  /// Other places where origins are served, too; null: none are remembered.
  std::shared_ptr<AltSvcStore> alt_svc;
  /// Responses that are used again; null: none.
  std::shared_ptr<HttpCache> cache;
  /// Who is told what requests do, see tracing.hpp.
  std::vector<std::shared_ptr<const TraceConfig>> trace_configs;
  /// https servers must show a certificate with one of them; none: any certificate that is verified.
  std::vector<Fingerprint> fingerprints;
  /// All connections are to this Unix socket (a leading zero byte: an abstract name), whatever the URL's host is, and none goes
  /// through a proxy.
  std::string unix_socket;
};

}  // namespace corolla::inline v0::http
