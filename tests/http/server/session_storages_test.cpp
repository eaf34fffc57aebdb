// SPDX-License-Identifier: Apache-2.0
// MemoryStorage and EncryptedCookieStorage by themselves, on a virtual clock.
#include "tests/http/server/sessions_test.hpp"
#include "tests/support/runtime_test.hpp"

#include "http/base64.hpp"

#include <set>

#include <openssl/err.h>

namespace corolla_tests {
namespace {

using http::MemoryStorageOptions;

class SessionsStorageTest : public RuntimeTest {
 protected:
  static SessionRecord record_of(std::string identity, std::string values = R"({"a":1})") {
    SessionRecord record;
    record.identity = std::move(identity);
    record.values = std::move(values);
    record.created = sessions_now();
    return record;
  }
  std::optional<std::string> save(SessionStorage& storage, SessionRecord record) {
    return run(storage.save(cookie, std::move(record)));
  }
  std::optional<SessionRecord> load(SessionStorage& storage, std::string value) {
    return run(storage.load(cookie, std::move(value)));
  }
  bool has(SessionStorage& storage, std::string value) { return load(storage, std::move(value)).has_value(); }

  SessionCookie cookie;
};

TEST_F(SessionsStorageTest, MemoryIsBoundedAndTheOneUnusedLongestLeaves) {
  MemoryStorageOptions options;
  options.max_sessions = 3;
  MemoryStorage storage(options);
  for (const char* identity : {"a", "b", "c"}) EXPECT_EQ(save(storage, record_of(identity)), identity);
  EXPECT_TRUE(has(storage, "a"));  // "b" is the oldest now
  EXPECT_TRUE(save(storage, record_of("d")));
  EXPECT_EQ(storage.size(), 3U);
  EXPECT_FALSE(has(storage, "b"));
  SessionRecord changed = *load(storage, "c");
  EXPECT_FALSE(changed.is_new);
  changed.values = R"({"c":2})";
  EXPECT_TRUE(save(storage, changed)) << "in its place: nobody leaves for it";
  EXPECT_EQ(storage.size(), 3U);
  EXPECT_EQ(load(storage, "c")->values, R"({"c":2})");
  for (int i = 0; i < 1000; ++i) save(storage, record_of("x" + std::to_string(i)));
  EXPECT_EQ(storage.size(), 3U);
  EXPECT_TRUE(has(storage, "x997"));
  storage.clear();
  EXPECT_EQ(storage.size(), 0U);
  EXPECT_FALSE(has(storage, "x997"));
}

TEST_F(SessionsStorageTest, IdleOnesEndOnTheLoopsClock) {
  MemoryStorageOptions options;
  options.idle_timeout = 10min;
  MemoryStorage storage(options);
  save(storage, record_of("used"));
  save(storage, record_of("idle"));
  for (int i = 0; i < 5; ++i) {
    clock().advance(i == 4 ? 1ns : 4min);
    EXPECT_TRUE(has(storage, "used"));
  }
  EXPECT_EQ(storage.size(), 1U) << "the idle one left when somebody came";
  EXPECT_FALSE(has(storage, "idle"));
  clock().advance(10min - 1ns);
  EXPECT_TRUE(save(storage, *load(storage, "used")));
  clock().advance(10min);
  EXPECT_FALSE(has(storage, "used"));
  options.idle_timeout = std::chrono::nanoseconds::max();
  MemoryStorage for_ever(options);
  save(for_ever, record_of("a"));
  clock().advance(100 * 365 * 24h);
  EXPECT_TRUE(has(for_ever, "a"));
}

TEST_F(SessionsStorageTest, MemoryTakesNothingBackThatWasRemoved) {
  MemoryStorage storage;
  save(storage, record_of("a"));
  const auto held = load(storage, "a");
  run(storage.remove("a"));
  run(storage.remove("never there"));
  EXPECT_EQ(save(storage, *held), std::nullopt);
  EXPECT_EQ(storage.size(), 0U);
  MemoryStorageOptions nothing;
  nothing.max_sessions = 0;
  EXPECT_THROW(MemoryStorage{nothing}, ValueError);
  for (const auto idle : {0ns, -1ns}) {
    MemoryStorageOptions none;
    none.idle_timeout = idle;
    EXPECT_THROW(MemoryStorage{none}, ValueError);
  }
}

TEST_F(SessionsStorageTest, EncryptedOnesComeBackAsTheyWere) {
  EncryptedCookieStorage storage({EncryptedCookieStorage::generate_key()});
  std::set<std::string> values;
  for (int i = 0; i < 100; ++i) {
    SessionRecord record = record_of("identity", R"({"secret":"Ann"})");
    if (i % 2 == 1) record.max_age = 5h;
    const auto value = save(storage, record);
    EXPECT_TRUE(value && values.insert(*value).second) << "a nonce of its own";
    const auto back = load(storage, *value);
    EXPECT_TRUE(back);
    if (!back) continue;
    EXPECT_EQ(back->identity, record.identity);
    EXPECT_EQ(back->values, record.values);
    EXPECT_EQ(back->created, record.created);
    EXPECT_EQ(back->max_age, record.max_age);
    EXPECT_FALSE(back->is_new);
    const auto bytes = http::base64url_decode(*value);
    for (const char* text : {"secret", "Ann", "identity"}) EXPECT_EQ(bytes->find(text), std::string::npos) << text;
  }
  SessionRecord ancient = record_of("", "{}");
  ancient.created = std::chrono::sys_seconds(-1s);
  EXPECT_EQ(load(storage, *save(storage, ancient))->created, ancient.created);
  for (const auto age : {1s, std::chrono::seconds::max()}) {
    ancient.max_age = age;
    EXPECT_EQ(ancient.expires(cookie), ancient.created + age);
    EXPECT_EQ(record_of("").expires(cookie), std::nullopt);
  }
  SessionRecord eternal = record_of("");
  eternal.max_age = std::chrono::seconds::max();
  EXPECT_EQ(eternal.expires(cookie), std::nullopt) << "there is no such time";
  EXPECT_THROW(save(storage, record_of(std::string(256, 'i'))), ValueError);
}

TEST_F(SessionsStorageTest, EachByteOfACookieCounts) {
  EncryptedCookieStorage storage({EncryptedCookieStorage::generate_key()});
  ERR_clear_error();
  // Three lengths, so that the last digit has none, two and four bits that no byte needs.
  for (const char* values : {R"({"a":1})", R"({"a":12})", R"({"a":123})"}) {
    const std::string good = *save(storage, record_of("identity", values));
    EXPECT_TRUE(has(storage, good));
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string forged = good;
      for (int other = 0; other < 256; ++other) {
        forged[at] = static_cast<char>(other);
        EXPECT_EQ(has(storage, forged), forged == good) << at << ' ' << other;
      }
      EXPECT_FALSE(has(storage, good.substr(0, at))) << at;
      EXPECT_FALSE(has(storage, good.substr(at + 1))) << at;
      EXPECT_FALSE(has(storage, good.substr(0, at) + good.substr(at + 1))) << at;
    }
    for (const char* more : {"A", "AA", "AAAA", "=", "==", " ", "\n"}) EXPECT_FALSE(has(storage, good + more)) << more;
  }
  EXPECT_EQ(ERR_peek_error(), 0UL) << "a connection of TLS would take it for its own";
  EXPECT_FALSE(has(storage, ""));
  EXPECT_FALSE(has(storage, std::string(100'000, 'A')));
}

TEST_F(SessionsStorageTest, ACookieDoesNotPassForOneOfAnotherName) {
  const std::string key = EncryptedCookieStorage::generate_key();
  EncryptedCookieStorage storage({key});
  const std::string value = *save(storage, record_of("identity"));
  cookie.name = "ADMIN_SESSION";
  EXPECT_FALSE(has(storage, value));
  cookie = SessionCookie();
  EncryptedCookieStorage elsewhere({key});
  EXPECT_TRUE(has(elsewhere, value)) << "any process that has the key";
}

TEST_F(SessionsStorageTest, KeysRotate) {
  const std::string first = EncryptedCookieStorage::generate_key();
  const std::string second = EncryptedCookieStorage::generate_key();
  EXPECT_EQ(first.size(), EncryptedCookieStorage::kKeySize);
  EXPECT_NE(first, second);
  EncryptedCookieStorage before({first});
  EncryptedCookieStorage between({second, first});
  EncryptedCookieStorage behind({second});
  const std::string old = *save(before, record_of("old"));
  const std::string renewed = *save(between, *load(between, old));
  EXPECT_EQ(load(between, renewed)->identity, "old");
  EXPECT_EQ(load(behind, renewed)->identity, "old") << "the first key encrypts";
  EXPECT_FALSE(has(behind, old));
  EXPECT_FALSE(has(before, renewed));
  for (const std::size_t size : {0U, 16U, 31U, 33U, 64U})
    EXPECT_THROW(EncryptedCookieStorage({first, std::string(size, 'k')}), ValueError) << size;
  EXPECT_THROW(EncryptedCookieStorage(std::vector<std::string>()), ValueError);
}

TEST_F(SessionsStorageTest, TooLargeForACookieIsAnError) {
  EncryptedCookieStorage storage({EncryptedCookieStorage::generate_key()});
  std::size_t largest = 0;
  for (std::size_t size = 2800; size < 3100; ++size) {
    const std::string values = "{\"a\":\"" + std::string(size - 8, 'x') + "\"}";
    try {
      const auto value = save(storage, record_of(std::string(32, 'i'), values));
      largest = cookie.name.size() + value->size();
      EXPECT_TRUE(has(storage, *value));
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find("too large for a cookie: 409"), std::string::npos) << error.what();
      EXPECT_GT(size, 2900U);
      break;
    }
  }
  EXPECT_LE(largest, http::kMaxCookieSize);
  EXPECT_GE(largest, http::kMaxCookieSize - 1);
}

// RFC 4648, section 10, with section 5's digits and no padding.
TEST_F(SessionsStorageTest, Base64urlHasOneSpelling) {
  for (const auto& [bytes, text] :
       {std::pair("", ""), std::pair("f", "Zg"), std::pair("fo", "Zm8"), std::pair("foo", "Zm9v"),
        std::pair("foob", "Zm9vYg"), std::pair("fooba", "Zm9vYmE"), std::pair("\xfb\xff\xfe", "-__-")}) {
    EXPECT_EQ(http::base64url_encode(bytes), text);
    EXPECT_EQ(http::base64url_decode(text), bytes);
  }
  for (const char* text : {"Z", "Zh", "Zm9", "Zg==", "Zm9vY", "+//+", "Zg ", " Zg", "Zg\n", "Z\xc3"})
    EXPECT_EQ(http::base64url_decode(text), std::nullopt) << text;
  EXPECT_EQ(http::base64_encode("\xfb\xff\xfe\xff"), "+//+/w==");
}

}  // namespace
}  // namespace corolla_tests
