// SPDX-License-Identifier: Apache-2.0
// A child process that calls a protocol, which answers it line by line.
//   transport, protocol = await loop.subprocess_shell(Answers, "echo 'name?'; read name; ...")
#include <corolla/corolla.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

using namespace corolla;

class Answers final : public SubprocessProtocol {
 public:
  void connection_made(SubprocessTransport transport) override { transport_ = std::move(transport); }
  void pipe_data_received(int fd, std::string_view data) override {
    if (fd != 1) return;
    pending_ += data;
    std::size_t begin = 0;
    for (std::size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
      line_received(pending_.substr(begin, end - begin));
    pending_.erase(0, begin);
  }
  void process_exited() override { std::printf("it ended with %d\n", *transport_.get_returncode()); }

 private:
  void line_received(const std::string& line) {
    std::printf("%s\n", line.c_str());
    const Transport input = transport_.get_pipe_transport(0);
    if (line == "name?") input.write("corolla\n");
    else input.close();  // the child's input ends
  }

  SubprocessTransport transport_;
  std::string pending_;
};

Coro<void> amain() {
  auto [transport, protocol] = co_await subprocess_shell([] { return std::make_shared<Answers>(); },
                                                         "echo 'name?'; read name; echo \"hello, $name\"; cat; exit 3");
  co_await transport.wait_closed();
}

int main() { return run_main(amain()); }
