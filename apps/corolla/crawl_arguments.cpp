// SPDX-License-Identifier: Apache-2.0
#include "corolla/crawl_arguments.hpp"

#include <corolla/http/session.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/error.hpp>

#include "corolla/units.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

namespace corolla::app {
namespace {

constexpr std::size_t kHelpWidth = 84;  // of a description

// Checks whose own words stay out of the table of options.
CLI::Validator one_of(std::vector<std::string> names) { return CLI::IsMember(std::move(names)).description(""); }
CLI::Validator between(int least, int most) { return CLI::Range(least, most).description(""); }

// Breaks lines at spaces.
std::string wrapped(std::string text) {
  std::size_t line = 0;
  std::size_t space = std::string::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') space = i;
    if (i - line < kHelpWidth || space == std::string::npos) continue;
    text[space] = '\n';
    line = space + 1;
    space = std::string::npos;
  }
  return text;
}

template <class Store>
CLI::Option* add_duration(CLI::App& command, const std::string& names, const std::string& text, Store store) {
  return command
      .add_option_function<std::string>(
          names,
          [names, store](const std::string& value) {
            const auto duration = parse_duration(value);
            if (!duration) throw CLI::ValidationError(names, "not a duration such as 1.5, 250ms, 2m or 1h: " + value);
            store(*duration);
          },
          text)
      ->type_name("TIME");
}

template <class Store>
CLI::Option* add_size(CLI::App& command, const std::string& names, const std::string& text, Store store) {
  return command
      .add_option_function<std::string>(
          names,
          [names, store](const std::string& value) {
            const auto size = parse_size(value);
            if (!size) throw CLI::ValidationError(names, "not a size such as 4096, 64k, 10M or 1GiB: " + value);
            store(*size);
          },
          text)
      ->type_name("SIZE");
}

void add_results(CLI::App& command, CrawlArguments& a) {
  const std::string group = "What is extracted, and where it goes";
  command
      .add_option(
          "-F,--field", a.fields,
          "Extract a field from each HTML page: NAME=css:SELECTOR, NAME=xpath:PATH or NAME=re:REGEX; NAME[]= takes all "
          "matches. May be repeated")
      ->type_name("NAME=KIND:EXPR")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option(
          "--db", a.database,
          "SQLite file for pages and items; one that is there is continued. Default: HOST.sqlite, after the first URL")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--jsonl", a.options.json_lines,
                  "Also write a JSON object a line for each item (without fields: for each page); - is standard output")
      ->type_name("FILE")
      ->group(group);
  command.add_flag("--save-bodies", a.options.save_bodies, "Keep the bodies, in the database")->group(group);
  command.add_flag("--fresh", a.fresh, "Start over: forget what the database holds")->group(group);
  command.add_flag("--retry-failed", a.options.retry_failed, "Try again what failed in earlier runs")->group(group);
  command.add_flag("--power-safe", a.options.power_safe, "Wait for the disk at each commit")->group(group);
}

void add_selection(CLI::App& command, CrawlArguments& a) {
  const std::string group = "Which pages";
  command.add_option("--seeds", a.seeds_file, "Read more URLs to start from, one a line; - is standard input")
      ->type_name("FILE")
      ->group(group);
  command.add_option("-l,--depth", a.depth, "Follow links this many steps from the start; 0: none. Default: no limit")
      ->type_name("N")
      ->group(group);
  command
      .add_option("--scope", a.scope,
                  "host: the hosts of the URLs given (default); domain: also what is below them; all: every host")
      ->type_name("WHICH")
      ->check(one_of({"host", "domain", "all"}))
      ->group(group);
  command.add_option("--domain", a.options.scope.domains, "Stay within this domain and all below it. May be repeated")
      ->type_name("DOMAIN")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--prefix", a.options.scope.prefixes, "Only URLs that begin with this one. May be repeated")
      ->type_name("URL")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--include", a.options.scope.include, "Only URLs in which this is found (RE2). May be repeated")
      ->type_name("REGEX")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--exclude", a.options.scope.exclude, "No URLs in which this is found (RE2). May be repeated")
      ->type_name("REGEX")
      ->allow_extra_args(false)
      ->group(group);
  command.add_flag("--no-parent", a.options.scope.no_parent, "Never above the directory of a URL given")->group(group);
  command.add_flag("--no-requisites", a.no_requisites, "Do not fetch images, scripts and style sheets")->group(group);
  command.add_flag("--no-robots", a.no_robots, "Do not ask for robots.txt, ignore meta robots")->group(group);
  command.add_option("--order", a.order, "breadth (default) or depth first")
      ->type_name("WHICH")
      ->check(one_of({"breadth", "depth"}))
      ->group(group);
}

