// SPDX-License-Identifier: MIT
//
// AF_UNIX addresses, against a model and against what the kernel makes of the same bytes. An input is a line of four
// words and then the bytes of sun_path as they are:
//
//   LENGTH FAMILY PREFIX HEAD
//
// LENGTH bytes are the address; the first PREFIX ones of its name are the backing directory when it is shown, and HEAD
// goes before its name when it is sent.
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

#include "../../preload/shown_name.cpp"
#include "../../preload/text.cpp"
#include "../../preload/unix_address.cpp"
#include "fuzz.h"

namespace devshm {
const Settings& settings() { std::abort(); }  // what asks for it is not looked at here
}  // namespace devshm

namespace {

using devshm::UnixName;

struct Input {
  std::size_t length, prefix;
  std::uint16_t family;
  std::string head, bytes;

  explicit Input(const std::string& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fuzz::Words words(text.substr(0, end));
    length = words.number() % 130;
    family = static_cast<std::uint16_t>(words.number());
    prefix = words.number();
    head = words.text().c_str();
    bytes = std::string(reinterpret_cast<const char*>(&family), 2) + text.substr(std::min(end + 1, text.size()));
    bytes.resize(length);
  }

  /// As unix(7) has it.
  std::string name(std::size_t longest) const {
    if (length <= 2 || length > longest || family != AF_UNIX) return {};
    return bytes.substr(2, bytes.find('\0', 2) - 2);
  }
};

std::string text_of(const UnixName& name) { return {name.text ? name.text : "", name.length}; }

/// Memory of just this size, so that no byte beyond it is touched unseen.
std::unique_ptr<char[]> exactly(const std::string& bytes, std::size_t room) {
  std::unique_ptr<char[]> memory(new char[room]);
  std::memcpy(memory.get(), bytes.data(), std::min(room, bytes.size()));
  return memory;
}

void reads(const Input& input) {
  const auto memory = exactly(input.bytes, input.length);
  for (const socklen_t limit : {socklen_t{sizeof(sockaddr_un)}, devshm::longest_unix_address}) {
    const UnixName name = devshm::unix_name(memory.get(), static_cast<socklen_t>(input.length), limit);
    const std::string expected = input.name(limit);
    EXPECT(text_of(name) == expected, text_of(name), expected);
    EXPECT(devshm::may_match(name) == (expected.find("hm") != std::string::npos), expected);
  }
  EXPECT(devshm::unix_name(nullptr, 20, 110).length == 0);
}

void makes(const Input& input) {
  const std::string rest = input.name(110), whole = input.head + rest;
  const std::unique_ptr<sockaddr_un> out(new sockaddr_un);
  const socklen_t length =
      devshm::make_unix_address(*out, input.head.data(), input.head.size(), rest.data(), rest.size());
  if (whole.size() > 108) {
    EXPECT(length == 0, whole);
    return;
  }
  EXPECT(length == std::min<std::size_t>(2 + whole.size() + 1, sizeof *out), whole);
  EXPECT(text_of(devshm::unix_name(out.get(), length, sizeof *out)) == whole, whole);
}

void shows(const Input& input) {
  if (input.length > devshm::longest_unix_address) return;
  const std::string name = input.name(devshm::longest_unix_address);
  const std::size_t prefix = name.empty() ? 0 : input.prefix % (name.size() + 1);
  if (name.empty()) return;  // nobody has it shown
  const auto memory = exactly(input.bytes, devshm::longest_unix_address);
  const socklen_t length = devshm::show_unix_address(memory.get(), static_cast<socklen_t>(input.length), prefix);
  const std::string shown = "/dev/shm" + name.substr(prefix);
  if (shown.size() > 108) {
    EXPECT(length == 0, shown);
    EXPECT(std::memcmp(memory.get(), input.bytes.data(), input.length) == 0, shown);
    return;
  }
  const bool had_end = input.length > 2 + name.size();
  EXPECT(length == 2 + shown.size() + had_end, shown);
  EXPECT(text_of(devshm::unix_name(memory.get(), length, devshm::longest_unix_address)) == shown, shown);
  EXPECT(memory[2 + static_cast<std::ptrdiff_t>(shown.size())] == '\0', shown);
}

void lies(const Input& input) {
  const std::string name = input.name(110);
  const bool expected = name == input.head || name.compare(0, input.head.size() + 1, input.head + "/") == 0;
  if (input.head.empty()) return;  // no directory
  EXPECT(devshm::lies_in(name.data(), name.size(), input.head.data(), input.head.size()) == expected, name, input.head);
}

/// Binds a socket to it, in a directory of our own, and asks how it is called.
void as_the_kernel(const Input& input) {
  static const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), scratch = [] {
    const char* where = std::getenv("TMPDIR");
    std::string name = std::string(where ? where : "/tmp") + "/devshm-fuzz-XXXXXX";
    if (!mkdtemp(name.data())) std::abort();
    return open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }();
  const std::string name = input.name(110);
  if (input.length > 110 || name.find('/') != std::string::npos || name == "." || name == "..") return;
  if (name.empty() && input.length > 2) return;  // abstract: others would see it
  const int bound = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto memory = exactly(input.bytes, input.length);
  if (fchdir(scratch) != 0) std::abort();
  const int result = bind(bound, reinterpret_cast<const sockaddr*>(memory.get()), static_cast<socklen_t>(input.length));
  struct stat made;
  const bool is_there = !name.empty() && fstatat(scratch, name.c_str(), &made, 0) == 0;
  EXPECT(is_there == !name.empty(), name, std::to_string(result));
  if (is_there) {
    char told[200];
    socklen_t length = sizeof told;
    EXPECT(getsockname(bound, reinterpret_cast<sockaddr*>(told), &length) == 0);
    EXPECT(length <= devshm::longest_unix_address, name);
    EXPECT(text_of(devshm::unix_name(told, length, devshm::longest_unix_address)) == name, name);
    unlinkat(scratch, name.c_str(), 0);
  }
  if (fchdir(here) != 0) std::abort();
  close(bound);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input(fuzz::text_of(data, size));
  reads(input);
  makes(input);
  shows(input);
  lies(input);
  as_the_kernel(input);
  return 0;
}
