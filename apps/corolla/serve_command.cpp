// SPDX-License-Identifier: Apache-2.0
#include "corolla/serve_command.hpp"

#include <corolla/http/access_log_format.hpp>
#include <corolla/http/app_runner.hpp>
#include <corolla/http/application.hpp>
#include <corolla/net/listen_fds.hpp>
#include <corolla/runtime/run.hpp>

#include "corolla/command.hpp"
#include "corolla/cors.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corolla::app {
namespace {

constexpr const char* kFooter = R"(The first line on standard output is
  Serving DIR at http://127.0.0.1:PORT/
with the real port, also for --port 0. Requests are logged on standard error, in the Common Log Format unless --log-format
says otherwise.

Examples:
  corolla serve                             the current directory, to this machine alone
  corolla serve site --host '' --port 80    on all interfaces
  corolla serve build/html --port 0 --quiet
  corolla serve --cert chain.pem --key key.pem   over TLS: https, HTTP/2 for clients that know it
  corolla serve data --compress --cors      texts compressed, for the scripts of other origins too
  corolla serve data --cors=https://a.example --cors=http://localhost:3000   of these origins

Names that begin with a dot are not served without --hidden, and symbolic links that lead out of DIR are not followed
without --follow-symlinks. Ctrl-C, SIGTERM and SIGHUP let requests under way finish, for --shutdown-timeout; a second one
cuts them. Sockets that systemd hands over (LISTEN_FDS) are served instead of --host and --port, a line of output each.

Exit codes:
    0  stopped by a signal
    1  cannot serve: the port is in use, the address is not this machine's, permission denied …
    2  usage: a bad option, or DIR is no directory that can be read
)";

struct ServeArguments {
  std::string directory = ".";
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  http::StaticFilesOptions files;
  double keepalive_timeout = 75;
  double header_timeout = 10;
  double send_timeout = 60;
  double shutdown_timeout = 10;
  std::size_t max_connections = 0;
  std::string certificates;  // files
  std::string key;
  bool compress = false;
  std::vector<std::string> cors;
  bool http2 = true;
  bool h2c = false;
  bool quiet = false;
  std::string log_format = "common";
};

// The lines of one iteration of the loop leave in one write, after the responses they tell of.
class LogOutput {
 public:
  /// ValueError.
  explicit LogOutput(const std::string& format) {
    if (format == "common") format_.emplace(http::kCommonLog);
    else if (format == "combined") format_.emplace(http::kCombinedLog);
    else if (format.find('%') != std::string::npos) format_.emplace(format);
    else if (format != "json") throw ValueError("neither common, combined, json nor a format with directives");
  }
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;
  ~LogOutput() { flush(); }

  void write(const http::AccessRecord& record) {
    const bool scheduled = !lines_.empty();
    if (format_) format_->append(lines_, record);
    else http::append_json_log(lines_, record);
    if (!scheduled) get_running_loop().call_soon([this] { flush(); });
  }

 private:
  void flush() {
    std::fwrite(lines_.data(), 1, lines_.size(), stderr);
    lines_.clear();
  }

  std::optional<http::AccessLogFormat> format_;  // none: JSON
  std::string lines_;
};

std::chrono::nanoseconds seconds(double count) {
  return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(count));
}

http::Application make_application(const ServeArguments& arguments, const http::StaticFiles& files, const Cors& cors) {
  http::Application app;
  if (arguments.compress) app.add_middleware(http::compress());
  if (!cors.empty()) {
    app.on_response_prepare([&cors](http::ServerRequest& request, http::ServerResponse& response) -> Coro<void> {
      cors.apply(request, response);
      co_return;
    });
  }
  app.add_get("/{path*}", files);
  return app;
}

Coro<void> serve_directory(const ServeArguments& arguments, const http::StaticFiles& files, const TlsContext& tls,
                           const Cors& cors, LogOutput& log) {
  http::WebServerOptions options;
  options.keepalive_timeout = seconds(arguments.keepalive_timeout);
  options.header_timeout = seconds(arguments.header_timeout);
  options.send_timeout = seconds(arguments.send_timeout);
  options.shutdown_timeout = seconds(arguments.shutdown_timeout);
  options.max_connections = arguments.max_connections;
  options.ssl = tls;
  options.http2 = arguments.http2;
  options.h2c = arguments.h2c;
  if (!arguments.quiet) options.access_log = [&log](const http::AccessRecord& record) { log.write(record); };
  http::AppRunner runner(make_application(arguments, files, cors), options);
  std::vector<Socket> inherited = listen_fds();
  for (Socket& socket : inherited) {
    auto starting = runner.start(std::move(socket));
    co_await std::move(starting);
  }
  if (inherited.empty()) {
    auto starting = runner.start(arguments.host, arguments.port);
    co_await std::move(starting);
  }
  for (const http::WebServer& site : runner.sites())
    std::printf("Serving %s at %s\n", arguments.directory.c_str(), site.url().c_str());
  std::fflush(stdout);
  const std::vector<int> signals = {SIGINT, SIGTERM, SIGHUP};
  auto serving = runner.serve_until_signal(signals);
  co_await std::move(serving);
}