void add_limits(CLI::App& command, CrawlArguments& a) {
  const std::string group = "How much, how fast";
  command.add_option("--max-pages", a.options.frontier.max_pages, "Fetch at most this many, earlier runs included")
      ->type_name("N")
      ->group(group);
  command.add_option("--max-pages-per-host", a.options.frontier.max_pages_per_host, "The same for each host")
      ->type_name("N")
      ->group(group);
  add_duration(command, "--max-time", "Stop after this time; the same command goes on later", [&a](auto time) {
    a.options.max_time = time;
  })->group(group);
  add_size(command, "--max-bytes", "Stop after this much was received", [&a](auto size) {
    a.options.max_bytes = size;
  })->group(group);
  command.add_option("-c,--concurrency", a.options.concurrency, "Requests at a time (64)")
      ->type_name("N")
      ->check(between(1, 100'000))
      ->group(group);
  command.add_option("--per-host", a.options.frontier.per_host, "Requests to one host at a time (8)")
      ->type_name("N")
      ->check(between(1, 100'000))
      ->group(group);
  add_duration(command, "--delay", "Least time between two requests to one host (0)", [&a](auto time) {
    a.options.frontier.delay = time;
  })->group(group);
}

void add_requests(CLI::App& command, CrawlArguments& a) {
  const std::string group = "Requests";
  add_duration(command, "-T,--timeout", "Give up when nothing arrives for this long (30s)", [&a](auto time) {
    a.options.timeouts.read = time;
  })->group(group);
  add_duration(command, "--connect-timeout", "Give up connecting after this long (10s)", [&a](auto time) {
    a.options.timeouts.connect = time;
  })->group(group);
  add_duration(command, "--page-timeout", "Give up on a page after this long (2m)", [&a](auto time) {
    a.options.timeouts.total = time;
  })->group(group);
  command.add_option("-t,--retries", a.retries, "Try again this often after a failure that may pass (2)")
      ->type_name("N")
      ->check(between(0, 1000))
      ->group(group);
  add_duration(command, "--retry-wait", "Longest wait before the first retry; it doubles each time (500ms)",
               [&a](auto time) {
                 a.options.retry.base = std::chrono::ceil<std::chrono::milliseconds>(time);
                 a.options.retry.cap = std::max(a.options.retry.cap, a.options.retry.base);
               })
      ->group(group);
  command
      .add_option("-A,--user-agent", a.options.user_agent, "User-Agent; its name up to / is looked for in robots.txt")
      ->type_name("TEXT")
      ->group(group);
  command.add_option("-H,--header", a.headers, "Send this with each request. May be repeated")
      ->type_name("NAME: VALUE")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--cacert", a.authorities, "PEM file of the authorities to believe, instead of the system's")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--cert", a.certificate, "PEM file of the certificate for servers that ask for one")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--key", a.key, "PEM file of its private key, if that is not in the certificate's file")
      ->type_name("FILE")
      ->group(group);
  command.add_flag("-k,--insecure", a.insecure, "Take any certificate of a server, whoever it belongs to")
      ->group(group);
  command
      .add_option("-x,--proxy", a.proxy,
                  "Through this proxy: http, https, socks5 or socks5h (it looks names up). Without it: "
                  "http_proxy, https_proxy, all_proxy of the environment")
      ->type_name("URL")
      ->group(group);
  command
      .add_option("--no-proxy", a.options.no_proxy, "Not for these: names, networks; * for all. Without it: no_proxy")
      ->type_name("LIST")
      ->group(group);
  command.add_option("--load-cookies", a.cookies_before, "Begin with the cookies of this file, a cookies.txt")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--save-cookies", a.cookies_after, "Write the cookies to this file at the end")
      ->type_name("FILE")
      ->group(group);
  command.add_flag("--no-cookies", a.no_cookies, "Neither keep nor send cookies")->group(group);
  add_size(command, "--max-body", "A larger body is a failure, compressed or not (32MiB)", [&a](auto size) {
    a.options.max_body_bytes = size;
  })->group(group);
  command.add_option("--max-redirects", a.options.max_redirects, "Longer chains of redirections are failures (10)")
      ->type_name("N")
      ->group(group);
}

void add_output(CLI::App& command, CrawlArguments& a) {
  const std::string group = "What is shown";
  command.add_flag("-q,--quiet", a.quiet, "Nothing but what ends the crawl")->group(group);
  command.add_flag("-v,--verbose", a.verbosity, "A line for each page")->group(group);
  command.add_flag("--json", a.json_summary, "The summary as one JSON object on standard output")->group(group);
  command.add_flag("--progress", a.progress, "Show progress even with --quiet")->group(group);
  command.add_flag("--no-progress", a.no_progress, "Show no progress")->group(group);
  command.add_option("--log-format", a.log_format, "text (default) or json: how lines on standard error look")
      ->type_name("FORMAT")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, LogFormat>{{"text", LogFormat::kText}, {"json", LogFormat::kJson}})
                      .description(""))
      ->group(group);
  command.add_option("--seed", a.seed, "Seed of all that is random, the waits before retries")
      ->type_name("N")
      ->group(group);
}

// A host without a scheme is what people type.
void read_seeds(CrawlArguments& a) {
  for (const std::string& url : a.urls) a.options.seeds.push_back(with_scheme(url));
  if (a.seeds_file.empty()) return;
  std::ifstream file;
  if (a.seeds_file != "-") {
    file.open(a.seeds_file);
    if (!file) throw ValueError("--seeds: cannot read " + a.seeds_file);
  }
  std::istream& input = a.seeds_file == "-" ? std::cin : file;
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const std::string url = with_scheme(line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1));
    if (!http::Url::try_parse(url))
      throw ValueError((a.seeds_file == "-" ? "standard input" : a.seeds_file) + ", line " + std::to_string(number) +
                       ": not a URL: " + url);
    a.options.seeds.push_back(url);
  }
}

