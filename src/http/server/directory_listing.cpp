// SPDX-License-Identifier: Apache-2.0
#include "http/server/directory_listing.hpp"

#include <corolla/http/percent.hpp>
#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla::inline v0::http {

namespace {

struct Entry {
  std::string name;
  bool directory = false;
  bool regular = false;
  std::uint64_t size = 0;
};

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::vector<Entry> read_entries(const OpenFile& directory, bool hidden, bool& more) {
  // A stream of its own with a position of its own: the descriptor may be shared.
  const int descriptor = ::openat(directory.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw OSError(errno, "open of a directory");
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(descriptor));
  if (!stream) {
    const int error = errno;
    ::close(descriptor);
    throw OSError(error, "open of a directory");
  }
  std::vector<Entry> entries;
  while (const dirent* next = ::readdir(stream.get())) {
    const std::string_view name = next->d_name;
    if (name == "." || name == ".." || (!hidden && name.starts_with('.'))) continue;
    if (entries.size() == kMostListed) {
      more = true;
      break;
    }
    Entry entry;
    entry.name = name;
    // Not through links: what one points at is nobody's business when it lies elsewhere.
    struct stat status{};
    if (::fstatat(descriptor, next->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    entry.directory = S_ISDIR(status.st_mode);
    entry.regular = S_ISREG(status.st_mode);
    entry.size = static_cast<std::uint64_t>(status.st_size);
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.directory != b.directory ? a.directory : a.name < b.name; });
  return entries;
}

}  // namespace

std::string list_directory(const OpenFile& directory, const std::string& path, bool parent, bool hidden) {
  bool more = false;
  const std::vector<Entry> entries = read_entries(directory, hidden, more);
  const std::string title = "Index of " + html_escape(path);
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                     "</title></head>\n<body><h1>" + title + "</h1>\n<ul>\n";
  if (parent) page += "<li><a href=\"../\">../</a></li>\n";
  for (const Entry& entry : entries) {
    const std::string_view slash = entry.directory ? "/" : "";
    page.append("<li><a href=\"").append(percent_encode(entry.name)).append(slash).append("\">");
    page.append(html_escape(entry.name)).append(slash).append("</a>");
    if (entry.regular) page.append(" ").append(std::to_string(entry.size)).append(" bytes");
    page += "</li>\n";
  }
  page += "</ul>\n";
  if (more) page += "<p>There are more than " + std::to_string(kMostListed) + " entries.</p>\n";
  return page + "</body></html>\n";
}

}  // namespace corolla::inline v0::http
