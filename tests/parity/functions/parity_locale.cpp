// SPDX-License-Identifier: MIT
//
// Message catalogues and login records: locale-catalog-acct.
#include <libintl.h>
#include <nl_types.h>
#include <string.h>
#include <utmp.h>
#include <utmpx.h>

#include <cstdint>

#include "parity.h"
#include "raw.h"

using parity::text;

namespace {

/// A message catalogue as catopen reads it: one set, one message.
std::string catalogue() {
  // For each byte order a table of the message: its set (counted from 1 more), its number, where its text begins.
  const std::uint32_t words[] = {0x960408de, 1, 1, 2, 1, 0, 0x02000000, 0x01000000, 0};
  return std::string(reinterpret_cast<const char*>(words), sizeof words) + "moin" + '\0';
}

/// Puts it where programs look for one, past the library.
void put_catalogues() {
  const std::string text = catalogue();
  for (const std::string& path :
       {parity::real_shm() + "/f", parity::real_shm() + "/dir/g", std::string("/dev/shmfoo")}) {
    const long fd = parity::raw(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_TRUNC);
    parity::raw(SYS_write, fd, text.data(), static_cast<long>(text.size()));
    parity::raw(SYS_close, fd);
  }
}

std::string opened(const char* path, int flags) {
  put_catalogues();
  errno = parity::errno_before;
  const nl_catd found = catopen(path, flags);
  if (found == reinterpret_cast<nl_catd>(-1)) return parity::number(-1);
  const std::string shown = std::string("says ") + catgets(found, 1, 1, "nothing");
  catclose(found);
  return shown;
}

utmpx record() {
  utmpx entry{};
  entry.ut_type = USER_PROCESS;
  strcpy(entry.ut_id, "ds");
  strcpy(entry.ut_user, "somebody");
  return entry;
}

/// Writes a record to the file of that name, and says what can be read there.
template <class Name>
std::string recorded(Name name, const char* path) {
  const std::string shown = parity::number(name(path));
  const utmpx entry = record();
  setutxent();
  const utmpx* const written = pututxline(&entry);
  setutxent();
  const utmpx* const read = getutxent();
  const std::string also = std::string(written ? ", written" : ", not written") + (read ? ", read" : ", not read");
  endutxent();
  return shown + also;
}

template <class Update, class Entry>
std::string updated(Update update, const char* path) {
  const utmpx entry = record();
  update(path, reinterpret_cast<const Entry*>(&entry));
  return "done";
}

/// libc takes these names without a look at what they are.
std::vector<parity::Place> names() {
  std::vector<parity::Place> all;
  for (const parity::Place& place : parity::plain_places())
    if (place.kind != parity::Place::null) all.push_back(place);
  return all;
}

}  // namespace

FAMILY(locale) {
  EACH_PATH(text, bindtextdomain, "domain", path);
  parity::each_path("bindtextdomain", "\"domain\", NULL, after path", [](const char* path) {
    bindtextdomain("domain", path);
    errno = parity::errno_before;
    return text(bindtextdomain("domain", nullptr));
  });
  for (const int flags : {0, NL_CAT_LOCALE})
    parity::each_path_of(names(), "catopen", ("path, " + std::to_string(flags)).c_str(),
                         [=](const char* path) { return opened(path, flags); });
  parity::each_path_of(names(), "utmpname", "path", [](const char* path) { return recorded(utmpname, path); });
  parity::each_path_of(names(), "utmpxname", "path", [](const char* path) { return recorded(utmpxname, path); });
  parity::each_path_of(names(), "updwtmp", "path, &record",
                       [](const char* path) { return updated<decltype(&updwtmp), utmp>(updwtmp, path); });
  parity::each_path_of(names(), "updwtmpx", "path, &record",
                       [](const char* path) { return updated<decltype(&updwtmpx), utmpx>(updwtmpx, path); });
}
