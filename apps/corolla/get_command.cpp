// SPDX-License-Identifier: Apache-2.0
#include "corolla/get_command.hpp"

#include <corolla/crawl/json.hpp>
#include <corolla/crawl/stats.hpp>
#include <corolla/http/alt_svc.hpp>
#include <corolla/http/protocol.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/runtime/run.hpp>

#include "corolla/command.hpp"
#include "corolla/get_arguments.hpp"
#include "corolla/output_file.hpp"
#include "corolla/phase_times.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <utility>

#include <unistd.h>

namespace corolla::app {
namespace {

constexpr const char* kFooter =
    R"(Redirects are followed, compressed bodies are undone, and the environment's proxies are used.

Examples:
  corolla get example.org                                    the page, on standard output
  corolla get -O https://example.org/large.iso -C            into large.iso, going on where it ends
  corolla get -F photo=@beach.jpg -F title=Holidays https://example.org/upload
  corolla get --json -o /dev/null https://example.org | jq .timings

Times (-v, and --json in seconds): what was spent on waiting for a connection (queued), on looking hosts up (dns), on
connecting, proxies included, and on TLS; first_byte and total are since the beginning.

Exit codes, curl's where it has one:
    0  done; whatever the status, unless --fail
    1  another failure
    2  usage: a bad option or URL. Nothing was fetched
    3  the body, or the file of --alt-svc, cannot be written
    6  the host's name has no address
    7  no connection; the proxy's refusals, too
   18  the body was cut short, or broken
   22  --fail, and the status is 400 or more
   28  time is up
   35  TLS failed
   47  too many redirects
   56  what came is not HTTP, or nothing did
   60  the certificate is not to be believed
  130  interrupted
)";

enum GetExitCode : int {
  kResolve = 6,
  kConnect = 7,
  kPartial = 18,
  kHttpError = 22,
  kTimedOut = 28,
  kTls = 35,
  kRedirects = 47,
  kReceive = 56,
  kCertificate = 60,
};

using Clock = std::chrono::steady_clock;

using Phase = PhaseTimes::Phase;
constexpr std::array<std::pair<const char*, Phase>, 4> kPhases{
    {{"queued", Phase::kQueued}, {"dns", Phase::kDns}, {"connect", Phase::kConnect}, {"tls", Phase::kTls}}};

/// What is told in the end.
struct Result {
  int status = 0;
  std::string url;
  std::string version;
  std::vector<std::string> history;
  http::Headers headers;
  std::uint64_t wire_bytes = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds first_byte{0};  // until the head was there
  std::chrono::nanoseconds total{0};
};

class Fetch {
 public:
  Fetch(const GetArguments& arguments, http::SessionOptions options)
      : arguments_(arguments), options_(std::move(options)) {
    options_.trace_configs.push_back(phases_.hooks());
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  /// The exit code.
  Coro<int> run() {
    http::Session session(options_);
    http::Request request = make_request(session, arguments_);
    const std::uint64_t have = resume_from();
    if (have > 0) request = std::move(request).header("Range", "bytes=" + std::to_string(have) + "-");
    auto sending = std::move(request).send();
    http::Response response = co_await std::move(sending);
    note_head(response);
    if (have > 0 && response.status() == 416) co_return kOk;  // the file is whole
    if (arguments_.fail && response.status() >= 400) {
      error("the server answered " + std::to_string(response.status()) + " " + response.reason());
      co_return kHttpError;
    }
    const bool goes_on = have > 0 && response.status() == 206 && continues_at(response, have);
    if (have > 0 && response.status() == 206 && !goes_on) throw ValueError("the server sent another part of the file");
    OutputFile output(arguments_.output, goes_on);
    if (arguments_.include || arguments_.head) output.write(head_of(response));
    if (!arguments_.head) {
      auto copying = copy_body(response, output, goes_on ? have : 0);
      co_await std::move(copying);
    }
    output.close();
    co_return kOk;
  }

  /// Whatever the end was.
  void tell(int exit_code) {
    result_.total = Clock::now() - began_;
    if (arguments_.json) {
      const std::string line = json(exit_code) + "\n";
      std::fwrite(line.data(), 1, line.size(), arguments_.output.empty() ? stderr : stdout);
    }
    if (!arguments_.verbose) return;
    std::string spent;
    for (const auto& [name, phase] : kPhases) {
      if (const auto time = phases_.of(phase); time.count() > 0)
        spent += (spent.empty() ? "* " : ", ") + std::string(name) + " " + crawl::format_duration(time);
    }
    if (!spent.empty()) std::fprintf(stderr, "%s\n", spent.c_str());
    if (result_.status == 0) return;
    std::fprintf(stderr, "* %s, the head after %s, all after %s\n",
                 crawl::format_bytes(static_cast<double>(result_.bytes)).c_str(),
                 crawl::format_duration(result_.first_byte).c_str(), crawl::format_duration(result_.total).c_str());
  }

  void error(const std::string& text) {
    error_ = text;
    if (!arguments_.quiet) std::fprintf(stderr, "error: %s\n", text.c_str());
  }

 private:
  [[nodiscard]] std::uint64_t resume_from() const {
    if (!arguments_.resume) return 0;
    std::error_code unknown;
    const auto size = std::filesystem::file_size(arguments_.output, unknown);
    return unknown ? 0 : size;
  }

  // "bytes 500-999/1000" where 500 were there.
  static bool continues_at(const http::Response& response, std::uint64_t offset) {
    return response.headers().get("Content-Range", "").starts_with("bytes " + std::to_string(offset) + "-");
  }

  static std::string head_of(const http::Response& response) {
    std::string text(http::to_string(response.version()));
    text.append(" ").append(std::to_string(response.status())).append(" ").append(response.reason()).append("\r\n");
    response.headers().write_to(text);
    return text + "\r\n";
  }

  void note_head(const http::Response& response) {
    result_.first_byte = Clock::now() - began_;
    result_.status = response.status();
    result_.url = response.url().href();
    result_.version = http::to_string(response.version());
    for (const http::Url& url : response.history()) result_.history.push_back(url.href());
    result_.headers = response.headers();
    if (!arguments_.verbose) return;
    for (const std::string& url : result_.history) std::fprintf(stderr, "* %s redirects\n", url.c_str());
    std::fprintf(stderr, "* %s\n%s", result_.url.c_str(), head_of(response).c_str());
  }

  Coro<void> copy_body(http::Response& response, OutputFile& output, std::uint64_t before) {
    std::optional<std::uint64_t> whole = response.content_length();
    if (whole) *whole += before;
    const bool shows = !arguments_.quiet && !arguments_.output.empty() && ::isatty(STDERR_FILENO) == 1;
    for (;;) {
      auto reading = response.chunk();
      const std::string_view piece = co_await std::move(reading);
      result_.wire_bytes = response.wire_bytes();
      if (piece.empty()) break;
      output.write(piece);
      result_.bytes += piece.size();
      if (shows) show_progress(before + response.wire_bytes(), whole);
    }
    if (shows) std::fprintf(stderr, "\r\x1b[K");
  }

  void show_progress(std::uint64_t bytes, std::optional<std::uint64_t> whole) {
    const auto now = Clock::now();
    if (now < next_progress_) return;
    next_progress_ = now + std::chrono::milliseconds(100);
    const double elapsed = std::chrono::duration<double>(now - began_).count();
    std::string line = crawl::format_bytes(static_cast<double>(bytes));
    if (whole && *whole > 0) {
      line += " of " + crawl::format_bytes(static_cast<double>(*whole)) + " (" + std::to_string(bytes * 100 / *whole) +
              " %)";
    }
    line += ", " + crawl::format_bytes(static_cast<double>(result_.bytes) / elapsed) + "/s";
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  }

  [[nodiscard]] std::string json(int exit_code) const {
    const auto seconds = [](std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); };
    crawl::JsonObject timings;
    for (const auto& [name, phase] : kPhases) timings.add(name, seconds(phases_.of(phase)));
    timings.add("first_byte", seconds(result_.first_byte)).add("total", seconds(result_.total));
    std::string fields = "[";
    for (const auto& [name, value] : result_.headers) {
      if (fields.size() > 1) fields += ',';
      fields += crawl::json_array({std::string(name), std::string(value)});
    }
    crawl::JsonObject object;
    object.add("url", result_.status == 0 ? arguments_.url : result_.url);
    if (result_.status == 0) object.add_null("status");
    else object.add("status", result_.status);
    object.add("version", result_.version).add("history", result_.history).add_raw("headers", fields + "]");
    object.add("bytes", result_.bytes).add("wire_bytes", result_.wire_bytes).add_raw("timings", timings.finish());
    if (error_.empty()) object.add_null("error");
    else object.add("error", error_);
    object.add("exit_code", exit_code);
    return object.finish();
  }

