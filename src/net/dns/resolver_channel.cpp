// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver_channel.hpp"

#include "backend/backend.hpp"
#include "backend/poll_operation.hpp"
#include "net/dns/dns_message.hpp"
#include "net/socket/socket_options.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string_view>

#include <ares.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMostAddresses = 128;
constexpr int kInternet = 1;  // DNS's class IN
constexpr int kSoa = 6;

void require_library() {
  static const int status = ::ares_library_init(ARES_LIB_INIT_ALL);
  if (status != ARES_SUCCESS)
    throw RuntimeError("c-ares cannot be initialised: " + std::string(::ares_strerror(status)));
}

int eai_code(int status) noexcept {
  switch (status) {
    case ARES_SUCCESS: return 0;
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
    case ARES_EBADNAME: return EAI_NONAME;
    case ARES_ENODATA: return EAI_NODATA;
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ECONNREFUSED:
    case ARES_ETIMEOUT: return EAI_AGAIN;
    case ARES_ENOMEM: return EAI_MEMORY;
    case ARES_EBADFAMILY: return EAI_FAMILY;
    default: return EAI_FAIL;
  }
}

std::string comma_separated(const std::vector<std::string>& nameservers) {
  std::string all;
  for (const std::string& server : nameservers) {
    if (server.empty() || server.find_first_of(", \t\n") != std::string::npos)
      throw ValueError("not the address of a name server: '" + server + "'");
    all += (all.empty() ? "" : ",") + server;
  }
  return all;
}

std::uint32_t lesser(std::uint32_t ttl, int other) noexcept {
  return std::min(ttl, static_cast<std::uint32_t>(std::max(other, 0)));
}

}  // namespace

// Counted: the channel holds it while c-ares waits, the operation in flight holds it, too.
class ResolverChannel::Poll final : public PollOperation {
 public:
  Poll(ResolverChannel& channel, int descriptor, Direction direction) noexcept
      : PollOperation(descriptor, direction), channel_(&channel), core_(*channel.core_) {
    core_.retain();
  }
  [[nodiscard]] int start() noexcept { return core_.loop() ? core_.loop()->io().perform(*this) : -ECANCELED; }
  /// The channel has nothing to do with it any more.
  void leave() noexcept {
    channel_ = nullptr;
    if (core_.loop()) core_.loop()->io().cancel(*this);
    release();
  }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  void finished(int result) noexcept override {
    if (channel_ && core_.loop()) channel_->ready(*this, result);
  }
  void retain_owner() noexcept override { ++references_; }
  void release_owner() noexcept override { release(); }

 private:
  ~Poll() { core_.release(); }

  ResolverChannel* channel_;
  LoopCore& core_;
  unsigned references_ = 1;
};

struct ResolverChannel::Request {
  explicit Request(Done told) : done(std::move(told)) {}
  explicit Request(TtlDone told) : ttl_done(std::move(told)) {}
  Done done;
  TtlDone ttl_done;
};

ResolverChannel::ResolverChannel(const ResolverOptions& options) {
  require_library();
  if (options.timeout.count() < 1 || options.timeout.count() > std::numeric_limits<int>::max() / 64)
    throw ValueError("a resolver's timeout is at least a millisecond, and no more than some days");
  if (options.tries < 1) throw ValueError("a resolver needs at least one try");
  ares_options settings{};
  char lookups[] = "fb";  // files before name servers
  settings.timeout = static_cast<int>(options.timeout.count());
  settings.tries = options.tries;
  settings.lookups = lookups;
  settings.sock_state_cb = socket_changed;
  settings.sock_state_cb_data = this;
  const std::string servers = comma_separated(options.nameservers);
  int status = ::ares_init_options(&channel_, &settings,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) throw RuntimeError("c-ares: " + std::string(::ares_strerror(status)));
  if (servers.empty()) return;
  status = ::ares_set_servers_ports_csv(channel_, servers.c_str());
  if (status == ARES_SUCCESS) return;
  ::ares_destroy(channel_);
  throw ValueError("not the addresses of name servers: " + servers);
}

ResolverChannel::~ResolverChannel() {
  timer_.cancel();
  ::ares_destroy(channel_);
  while (!polls_.empty()) stop(*polls_.begin()->second);
  if (core_) core_->release();
}

void ResolverChannel::attach(EventLoop& loop) {
  core_ = &loop.core();
  core_->retain();
}

void ResolverChannel::look_up(const std::string& name, SocketAddress::Family family, Done done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family_constant(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_ENVHOSTS;
  ::ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, addresses_found,
                     std::make_unique<Request>(std::move(done)).release());
  arm_timer();
}

void ResolverChannel::look_up_negative_ttl(const std::string& name, TtlDone done) {
  ::ares_query(channel_, name.c_str(), kInternet, kSoa, soa_found,
               std::make_unique<Request>(std::move(done)).release());
  arm_timer();
}

