// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <cstdint>

#include <sys/epoll.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

class Epoll final : public Backend {
 public:
  explicit Epoll(int wake_up) : descriptor_(::epoll_create1(EPOLL_CLOEXEC)), wake_up_(wake_up) {
    if (descriptor_ < 0) throw OSError(errno, "epoll_create1");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, wake_up_, &event) != 0) throw OSError(errno, "epoll_ctl");
  }
  ~Epoll() override { ::close(descriptor_); }

  std::string_view name() const noexcept override { return "epoll"; }
  std::size_t in_flight() const noexcept override { return 0; }
  void poll(std::optional<std::chrono::nanoseconds> timeout) override {
    int milliseconds = -1;
    if (timeout) milliseconds = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*timeout).count());
    epoll_event events[64];
    const int count = ::epoll_wait(descriptor_, events, 64, milliseconds);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        std::uint64_t value = 0;
        [[maybe_unused]] const auto got = ::read(wake_up_, &value, sizeof value);
      }
    }
  }
  void shut_down() noexcept override {}

 private:
  int descriptor_;
  int wake_up_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(std::string_view /*name*/, LoopCore& /*core*/, int wake_up) {
  return std::make_unique<Epoll>(wake_up);
}

}  // namespace v0
}  // namespace corolla
