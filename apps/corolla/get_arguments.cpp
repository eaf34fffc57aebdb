// SPDX-License-Identifier: Apache-2.0
#include "corolla/get_arguments.hpp"

#include <corolla/http/alt_svc.hpp>
#include <corolla/http/multipart.hpp>
#include <corolla/http/retry.hpp>

#include "corolla/units.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <sstream>
#include <utility>

namespace corolla::app {
namespace {

// "@FILE" is its content, "@-" standard input's.
std::string content_of(const std::string& text) {
  if (!text.starts_with('@')) return text;
  const std::string path = text.substr(1);
  std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
  if (!file) throw ValueError("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "name=value", "name=@file", "name=@file;type=text/plain".
void add_part(http::Multipart& form, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw ValueError("-F: no '=' in " + text);
  const std::string name = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  if (!value.starts_with('@')) {
    form.field(name, value);
    return;
  }
  const std::size_t type = value.find(";type=");
  form.file(name, value.substr(1, type == std::string::npos ? type : type - 1),
            type == std::string::npos ? std::string() : value.substr(type + 6));
}

// "example.org:443:192.0.2.1,[2001:db8::1]"; "*" for any host, or any port.
void add_host(http::SessionOptions& options, const std::string& text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  const std::size_t colon = text.find(':', bracket);
  const std::size_t end = colon == std::string::npos ? colon : text.find(':', colon + 1);
  if (end == std::string::npos) throw ValueError("--resolve: not HOST:PORT:ADDRESS: " + text);
  std::vector<SocketAddress> addresses;
  std::istringstream list(text.substr(end + 1));
  for (std::string address; std::getline(list, address, ',');) {
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (!SocketAddress::parse_ip(address, 0, addresses.emplace_back()))
      throw ValueError("--resolve: not an address: \"" + address + "\"");
  }
  if (addresses.empty()) throw ValueError("--resolve: no address in " + text);
  options.hosts[text.substr(0, end)] = std::move(addresses);
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, std::optional<std::chrono::nanoseconds>& duration,
                          const std::string& description) {
  const auto read = [&duration](const std::string& text) {
    duration = parse_duration(text);
    return duration.has_value() && duration->count() > 0;
  };
  return command.add_option_function<std::string>(
      name,
      [read, name](const std::string& text) {
        if (!read(text)) throw CLI::ValidationError(name, "not a time: " + text);
      },
      description);
}

}  // namespace

void add_get_options(CLI::App& command, GetArguments& a) {
  command.add_option("URL", a.url, "What to fetch; http:// may be left out")->required()->type_name("");
  command.add_option("-X,--request", a.method, "Method, instead of GET, HEAD or POST")->type_name("METHOD");
  command.add_option("-H,--header", a.headers, "Header field \"Name: value\"; several times for several")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  CLI::Option* data =
      command.add_option("-d,--data", a.data, "Body of a POST: a form; several are joined by &; @FILE: its content")
          ->type_name("TEXT")
          ->allow_extra_args(false);
  CLI::Option* json = command.add_option("--json-body", a.json_body, "Body of a POST: JSON; @FILE: its content")
                          ->type_name("TEXT")
                          ->excludes(data);
  command.add_option("-F,--form", a.form, "Part of a form with files: name=value, name=@FILE, name=@FILE;type=TYPE")
      ->type_name("PART")
      ->allow_extra_args(false)
      ->excludes(data)
      ->excludes(json);
  CLI::Option* user =
      command.add_option("-u,--user", a.user, "Credentials, for this origin alone")->type_name("USER:PASSWORD");
  command.add_flag("--digest", a.digest, "Prove the password (digest authentication) instead of sending it")
      ->needs(user);
  command
      .add_option("-x,--proxy", a.proxy, "Through this proxy: http, https, socks5 or socks5h; else the environment's")
      ->type_name("URL");
  command.add_option("--resolve", a.resolve, "Where a host is: HOST:PORT:ADDRESS[,ADDRESS]; * for any; several times")
      ->type_name("WHERE")
      ->allow_extra_args(false);
  command.add_option("--interface", a.interface, "Through this network interface, or from this address")
      ->type_name("NAME");
  command
      .add_option("--alt-svc", a.alt_svc, "Go where servers say that they are, too (Alt-Svc); FILE keeps it, as curl's")
      ->type_name("FILE");
  CLI::Option* output =
      command.add_option("-o,--output", a.output, "Write the body to FILE; - for standard output")->type_name("FILE");
  command.add_flag("-O,--remote-name", a.remote_name, "Write the body to a file named as the URL's last segment")
      ->excludes(output);
  command.add_flag("-C,--continue", a.resume, "Go on where the file ends, if the server has the rest");
  command.add_flag("-I,--head", a.head, "Fetch the head alone, and write it");
  command.add_flag("-i,--include", a.include, "Write the head before the body");
  command.add_flag("--no-follow", a.no_follow, "Do not follow redirects");
  command.add_option("--max-redirects", a.max_redirects, "Redirects followed at most")
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--raw", a.raw, "Do not ask for compression, and write the body as it comes");
  command.add_flag("-k,--insecure", a.insecure, "Believe any certificate");
  command.add_option("--cacert", a.authorities, "PEM file of the authorities to believe")->type_name("FILE");
  add_duration(command, "-m,--max-time", a.max_time, "Time for the whole, such as 90s, 5m; none unless set")
      ->type_name("TIME");
  add_duration(command, "--connect-timeout", a.connect_timeout, "Time for a connection")->type_name("TIME");
  command.add_option("--retry", a.retries, "Further attempts after failures that may pass")
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("-f,--fail", a.fail, "Exit code 22 and no body for a status of 400 or more");
  command.add_flag("--json", a.json,
                   "Write what happened as a JSON object: on standard output with -o, else on standard error");
  command.add_flag("-v,--verbose", a.verbose, "Tell heads and times on standard error");
  command.add_flag("-q,--quiet", a.quiet, "No progress and no errors on standard error");
}

void complete_get_arguments(GetArguments& a) {
  a.url = with_scheme(a.url);
  const auto url = http::Url::try_parse(a.url);
  if (!url || (url->scheme() != "http" && url->scheme() != "https"))
    throw ValueError("not a URL of http or https: " + a.url);
  if (a.remote_name) {
    const std::string_view path = url->path();
    a.output = path.substr(path.rfind('/') + 1);
    if (a.output.empty() || a.output == "." || a.output == "..")
      throw ValueError("-O: the URL names no file: " + a.url);
  }
  if (a.output == "-") a.output.clear();
  if (a.resume && a.output.empty()) throw ValueError("-C: to which file? -o or -O says");
}

http::SessionOptions session_options(const GetArguments& a) {
  http::SessionOptions options;
  options.timeout.total = a.max_time;
  if (a.connect_timeout) options.timeout.connect = options.timeout.sock_connect = a.connect_timeout;
  options.max_redirects = a.max_redirects;
  options.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
  options.decode.decoded_bytes = std::numeric_limits<std::uint64_t>::max();
  options.auto_decompress = !a.raw && !a.resume;  // a part of a compressed file cannot be undone
  options.trust_env = true;
  if (!a.proxy.empty()) {
    options.proxy = http::Url::try_parse(with_scheme(a.proxy));
    if (!options.proxy) throw ValueError("--proxy: not a URL: " + a.proxy);
  }
  for (const std::string& where : a.resolve) add_host(options, where);
  if (!SocketAddress::parse_ip(a.interface, 0, options.local_address)) options.interface = a.interface;
  if (!a.alt_svc.empty()) {
    options.alt_svc = std::make_shared<http::AltSvcStore>();
    options.alt_svc->load(a.alt_svc);
  }
  if (a.retries > 0) options.retry = http::RetryPolicy(a.retries + 1);
  if (a.insecure || !a.authorities.empty()) {
    options.ssl = TlsContext::client();
    if (!a.authorities.empty()) {
      options.ssl.forget_verify_locations();
      options.ssl.load_verify_locations(a.authorities);
    }
    if (a.insecure) {
      options.ssl.set_check_hostname(false);
      options.ssl.set_verify_mode(TlsVerifyMode::kNone);
    }
  }
  return options;
}

http::Request make_request(http::Session& session, const GetArguments& a) {
  const bool has_body = !a.data.empty() || a.json_body || !a.form.empty();
  const std::string method = !a.method.empty() ? a.method : a.head ? "HEAD" : has_body ? "POST" : "GET";
  http::Request request = session.request(method, a.url);
  if (a.no_follow) request = std::move(request).allow_redirects(false);
  if (!a.data.empty()) {
    std::string body;
    for (const std::string& piece : a.data) body.append(body.empty() ? "" : "&").append(content_of(piece));
    request = std::move(request).header("Content-Type", "application/x-www-form-urlencoded").body(std::move(body));
  } else if (a.json_body) {
    request = std::move(request).header("Content-Type", "application/json").body(content_of(*a.json_body));
  } else if (!a.form.empty()) {
    http::Multipart form;
    for (const std::string& part : a.form) add_part(form, part);
    request = std::move(request).multipart(std::move(form));
  }
  if (!a.user.empty()) {
    const std::size_t colon = std::min(a.user.find(':'), a.user.size());
    const std::string password = colon < a.user.size() ? a.user.substr(colon + 1) : std::string();
    const std::string name = a.user.substr(0, colon);
    request = a.digest ? std::move(request).digest_auth(http::DigestAuth(name, password))
                       : std::move(request).basic_auth(name, password);
  }
  for (const std::string& field : a.headers) {
    const std::size_t colon = field.find(':');
    if (colon == std::string::npos) throw ValueError("--header: no ':' in " + field);
    request = std::move(request).header(field.substr(0, colon), field.substr(colon + 1));
  }
  return request;
}

}  // namespace corolla::app