void ResolverChannel::cancel() noexcept {
  ::ares_cancel(channel_);
  timer_.cancel();
}

// -- what c-ares calls ----------------------------------------------------------------------------------------------

void ResolverChannel::addresses_found(void* request, int status, int /*timeouts*/, ares_addrinfo* found) noexcept {
  const std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owner(found, &::ares_freeaddrinfo);
  const std::unique_ptr<Request> asked(static_cast<Request*>(request));
  if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) return;
  ChannelResult result;
  result.ttl = std::numeric_limits<std::uint32_t>::max();
  try {
    for (const ares_addrinfo_node* node = found ? found->nodes : nullptr; node; node = node->ai_next) {
      result.ttl = lesser(result.ttl, node->ai_ttl);
      if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
      auto& addresses = result.answer.addresses;
      const SocketAddress address = SocketAddress(node->ai_addr, node->ai_addrlen).with_port(0);
      if (addresses.size() < kMostAddresses &&
          std::find(addresses.begin(), addresses.end(), address) == addresses.end())
        addresses.push_back(address);
    }
    for (const ares_addrinfo_cname* alias = found ? found->cnames : nullptr; alias; alias = alias->next)
      result.ttl = lesser(result.ttl, alias->ttl);
    if (status == ARES_SUCCESS && result.answer.addresses.empty()) status = ARES_ENODATA;
    result.missing = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    result.answer.error = eai_code(status);
    if (status != ARES_SUCCESS) result.answer.reason = ::ares_strerror(status);
    asked->done(std::move(result));
  } catch (...) {  // out of memory
    ChannelResult failure;
    failure.answer.error = EAI_MEMORY;
    asked->done(std::move(failure));
  }
}

void ResolverChannel::soa_found(void* request, int /*status*/, int /*timeouts*/, unsigned char* message,
                                int size) noexcept {
  const std::unique_ptr<Request> asked(static_cast<Request*>(request));
  if (!message || size <= 0) return;
  const auto ttl = negative_ttl_of({reinterpret_cast<const char*>(message), static_cast<std::size_t>(size)});
  if (ttl) asked->ttl_done(*ttl);
}

void ResolverChannel::socket_changed(void* self, int descriptor, int readable, int writable) noexcept {
  auto& channel = *static_cast<ResolverChannel*>(self);
  if (EventLoop* loop = channel.loop()) {
    // A socket that nothing waited for was just opened; one that nothing waits for any more is about to be closed.
    const bool known = channel.polls_.contains({descriptor, false}) || channel.polls_.contains({descriptor, true});
    if (!known) loop->io().forget(descriptor);
  }
  try {
    channel.watch({descriptor, false}, readable != 0);
    channel.watch({descriptor, true}, writable != 0);
  } catch (...) {  // out of memory: the look-up times out
  }
  if (readable == 0 && writable == 0 && channel.loop()) channel.loop()->io().forget(descriptor);
}

// -- sockets and time -----------------------------------------------------------------------------------------------

void ResolverChannel::watch(Place place, bool wanted) {
  const auto found = polls_.find(place);
  if (wanted == (found != polls_.end())) return;
  if (!wanted) {
    stop(*found->second);
    return;
  }
  if (!loop()) return;
  const auto direction = place.second ? Operation::Direction::kWrite : Operation::Direction::kRead;
  auto* const poll = new Poll(*this, place.first, direction);
  try {
    polls_.emplace(place, poll);
  } catch (...) {
    poll->release();
    throw;
  }
  if (poll->start() != Operation::kPending) stop(*poll);  // then the look-up times out
}

void ResolverChannel::stop(Poll& poll) noexcept {
  polls_.erase({poll.descriptor(), poll.direction() == Operation::Direction::kWrite});
  poll.leave();
}

// `poll` is held by the caller, an operation that ends.
void ResolverChannel::ready(Poll& poll, int result) {
  const int descriptor = poll.descriptor();
  const bool writing = poll.direction() == Operation::Direction::kWrite;
  ::ares_process_fd(channel_, writing ? ARES_SOCKET_BAD : descriptor, writing ? descriptor : ARES_SOCKET_BAD);
  const auto still = polls_.find({descriptor, writing});
  if (still != polls_.end() && still->second == &poll && poll.idle() &&
      (result < 0 || poll.start() != Operation::kPending))
    stop(poll);
  arm_timer();
}

void ResolverChannel::time_out() {
  ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  arm_timer();
}

// c-ares has a clock of its own, the monotonic one. A millisecond more spares the look that comes too early.
void ResolverChannel::arm_timer() {
  timer_.cancel();
  timeval left{};
  if (!loop() || !::ares_timeout(channel_, nullptr, &left)) return;
  timer_ = loop()->call_later(
      std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) + std::chrono::milliseconds(1),
      [this] { time_out(); });
}

}  // namespace v0
}  // namespace corolla
