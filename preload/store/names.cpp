// SPDX-License-Identifier: MIT
#include "names.h"

#include "../text.h"

namespace devshm::store {
namespace {

constexpr char marker[] = ".memory.";
constexpr std::size_t marker_length = sizeof marker - 1;
constexpr std::size_t generation_length = 16;

/// Parses a decimal number without a sign or leading zeros.
bool parse_number(const char* text, std::size_t length, unsigned long limit, unsigned long& out) {
  if (length == 0 || length > 10 || (length > 1 && text[0] == '0')) return false;
  out = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + static_cast<unsigned long>(text[i] - '0');
  }
  return out <= limit;
}

/// Where the last component of the first `length` bytes begins; 0 if there is no slash.
std::size_t last_component_at(const char* text, std::size_t length) {
  return static_cast<std::size_t>(last_component(text, text + length) - text);
}

/// Whether a name is like ".shm.memory.1000.1000".
bool is_root_name(const char* name, std::size_t length) {
  if (length == 0 || name[0] != '.') return false;
  std::size_t group = length;
  while (group && name[group - 1] != '.') --group;
  std::size_t user = group ? group - 1 : 0;
  while (user && name[user - 1] != '.') --user;
  unsigned long number;
  return user > marker_length + 1 && same_bytes(name + user - marker_length, marker, marker_length) &&
         parse_number(name + user, group - 1 - user, 0xffffffff, number) &&
         parse_number(name + group, length - group, 0xffffffff, number);
}

}  // namespace

Root::Root(const char* backing_dir, uid_t user, gid_t group) {
  const std::size_t length = text_length(backing_dir);
  const std::size_t last = last_component_at(backing_dir, length);
  path_.add(backing_dir, last).add(".").add(backing_dir + last, length - last);
  path_.add(marker).add(user).add(".").add(group);
}

PathText Root::below() const { return PathText().add(path_.c_str(), path_.size()).add("/"); }
PathText Root::entry(const char* name) const { return below().add(name); }
PathText Root::generation(std::uint64_t of) const { return below().add_hex(of); }
PathText Root::making_dir(std::uint64_t random) const { return below().add(making_letters).add_hex(random); }
PathText Root::link_text(const ObjectName& of) const { return generation(of.generation).add("/").add(of.number); }
PathText Root::pool_entry(const ObjectName& of) const {
  return below().add("pool/").add_hex(of.generation).add(".").add(of.number);
}
PathText Root::taken_entry(const ObjectName& of) const {
  return below().add("pool/.").add_hex(of.generation).add(".").add(of.number);
}

bool parse_generation(const char* text, std::size_t length, std::uint64_t& out) {
  if (length != generation_length) return false;
  out = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const char letter = text[i];
    const bool is_digit = letter >= '0' && letter <= '9';
    if (!is_digit && (letter < 'a' || letter > 'f')) return false;
    out = out << 4 | static_cast<std::uint64_t>(is_digit ? letter - '0' : letter - 'a' + 10);
  }
  return true;
}

namespace {

bool parse_pair(const char* text, std::size_t length, char between, ObjectName& out) {
  if (length < generation_length + 2 || text[generation_length] != between) return false;
  unsigned long number;
  if (!parse_generation(text, generation_length, out.generation)) return false;
  if (!parse_number(text + generation_length + 1, length - generation_length - 1, 0x7fffffff, number)) return false;
  out.number = static_cast<unsigned>(number);
  return true;
}

}  // namespace

bool parse_object(const char* text, std::size_t length, ObjectName& out) { return parse_pair(text, length, '/', out); }

bool parse_entry(const char* name, ObjectName& out) { return parse_pair(name, text_length(name), '.', out); }

bool parse_link(const char* text, std::size_t length, LinkText& out) {
  const std::size_t number = last_component_at(text, length);
  const std::size_t generation = number ? last_component_at(text, number - 1) : 0;
  if (generation < 3 || text[0] != '/') return false;
  if (!parse_object(text + generation, length - generation, out.object)) return false;
  out.root_length = generation - 1;
  const std::size_t root = last_component_at(text, out.root_length);
  return is_root_name(text + root, out.root_length - root);
}

ShortText<48> memfd_name(const ObjectName& object) {
  return ShortText<48>().add("devshm:").add_hex(object.generation).add("/").add(object.number);
}

ShortText<32> descriptor_path(int fd) {
  return ShortText<32>().add("/proc/self/fd/").add(static_cast<unsigned long>(fd));
}

ShortText<64> descriptor_text(const ObjectName& object) {
  const ShortText<48> name = memfd_name(object);
  return ShortText<64>().add("/memfd:").add(name.c_str(), name.size()).add(" (deleted)");
}

}  // namespace devshm::store
