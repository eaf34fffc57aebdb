// SPDX-License-Identifier: Apache-2.0
// The counterpart of an asyncio protocol: an engine that knows no coroutine, a cache in the manner of memcached. The client
// sends commands in one go and is told of each answer by a callback.
//   server = await loop.create_server(CacheProtocol, "127.0.0.1", 11211)
#include <corolla/corolla.hpp>

#include <array>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <string>

using namespace corolla;

/// Puts lines together. A protocol engine from elsewhere would stand in its place.
class LineProtocol : public Protocol {
 public:
  static constexpr std::size_t kLongestLine = 4096;

  void connection_made(Transport transport) override { transport_ = std::move(transport); }

  void data_received(std::string_view data) override {
    pending_ += data;
    std::size_t begin = 0;
    for (std::size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
      line_received(std::string_view(pending_).substr(begin, end - begin));
    pending_.erase(0, begin);
    if (pending_.size() > kLongestLine) transport_.abort();  // bytes from outside have a limit
  }

 protected:
  virtual void line_received(std::string_view line) = 0;
  Transport transport_;

 private:
  std::string pending_;
};

using Items = std::map<std::string, std::string, std::less<>>;

class CacheProtocol final : public LineProtocol {
 public:
  explicit CacheProtocol(Items& items) : items_(items) {}

  // The client reads no answers: take no more of its commands until it does.
  void pause_writing() override { transport_.pause_reading(); }
  void resume_writing() override { transport_.resume_reading(); }

 private:
  void line_received(std::string_view line) override {
    const std::size_t space = line.find(' ');
    const std::string_view command = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (command == "get") {
      const auto found = items_.find(rest);
      transport_.write(found == items_.end() ? "NOT_FOUND\n" : "VALUE " + found->second + "\n");
    } else if (command == "set" && rest.find(' ') != std::string_view::npos) {
      const std::size_t end = rest.find(' ');
      items_[std::string(rest.substr(0, end))] = rest.substr(end + 1);
      transport_.write("STORED\n");
    } else if (command == "quit") {
      transport_.close();
    } else {
      transport_.write("ERROR\n");
    }
  }

  Items& items_;
};

class CacheClient final : public LineProtocol {
 public:
  using Callback = std::function<void(std::string_view)>;
  void call(std::string_view command, Callback done) {
    waiting_.push_back(std::move(done));
    transport_.writelines(std::array<std::string_view, 2>{command, "\n"});
  }
  void quit() { transport_.write("quit\n"); }

 private:
  void line_received(std::string_view line) override {
    if (waiting_.empty()) return transport_.abort();  // nobody asked for that
    const Callback done = std::move(waiting_.front());
    waiting_.pop_front();
    done(line);
  }
  void connection_lost(std::exception_ptr error) override {
    std::printf("connection lost: %s\n", error ? describe(error).c_str() : "closed by the server");
  }

  std::deque<Callback> waiting_;
};

Coro<void> amain() {
  Items items;
  auto server = co_await create_server([&items] { return std::make_shared<CacheProtocol>(items); }, "127.0.0.1", 0);
  auto [transport, client] =
      co_await create_connection([] { return std::make_shared<CacheClient>(); }, "127.0.0.1", server.port());
  for (const char* command : {"set colour green", "get colour", "get shape", "sing"})
    client->call(command, [command](std::string_view answer) {
      std::printf("%s -> %s\n", command, std::string(answer).c_str());
    });
  client->quit();
  co_await transport.wait_closed();
  server.close();
  co_await server.wait_closed();
}

int main() { return run_main(amain()); }