void read_headers(CrawlArguments& a) {
  for (const std::string& header : a.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos) throw ValueError("--header: no colon in \"" + header + "\"");
    a.options.headers.add(header.substr(0, colon), header.substr(colon + 1));
  }
}

void read_tls(CrawlArguments& a) {
  if (!a.key.empty() && a.certificate.empty()) throw ValueError("--key: there is no --cert");
  if (a.authorities.empty() && a.certificate.empty() && !a.insecure) return;
  TlsContext context = TlsContext::client();
  const char* option = "--cacert: ";
  try {
    if (!a.authorities.empty()) {
      context.forget_verify_locations();
      context.load_verify_locations(a.authorities);
    }
    option = "--cert: ";
    if (!a.certificate.empty()) context.load_cert_chain(a.certificate, a.key);
  } catch (const Error& error) {
    throw ValueError(option + std::string(error.what()));
  }
  if (a.insecure) {
    context.set_check_hostname(false);
    context.set_verify_mode(TlsVerifyMode::kNone);
  }
  a.options.ssl = context;
}

void read_proxy(CrawlArguments& a) {
  a.options.trust_env = true;
  if (!a.proxy.empty()) {
    const auto url = http::Url::try_parse(with_scheme(a.proxy));
    if (!url) throw ValueError("--proxy: not a URL: " + a.proxy);
    a.options.proxy = *url;
  }
  http::SessionOptions rules;
  rules.proxy = a.options.proxy;
  rules.trust_env = true;
  const http::Session session(rules);  // throws for a URL that is no proxy's, the environment's too
}

void read_cookies(CrawlArguments& a) {
  a.options.use_cookies = !a.no_cookies;
  if (a.no_cookies && (!a.cookies_before.empty() || !a.cookies_after.empty()))
    throw ValueError("--no-cookies: there are files of them");
  a.options.cookie_jar = std::make_shared<http::CookieJar>();
  if (a.cookies_before.empty()) return;
  try {
    if (!std::filesystem::exists(a.cookies_before)) throw ValueError("no such file: " + a.cookies_before);
    a.options.cookie_jar->load(a.cookies_before);
  } catch (const Error& error) {
    throw ValueError("--load-cookies: " + std::string(error.what()));
  }
}

std::string file_name_for(const http::Url& url) {
  std::string name(url.hostname());
  if (const auto port = url.port()) name += "_" + std::to_string(*port);
  for (char& c : name)
    if (c == ':' || c == '/') c = '_';
  return name + ".sqlite";
}

}  // namespace

void add_crawl_options(CLI::App& command, CrawlArguments& arguments) {
  arguments.options.frontier.per_host = 8;
  command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // of one that takes a single value
  command.add_option("URL", arguments.urls, "Where to start; http:// may be left out");
  add_results(command, arguments);
  add_selection(command, arguments);
  add_limits(command, arguments);
  add_requests(command, arguments);
  add_output(command, arguments);
  for (CLI::Option* option : command.get_options()) option->description(wrapped(option->get_description()));
}

void complete_options(CrawlArguments& a) {
  crawl::CrawlOptions& options = a.options;
  read_seeds(a);
  if (options.seeds.empty()) throw ValueError("no URL to start from; see corolla crawl --help");
  read_headers(a);
  read_tls(a);
  read_proxy(a);
  read_cookies(a);
  for (const std::string& field : a.fields) options.fields.push_back(crawl::FieldSpec::parse(field));
  const http::Url first = http::Url::parse(options.seeds.front());
  options.database = a.database.value_or(file_name_for(first));
  options.scope.max_depth = a.depth;
  options.scope.any_host = a.scope == "all";
  if (a.scope == "domain")
    for (const std::string& seed : options.seeds) options.scope.domains.emplace_back(http::Url::parse(seed).hostname());
  options.requisites = !a.no_requisites;
  options.robots.obey = !a.no_robots;
  options.frontier.order = a.order == "depth" ? crawl::Order::kDepthFirst : crawl::Order::kBreadthFirst;
  options.retry.attempts = a.retries + 1;
  // Also the seed of the fingerprints by which URLs are known: nobody outside should be able to guess it.
  options.retry.seed = a.seed ? *a.seed : (std::uint64_t{std::random_device()()} << 32U) ^ std::random_device()();
  options.frontier.seed = options.retry.seed;
}

}  // namespace corolla::app