int serve_until_stopped(const ServeArguments& arguments) {
  std::optional<http::StaticFiles> files;
  try {
    files.emplace(arguments.directory, arguments.files);
  } catch (const OSError& error) {
    std::fprintf(stderr, "error: cannot serve %s\n", error.what());
    return kUsage;
  }
  TlsContext tls;
  std::optional<Cors> cors;
  std::optional<LogOutput> log;
  const char* option = "--cert";
  try {
    if (!arguments.certificates.empty()) {
      tls = TlsContext::server(arguments.certificates, arguments.key);
      tls.set_kernel_tls(true);  // it sends files
    }
    option = "--cors";
    cors.emplace(arguments.cors);
    option = "--log-format";
    log.emplace(arguments.log_format);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s: %s\n", option, error.what());
    return kUsage;
  }
  try {
    run(serve_directory(arguments, *files, tls, *cors, *log));
  } catch (const KeyboardInterrupt&) {  // the way to stop a server
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return kIncomplete;
  }
  return kOk;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Serve the files of a directory over HTTP or HTTPS");
  command->footer(kFooter);
  auto arguments = std::make_shared<ServeArguments>();
  const CLI::Range time(0.001, 1e6, "SECONDS");
  command->add_option("dir", arguments->directory, "The directory")->type_name("DIR")->capture_default_str();
  command->add_option("--host", arguments->host, "Address or name to listen on; '' for all interfaces")
      ->type_name("HOST")
      ->capture_default_str();
  command->add_option("-p,--port", arguments->port, "Port; 0 for a free one")
      ->check(CLI::Range(0, 65535, "PORT"))
      ->type_name("PORT")
      ->capture_default_str();
  command->add_flag("--listing,!--no-listing", arguments->files.listing,
                    "List directories without index file (else 403)");
  command->add_option("--index", arguments->files.index, "File that stands for its directory")
      ->type_name("NAME")
      ->check(CLI::Validator(
          [](std::string& name) { return name.find('/') == std::string::npos ? "" : "holds a slash"; }, "", "NAME"))
      ->capture_default_str();
  command->add_flag("--hidden", arguments->files.hidden, "Serve names that begin with a dot");
  command->add_flag("--follow-symlinks", arguments->files.follow_symlinks,
                    "Follow symbolic links that lead out of DIR");
  command->add_flag("--precompressed", arguments->files.precompressed,
                    "Send NAME.br or NAME.gz for NAME to clients that accept it");
  command->add_option("--cache-control", arguments->files.cache_control, "Value of Cache-Control")->type_name("TEXT");
  command->add_flag("--compress", arguments->compress, "Compress texts for clients that accept it");
  command->add_flag("--cors{*}", arguments->cors,
                    "Let scripts of any origin read the answers (CORS); --cors=ORIGIN, repeated: of these");
  command->add_flag("--http2,!--no-http2", arguments->http2, "Offer HTTP/2 over TLS (the default)");
  command->add_flag("--h2c", arguments->h2c, "Serve clients that begin in HTTP/2 without TLS, too");
  command->add_option("--keepalive-timeout", arguments->keepalive_timeout, "How long an idle connection is kept")
      ->check(time)
      ->capture_default_str();
  command->add_option("--header-timeout", arguments->header_timeout, "How long a request's head may take")
      ->check(time)
      ->capture_default_str();
  command->add_option("--send-timeout", arguments->send_timeout, "How long a client may take for 256 KiB")
      ->check(time)
      ->capture_default_str();
  command
      ->add_option("--shutdown-timeout", arguments->shutdown_timeout, "How long requests under way may take to finish")
      ->check(time)
      ->capture_default_str();
  CLI::Option* certificates =
      command->add_option("--cert", arguments->certificates, "Serve https: PEM file of the certificate and its chain")
          ->type_name("FILE");
  command->add_option("--key", arguments->key, "PEM file of its key; without: the same file")
      ->type_name("FILE")
      ->needs(certificates);
  command->add_option("--max-connections", arguments->max_connections, "Connections at a time; 0: no limit")
      ->capture_default_str();
  command->add_flag("-q,--quiet", arguments->quiet, "No log of requests");
  command
      ->add_option("--log-format", arguments->log_format,
                   "common, combined, json, or directives: %a %t \"%r\" %s %b %D %{Referer}i …")
      ->type_name("FORMAT")
      ->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = serve_until_stopped(*arguments); });
}

}  // namespace corolla::app