  const GetArguments& arguments_;
  http::SessionOptions options_;
  PhaseTimes phases_;
  Result result_;
  std::string error_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point next_progress_;
};

// The most particular type first.
int exit_code_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const OutputError&) {
    return kOutput;
  } catch (const http::ClientConnectorCertificateError&) {
    return kCertificate;
  } catch (const http::ClientSSLError&) {
    return kTls;
  } catch (const http::ClientConnectorError& error) {
    return error.code().category() == gai_category() ? kResolve : kConnect;
  } catch (const http::ClientHttpProxyError&) {
    return kConnect;
  } catch (const http::TooManyRedirects&) {
    return kRedirects;
  } catch (const http::ClientPayloadError&) {
    return kPartial;
  } catch (const http::ClientConnectionError&) {
    return kReceive;
  } catch (const http::HttpProtocolError&) {
    return kReceive;
  } catch (const TimeoutError&) {
    return kTimedOut;
  } catch (const ValueError&) {
    return kUsage;
  } catch (...) {
    return kIncomplete;
  }
}

int get(GetArguments& arguments) {
  http::SessionOptions options;
  try {
    complete_get_arguments(arguments);
    options = session_options(arguments);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return kUsage;
  }
  const std::shared_ptr<http::AltSvcStore> alt_svc = options.alt_svc;
  Fetch fetch(arguments, std::move(options));
  int exit_code = kOk;
  try {
    exit_code = run(fetch.run());
  } catch (const KeyboardInterrupt&) {
    exit_code = kInterrupted;
  } catch (const Error& error) {
    exit_code = exit_code_of(std::current_exception());
    fetch.error(error.what());
  }
  try {
    if (alt_svc) alt_svc->save(arguments.alt_svc);
  } catch (const Error& error) {
    fetch.error(error.what());
    if (exit_code == kOk) exit_code = kOutput;
  }
  fetch.tell(exit_code);
  return exit_code;
}

}  // namespace

void add_get_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("get", "Fetch one URL");
  command->footer(kFooter);
  auto arguments = std::make_shared<GetArguments>();
  add_get_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = get(*arguments); });
}

}  // namespace corolla::app
