// SPDX-License-Identifier: Apache-2.0
// Forms and multipart bodies through a server and a client. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/form_data.hpp>
#include <corolla/http/multipart.hpp>
#include <corolla/http/multipart_reader.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace corolla_tests {
namespace {

using http::FormData;
using http::FormField;
using http::Multipart;

class FormDataTest : public ServerTest {};

/// Every field as "name=value" or "name@filename(type)=content", "!" behind what came from the disk.
Coro<ServerResponse> tell_form(ServerRequest& request, http::FormOptions options) {
  request.set_max_body_bytes(10'000'000);
  auto reading = request.post(options);
  const FormData form = co_await std::move(reading);
  std::string told;
  for (const FormField& field : form.fields()) {
    auto content_reading = field.read();
    const std::string content = co_await std::move(content_reading);
    told += field.name();
    if (field.is_file()) told += "@" + *field.filename() + "(" + field.content_type() + ")";
    told += "=" + (content.size() > 100 ? std::to_string(content.size()) : content);
    EXPECT_EQ(field.size(), content.size());
    if (field.is_spooled()) told += "!";
    told += "|";
  }
  co_return ServerResponse(200, told);
}

http::RequestHandler form_teller(http::FormOptions options = {}) {
  return [options](ServerRequest& request) { return tell_form(request, options); };
}

TEST_F(FormDataTest, BothKindsOfForms) {
  run_test([this]() -> Coro<void> {
    http::FormOptions small;
    small.spool_size = 1000;
    Application app;
    app.add_post("/", form_teller(small));
    auto client = co_await http::test_client(app);
    auto plain = co_await client.post("/").form("a b", "1&2=3").form("a b", "").form("\xC3\xA9", "+%").form("", "x");
    const std::string told = co_await plain.text();
    EXPECT_EQ(told, "a b=1&2=3|a b=|\xC3\xA9=+%|=x|");

    Multipart form;
    form.field("title", "Holidays \"1\"\r\nof 2").bytes("note", "note.txt", "with love", "text/x-note");
    form.bytes("exact", "exact", std::string(1000, 'x')).bytes("large", "large.bin", std::string(3'000'000, 'y'));
    form.field("last", "");
    auto multipart = co_await client.post("/").multipart(std::move(form));
    const std::string parts = co_await multipart.text();
    EXPECT_EQ(parts,
              "title=Holidays \"1\"\r\nof 2|note@note.txt(text/x-note)=with love|"
              "exact@exact(application/octet-stream)=1000|large@large.bin(application/octet-stream)=3000000!|last=|");
    EXPECT_TRUE(reports.empty());
    co_await client.close();
  });
}

TEST_F(FormDataTest, FilesAreSavedFromMemoryAndDisk) {
  const auto directory = std::filesystem::temp_directory_path() / ("corolla-form-" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  std::string large;
  for (int i = 0; large.size() < 700'000; ++i) large += std::to_string(i);
  run_test([&]() -> Coro<void> {
    Application app;
    app.add_post("/", [&](ServerRequest& request) -> Coro<ServerResponse> {
      request.set_max_body_bytes(10'000'000);
      auto reading = request.post();
      const FormData form = co_await std::move(reading);
      for (const char* name : {"small", "large"}) {
        const FormField* field = form.find(name);
        auto saving = field->save((directory / name).string());
        co_await std::move(saving);
        EXPECT_EQ(field->is_spooled(), std::string_view(name) == "large");
      }
      auto again = form.find("small")->save((directory / "large").string());
      const auto refused = co_await outcome(std::move(again));
      EXPECT_FALSE(refused) << "there is one of this name";
      auto middle = form.find("large")->read(300'000, 5);
      const std::string bytes = co_await std::move(middle);
      EXPECT_EQ(bytes, large.substr(300'000, 5));
      EXPECT_EQ(form.find("none"), nullptr);
      EXPECT_EQ(form.value("field", ""), "value");
      EXPECT_EQ(form.value("small", "no field"), "no field");
      EXPECT_EQ(form.values("field").size(), 2U);
      co_return ServerResponse(204);
    });
    auto client = co_await http::test_client(app);
    Multipart form;
    form.bytes("small", "s", "small").bytes("large", "l", large).field("field", "value").field("field", "2");
    auto response = co_await client.post("/").multipart(std::move(form));
    EXPECT_EQ(response.status(), 204);
    co_await client.close();
  });
  for (const auto& [name, content] : {std::pair<std::string, std::string>{"small", "small"}, {"large", large}}) {
    std::ifstream file(directory / name, std::ios::binary);
    const bool same = std::string(std::istreambuf_iterator<char>(file), {}) == content;
    EXPECT_TRUE(same) << name;
  }
  std::filesystem::remove_all(directory);
}

TEST_F(FormDataTest, WhatIsRefused) {
  run_test([this]() -> Coro<void> {
    http::FormOptions limits;
    limits.text_bytes = 20;
    limits.multipart.parts = 3;
    limits.multipart.header_bytes = 100;
    Application app;
    app.add_post("/", form_teller(limits));
    auto client = co_await http::test_client(app);
    const auto status = [&](std::string type, std::string body) -> Coro<int> {
      auto response = co_await client.post("/").header("Content-Type", type).body(std::move(body));
      co_return response.status();
    };
    const std::string form = "application/x-www-form-urlencoded";
    const std::string parts = "multipart/form-data; boundary=b";
    const std::string field = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    struct Case {
      std::string type;
      std::string body;
      int status;
    };
    const std::vector<Case> cases = {
        {form, "a=1&b=2&c=3", 200},
        {form, "a=1&b=2&c=3&d=4", 413},
        {form, "a=1234567890123456789", 413},
        {"text/plain", "a=1", 415},
        {"", "a=1", 415},
        {parts, field + "1\r\n--b--", 200},
        {parts, field + "1234567890123456789012\r\n--b--", 413},
        {parts, field + "1\r\n" + field + "1\r\n" + field + "1\r\n" + field + "1\r\n--b--", 413},
        {parts, "--b\r\nX: " + std::string(200, 'x') + "\r\n\r\n1\r\n--b--", 413},
        {parts, field + "1\r\n--b", 400},
        {parts, "", 400},
        {"multipart/form-data", field + "1\r\n--b--", 400},
        {"multipart/form-data; boundary=" + std::string(71, 'b'), "", 400},
    };
    for (const Case& c : cases) {
      const int answered = co_await status(c.type, c.body);
      EXPECT_EQ(answered, c.status) << c.type << '\n' << c.body;
    }
    EXPECT_TRUE(reports.empty());
    co_await client.close();
  });
}

// Part by part, on either side: what is left of one is skipped, parts have parts, and one that is over cannot be read.
Coro<void> read_parts(http::MultipartReader reader) {
  auto first = co_await reader.next();
  if (!first) throw RuntimeError("no part");
  EXPECT_EQ(first->name(), "document");
  const nlohmann::json document = co_await first->json();
  EXPECT_EQ(document["a"], 1);
  const std::string nothing = co_await first->read();
  EXPECT_EQ(nothing, "");
  auto skipped = co_await reader.next();
  EXPECT_EQ(skipped->filename(), "skipped.bin");
  auto latin = co_await reader.next();
  const auto stale = co_await outcome(skipped->read());
  EXPECT_FALSE(stale);
  const std::string text = co_await latin->text();
  EXPECT_EQ(text, "caf\xC3\xA9");
  EXPECT_EQ(latin->content_type(), "text/plain; charset=iso-8859-1");
  auto nested = co_await reader.next();
  http::MultipartReader inner = nested->multipart();
  std::string contents;
  for (;;) {
    auto part = co_await inner.next();
    if (!part) break;
    contents += co_await part->read();
    contents += '|';
  }
  EXPECT_EQ(contents, "one|two|");
  const auto end = co_await reader.next();
  EXPECT_FALSE(end);
}

std::string mixed_body() {
  return "--outer\r\nContent-Disposition: form-data; name=document\r\nContent-Type: application/json\r\n\r\n{\"a\": 1}"
         "\r\n--outer\r\nContent-Disposition: form-data; name=s; filename=skipped.bin\r\n\r\n" +
         std::string(300'000, 's') +
         "\r\n--outer\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xE9"
         "\r\n--outer\r\nContent-Type: multipart/mixed; boundary=\"in ner\"\r\n\r\n"
         "--in ner\r\n\r\none\r\n--in ner\r\n\r\ntwo\r\n--in ner--\r\nepilogue"
         "\r\n--outer--\r\nepilogue";
}

TEST_F(FormDataTest, PartByPartOnBothSides) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_post("/", [](ServerRequest& request) -> Coro<ServerResponse> {
      auto reading = read_parts(request.multipart());
      co_await std::move(reading);
      co_return ServerResponse(200, mixed_body(), "multipart/mixed; boundary=outer");
    });
    app.add_post("/deep", [](ServerRequest& request) -> Coro<ServerResponse> {
      http::MultipartReader reader = request.multipart();
      for (;;) {
        auto part = co_await reader.next();
        if (!part) throw http::HttpError(500);
        reader = part->multipart();
      }
    });
    auto client = co_await http::test_client(app);
    auto response =
        co_await client.post("/").header("Content-Type", "multipart/form-data; boundary=outer").body(mixed_body());
    EXPECT_EQ(response.status(), 200);
    auto reading = read_parts(response.multipart());
    co_await std::move(reading);
    EXPECT_TRUE(response.complete()) << "the connection may be used again";
    std::string deep;
    for (const char* boundary : {"b", "c", "d", "e", "f"})
      deep += "--" + std::string(1, static_cast<char>(boundary[0] - 1)) +
              "\r\nContent-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n";
    auto refused = co_await client.post("/deep").header("Content-Type", "multipart/mixed; boundary=a").body(deep);
    EXPECT_EQ(refused.status(), 400);
    auto other = co_await client.post("/deep").header("Content-Type", "text/plain").body("x");
    EXPECT_EQ(other.status(), 400);
    EXPECT_TRUE(reports.empty());
    EXPECT_THROW(static_cast<void>(other.multipart()), http::HttpProtocolError) << "an answer that is HTML";
    co_await client.close();
  });
}

}  // namespace
}  // namespace corolla_tests
