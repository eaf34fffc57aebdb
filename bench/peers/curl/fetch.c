// SPDX-License-Identifier: Apache-2.0
// libcurl's multi interface, one easy handle a connection, re-used.     usage: fetch PORT N CONNECTIONS MANIFEST|-
#include <curl/curl.h>
#include <openssl/sha.h>

#include "../raw/common.h"

enum { kBody = 65536 };
typedef struct {
  CURL* handle;
  int page;
  size_t size;
  unsigned char body[kBody];
} Transfer;

static unsigned char digests[kPages][kDigest];
static int port, wanted, asked, finished, hashing;
static uint64_t body_bytes;

static size_t keep_body(char* data, size_t one, size_t count, void* user) {
  Transfer* t = user;
  size_t size = one * count;
  if (size > kBody - t->size) return 0;  // libcurl turns this into a write error
  memcpy(t->body + t->size, data, size);
  t->size += size;
  return size;
}

static void ask_next(CURLM* multi, Transfer* t) {
  char url[128];
  t->page = asked++;
  t->size = 0;
  snprintf(url, sizeof url, "http://127.0.0.1:%d/p/%d.html?i=%d", port, t->page % kPages, t->page);
  curl_easy_setopt(t->handle, CURLOPT_URL, url);
  require(curl_multi_add_handle(multi, t->handle) == CURLM_OK, "curl_multi_add_handle");
}

static void finish_page(const CURLMsg* message) {
  Transfer* t = NULL;
  long status = 0;
  curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char**)&t);
  curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
  require(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
  require(status == 200 && t->size > 0, "status is 200, the body is not empty");
  if (hashing) {
    unsigned char digest[kDigest];
    SHA256(t->body, t->size, digest);
    require(t->size == kPageBytes && !memcmp(digest, digests[t->page % kPages], kDigest), "the page's checksum");
  }
  body_bytes += t->size;
  finished++;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  port = atoi(argv[1]);
  wanted = atoi(argv[2]);
  int count = atoi(argv[3]);
  hashing = read_manifest(argv[4], digests);
  if (count > wanted) count = wanted;
  curl_global_init(CURL_GLOBAL_ALL);

  double start = wall_seconds(), cpu = cpu_seconds();
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)count);
  Transfer* transfers = calloc((size_t)count, sizeof *transfers);
  require(multi && transfers, "memory");
  for (int i = 0; i < count; i++) {
    Transfer* t = &transfers[i];
    t->handle = curl_easy_init();
    curl_easy_setopt(t->handle, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(t->handle, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->handle, CURLOPT_PRIVATE, t);
    ask_next(multi, t);
  }
  while (finished < wanted) {
    int running = 0, left = 0, started = 0;
    require(curl_multi_perform(multi, &running) == CURLM_OK, "curl_multi_perform");
    for (CURLMsg* message; (message = curl_multi_info_read(multi, &left));) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* handle = message->easy_handle;
      Transfer* t = NULL;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char**)&t);
      finish_page(message);
      curl_multi_remove_handle(multi, handle);
      if (asked < wanted) {
        ask_next(multi, t);
        started = 1;
      }
    }
    if (finished < wanted && !started)
      require(curl_multi_poll(multi, NULL, 0, 10000, NULL) == CURLM_OK, "curl_multi_poll");
  }
  double seconds = wall_seconds() - start;
  cpu = cpu_seconds() - cpu;
  char extra[64];
  snprintf(extra, sizeof extra, "bytes=%llu", (unsigned long long)body_bytes);
  print_result("crawl", "libcurl-multi", finished, seconds, cpu, extra);
  return 0;
}
