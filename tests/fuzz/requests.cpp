// SPDX-License-Identifier: MIT
//
// devshmd's answers to sequences of requests, against a model of a file system. libfuse's replies are ours here, and
// the requests are called by hand. An input is a request a line, with numbers for objects (in the order in which they
// became known), and may begin with "limits PAGES INODES"; where there is no room for more, the model believes it.
#define DEVSHMD_VERSION "fuzz"
#include <fcntl.h>
#include <sys/xattr.h>

#include <map>
#include <memory>
#include <set>

#include "../../daemon/call.cpp"
#include "../../daemon/caller.cpp"
#include "../../daemon/content_pool.cpp"
#include "../../daemon/content_syscalls.cpp"
#include "../../daemon/file_system.cpp"
#include "../../daemon/flags.cpp"
#include "../../daemon/handshake.cpp"
#include "../../daemon/json.cpp"
#include "../../daemon/latency_hold.cpp"
#include "../../daemon/log.cpp"
#include "../../daemon/memory_file.cpp"
#include "../../daemon/node_contents.cpp"
#include "../../daemon/node_rename.cpp"
#include "../../daemon/node_table.cpp"
#include "../../daemon/op/access.cpp"
#include "../../daemon/op/create.cpp"
#include "../../daemon/op/fallocate.cpp"
#include "../../daemon/op/forget.cpp"
#include "../../daemon/op/getattr.cpp"
#include "../../daemon/op/getxattr.cpp"
#include "../../daemon/op/link.cpp"
#include "../../daemon/op/listxattr.cpp"
#include "../../daemon/op/lookup.cpp"
#include "../../daemon/op/lseek.cpp"
#include "../../daemon/op/mkdir.cpp"
#include "../../daemon/op/mknod.cpp"
#include "../../daemon/op/open.cpp"
#include "../../daemon/op/opendir.cpp"
#include "../../daemon/op/read.cpp"
#include "../../daemon/op/readdir.cpp"
#include "../../daemon/op/readlink.cpp"
#include "../../daemon/op/release.cpp"
#include "../../daemon/op/releasedir.cpp"
#include "../../daemon/op/removexattr.cpp"
#include "../../daemon/op/rename.cpp"
#include "../../daemon/op/rmdir.cpp"
#include "../../daemon/op/setattr.cpp"
#include "../../daemon/op/setxattr.cpp"
#include "../../daemon/op/statfs.cpp"
#include "../../daemon/op/symlink.cpp"
#include "../../daemon/op/unlink.cpp"
#include "../../daemon/op/write.cpp"
#include "../../daemon/open_reply.cpp"
#include "../../daemon/passthrough.cpp"
#include "../../daemon/policy.cpp"
#include "../../daemon/processors.cpp"
#include "../../daemon/raw_request.cpp"
#include "../../daemon/recorder.cpp"
#include "../../daemon/request_queue.cpp"
#include "../../daemon/size.cpp"
#include "../../daemon/status.cpp"
#include "../../daemon/usage.cpp"
#include "fuzz.h"

namespace {

using devshmd::Ino;

/// What the kernel would have been told.
struct Answer {
  int replies = 0, error = 0;
  Ino ino = 0;
  std::size_t size = 0;
  std::string data;
  struct stat attributes {};
  struct statvfs statistics {};
} answer;

devshmd::FileSystem* file_system;
fuse_ctx context{};

int reply(int error = 0) {
  ++answer.replies;
  answer.error = error;
  return 0;
}

}  // namespace

extern "C" {
void* fuse_req_userdata(fuse_req_t) { return file_system; }
const fuse_ctx* fuse_req_ctx(fuse_req_t) { return &context; }
int fuse_reply_err(fuse_req_t, int error) { return reply(error); }
void fuse_reply_none(fuse_req_t) { reply(); }
int fuse_reply_entry(fuse_req_t, const fuse_entry_param* entry) {
  if (entry->ino == 0) return reply(ENOENT);  // the kernel may remember that
  answer.ino = entry->ino;
  answer.attributes = entry->attr;
  return reply();
}
int fuse_reply_create(fuse_req_t request, const fuse_entry_param* entry, const fuse_file_info*) {
  return fuse_reply_entry(request, entry);
}
int fuse_reply_attr(fuse_req_t, const struct stat* attributes, double) {
  answer.attributes = *attributes;
  return reply();
}
int fuse_reply_readlink(fuse_req_t, const char* text) {
  answer.data = text;
  return reply();
}
int fuse_reply_open(fuse_req_t, const fuse_file_info*) { return reply(); }
int fuse_reply_write(fuse_req_t, size_t size) {
  answer.size = size;
  return reply();
}
int fuse_reply_buf(fuse_req_t, const char* bytes, size_t size) {
  answer.data.assign(size ? bytes : "", size);
  return reply();
}
int fuse_reply_statfs(fuse_req_t, const struct statvfs* statistics) {
  answer.statistics = *statistics;
  return reply();
}
int fuse_reply_xattr(fuse_req_t, size_t size) {
  answer.size = size;
  return reply();
}
int fuse_reply_lseek(fuse_req_t, off_t offset) {
  answer.size = static_cast<std::size_t>(offset);
  return reply();
}
int fuse_session_fd(fuse_session*) { return -1; }
int fuse_lowlevel_notify_inval_inode(fuse_session*, fuse_ino_t, off_t, off_t) { return 0; }
}

namespace {

/// The longest file: what is beyond is another matter than these are about.
constexpr std::size_t longest_file = 20000;

struct Object {
  char type;  // d, f, l, or another for what has no contents
  int links = 0;
  int lookups = 0;
  bool unnamed = false;
  Ino parent = 0;
  std::map<std::string, Ino> entries;
  std::string contents;  // or the text of a link
  std::map<std::string, std::string> attributes;
};

class Game {
 public:
  Game(std::uint64_t pages, std::uint64_t inodes, bool recorded)
      : inode_limit_(inodes), fs_(devshmd::Mode::serve, {pages, inodes, true}, {0, 0}, "/dev/shm") {
    file_system = &fs_;
    if (recorded) fs_.recorder.start(::open("/dev/null", O_WRONLY | O_CLOEXEC), "null");
    objects_[1] = {'d', 2, 1};
    objects_[1].parent = 1;
    known_ = {1};
  }

  void play(const std::string& line) {
    fuzz::Words words(line);
    const std::string what = words.text();
    if (what == "mkdir" || what == "mknod" || what == "create" || what == "symlink" || what == "fifo")
      return make(what, words);
    if (what == "tmpfile") return make_unnamed(object(words));
    if (what == "lookup") return lookup(object(words), name(words));
    if (what == "link") {
      const Ino ino = object(words), parent = object(words);
      return link(ino, parent, name(words));
    }
    if (what == "unlink" || what == "rmdir") {
      const Ino parent = object(words);
      return remove(parent, name(words), what == "rmdir");
    }
    if (what == "rename") {
      const Ino from = object(words);
      const std::string old_name = name(words);
      const Ino to = object(words);
      const std::string new_name = name(words);
      return rename(from, old_name, to, new_name, static_cast<unsigned>(words.number() % 9));
    }
    if (what == "forget") {
      const Ino ino = object(words);
      return forget(ino, static_cast<int>(words.number() % 4));
    }
    if (what == "write" || what == "read" || what == "truncate" || what == "fallocate" || what == "punch" ||
        what == "keep") {
      const Ino ino = object(words);
      const std::size_t offset = words.number() % (longest_file / 2), size = words.number() % (longest_file / 2);
      return contents(what, ino, offset, size);
    }
    if (what == "setxattr" || what == "getxattr" || what == "removexattr") {
      const Ino ino = object(words);
      const std::string attribute = name(words), value = words.text();
      return attributes(what, ino, attribute, value, static_cast<int>(words.number() % 3));
    }
    if (what == "readdir") {
      const Ino ino = object(words);
      return read_directory(ino, 40 + words.number() % 400);
    }
  }

  /// After each request: what everybody can see is what the model has.
  void compare() {
    for (const Ino ino : known_) {
      Object& object = objects_.at(ino);
      ask([&] { devshmd::op::getattr(nullptr, ino, nullptr); });
      EXPECT(answer.error == 0);
      const struct stat& got = answer.attributes;
      const std::string told = std::to_string(ino) + " " + object.type;
      EXPECT(static_cast<int>(got.st_nlink) == object.links, told, std::to_string(got.st_nlink),
             std::to_string(object.links));
      const std::size_t size = object.type == 'd' ? 20 * (object.entries.size() + 2) : object.contents.size();
      EXPECT(static_cast<std::size_t>(got.st_size) == size, told, std::to_string(got.st_size), std::to_string(size));
      EXPECT(S_ISDIR(got.st_mode) == (object.type == 'd') && S_ISLNK(got.st_mode) == (object.type == 'l'), told);
    }
    std::uint64_t budget = 0;
    for (const auto& [ino, object] : objects_) {
      budget += 1024;
      if (object.type != 'd' && object.links > 1) budget += 1024 * static_cast<std::uint64_t>(object.links - 1);
      for (const auto& [name, value] : object.attributes) budget += 64 + name.size() + value.size();
    }
    EXPECT(fs_.table.size() == objects_.size());
    ask([] { devshmd::op::statfs(nullptr, 1); });
    const std::uint64_t left = (inode_limit_ * 1024 - budget) / 1024;
    EXPECT(answer.statistics.f_ffree == left, std::to_string(answer.statistics.f_ffree), std::to_string(left));
  }

  /// Everything goes, and then nothing is left.
  void end() {
    while (objects_.at(1).entries.size()) clear(1);
    const std::vector<Ino> known = known_;
    for (const Ino ino : known)
      if (ino != 1) forget(ino, objects_.at(ino).lookups);
    compare();
    EXPECT(fs_.table.size() == 1 && !fs_.table.has_nameless());
    EXPECT(fs_.space.pages_used() == 0, std::to_string(fs_.space.pages_used()));
    EXPECT(fs_.space.pages_charged() == 0, std::to_string(fs_.space.pages_charged()));
    EXPECT(fs_.space.pages_elsewhere() == 0);
  }

 private:
  template <class Request>
  int ask(Request request) {
    answer = {};
    request();
    EXPECT(answer.replies == 1, std::to_string(answer.replies));
    return answer.error;
  }

  /// The answer has to be the model's; where there is no room, that is an answer too, and nothing has changed. True: go
  /// on.
  bool agree(int expected, bool takes_room, const std::string& told) {
    if (takes_room && !expected && answer.error == ENOSPC) return false;
    EXPECT(answer.error == expected, told, std::to_string(answer.error), std::to_string(expected));
    return !expected;
  }

  Ino object(fuzz::Words& words) {
    const std::size_t number = words.number();
    return number % 16 == 15 ? 99999 : known_[number % known_.size()];
  }
  static std::string name(fuzz::Words& words) {
    std::string text = words.text().c_str();
    std::replace(text.begin(), text.end(), '/', '_');
    if (text == "long") text = std::string(256, 'l');
    return text.empty() || text == "." || text == ".." ? "n" : text;
  }

  Object* find(Ino ino) {
    const auto found = objects_.find(ino);
    return found == objects_.end() ? nullptr : &found->second;
  }
  int directory_error(Ino ino) {
    const Object* object = find(ino);
    return !object ? ESTALE : object->type != 'd' ? ENOTDIR : 0;
  }
  int entry_error(Ino parent, const std::string& name) {
    if (const int error = directory_error(parent)) return error;
    return name.size() > 255 ? ENAMETOOLONG : objects_[parent].entries.count(name) ? 0 : ENOENT;
  }
  int new_entry_error(Ino parent, const std::string& name) {
    const int error = entry_error(parent, name);
    if (error != ENOENT) return error ? error : objects_[parent].links ? EEXIST : ENOENT;
    return objects_[parent].links ? 0 : ENOENT;
  }

  void learn(Ino ino) {
    ++objects_[ino].lookups;
    if (std::find(known_.begin(), known_.end(), ino) == known_.end()) known_.push_back(ino);
  }
  void drop_if_gone(Ino ino) {
    const Object& object = objects_[ino];
    if (!object.links && !object.lookups) objects_.erase(ino);
  }
  void take_name(Ino parent, const std::string& name) {
    Object& in = objects_[parent];
    const Ino ino = in.entries.at(name);
    in.entries.erase(name);
    Object& object = objects_[ino];
    if (object.type == 'd')
      --in.links, object.links = 0;
    else
      --object.links;
    drop_if_gone(ino);
  }

  void make(const std::string& what, fuzz::Words& words) {
    const Ino parent = object(words);
    const std::string entry = name(words), text = words.text().c_str();
    const std::string target = text == "long" ? std::string(200, 't') : text + "t";
    fuse_file_info info{};
    ask([&] {
      if (what == "mkdir")
        devshmd::op::mkdir(nullptr, parent, entry.c_str(), 0755);
      else if (what == "mknod")
        devshmd::op::mknod(nullptr, parent, entry.c_str(), S_IFREG | 0644, 0);
      else if (what == "fifo")
        devshmd::op::mknod(nullptr, parent, entry.c_str(), S_IFIFO | 0644, 0);
      else if (what == "symlink")
        devshmd::op::symlink(nullptr, target.c_str(), parent, entry.c_str());
      else if (fs_.wants_opens())
        devshmd::op::create(nullptr, parent, entry.c_str(), 0644, &info);
      else  // as the kernel does it then
        devshmd::op::mknod(nullptr, parent, entry.c_str(), S_IFREG | 0644, 0);
    });
    if (!agree(new_entry_error(parent, entry), true, what + " " + entry)) return;
    EXPECT(!find(answer.ino), "a number used before");
    const char type = what == "mkdir" ? 'd' : what == "fifo" ? 'p' : what == "symlink" ? 'l' : 'f';
    Object& made = objects_[answer.ino] = {type, type == 'd' ? 2 : 1};
    made.parent = parent;
    if (type == 'l') made.contents = target;
    if (type == 'd') ++objects_[parent].links;
    objects_[parent].entries[entry] = answer.ino;
    learn(answer.ino);
  }

  void make_unnamed(Ino parent) {
    fuse_file_info info{};
    info.flags = O_TMPFILE | O_RDWR;
    ask([&] { devshmd::op::create(nullptr, parent, "", 0600, &info); });
    int expected = directory_error(parent);
    if (!expected && !objects_[parent].links) expected = ENOENT;
    if (!agree(expected, true, "tmpfile")) return;
    objects_[answer.ino] = {'f'};
    objects_[answer.ino].unnamed = true;
    learn(answer.ino);
  }

  void lookup(Ino parent, const std::string& entry) {
    ask([&] { devshmd::op::lookup(nullptr, parent, entry.c_str()); });
    if (!agree(entry_error(parent, entry), false, "lookup " + entry)) return;
    EXPECT(answer.ino == objects_[parent].entries.at(entry), entry);
    learn(answer.ino);
  }

  void link(Ino ino, Ino parent, const std::string& entry) {
    ask([&] { devshmd::op::link(nullptr, ino, parent, entry.c_str()); });
    const Object* linked = find(ino);
    int expected = !linked ? ESTALE : directory_error(parent);
    if (!expected && entry.size() > 255) expected = ENAMETOOLONG;
    if (!expected && linked->type == 'd') expected = EPERM;
    if (!expected && !linked->links && !linked->unnamed) expected = ENOENT;
    if (!expected) expected = new_entry_error(parent, entry);
    if (!agree(expected, true, "link " + entry)) return;
    EXPECT(answer.ino == ino);
    objects_[parent].entries[entry] = ino;
    objects_[ino].unnamed = false;
    ++objects_[ino].links;
    learn(ino);
  }

  void remove(Ino parent, const std::string& entry, bool is_rmdir) {
    int expected = entry_error(parent, entry);
    if (!expected) {
      const Object& object = objects_[objects_[parent].entries.at(entry)];
      if (!is_rmdir && object.type == 'd') expected = EISDIR;
      if (is_rmdir && object.type != 'd') expected = ENOTDIR;
      if (is_rmdir && !object.entries.empty()) expected = ENOTEMPTY;
    }
    ask([&] {
      if (is_rmdir)
        devshmd::op::rmdir(nullptr, parent, entry.c_str());
      else
        devshmd::op::unlink(nullptr, parent, entry.c_str());
    });
    if (agree(expected, false, "remove " + entry)) take_name(parent, entry);
  }

  bool is_below(Ino ino, Ino ancestor) {
    for (;; ino = objects_[ino].parent) {
      if (ino == ancestor) return true;
      if (ino == 1 || !find(ino)) return false;
    }
  }

  int rename_error(Ino from, const std::string& old_name, Ino to, const std::string& new_name, unsigned flags) {
    const bool noreplace = flags & 1, exchange = flags & 2;
    if (flags > 7 || (exchange && flags != 2)) return EINVAL;
    if (new_name.size() > 255) return ENAMETOOLONG;
    if (const int error = entry_error(from, old_name)) return error;
    const int to_error = entry_error(to, new_name);
    if (to_error && to_error != ENOENT) return to_error;
    if (exchange && to_error) return ENOENT;
    if (noreplace && !to_error) return EEXIST;
    if (!objects_[to].links) return ENOENT;
    const Ino ino = objects_[from].entries.at(old_name), other = to_error ? 0 : objects_[to].entries.at(new_name);
    if (ino == other) return 0;
    if (objects_[ino].type == 'd' && is_below(to, ino)) return EINVAL;
    if (!other) return 0;
    const Object &object = objects_[ino], &there = objects_[other];
    if (exchange) return there.type == 'd' && is_below(from, other) ? EINVAL : 0;
    if (object.type == 'd' && there.type != 'd') return ENOTDIR;
    if (object.type != 'd' && there.type == 'd') return EISDIR;
    return there.entries.empty() ? 0 : ENOTEMPTY;
  }

  void rename(Ino from, const std::string& old_name, Ino to, const std::string& new_name, unsigned flags) {
    const int expected = rename_error(from, old_name, to, new_name, flags);
    ask([&] { devshmd::op::rename(nullptr, from, old_name.c_str(), to, new_name.c_str(), flags); });
    const std::string told = "rename " + old_name + " " + new_name + " " + std::to_string(flags);
    if (!agree(expected, flags & 4, told)) return;
    const Ino ino = objects_[from].entries.at(old_name);
    const auto there = objects_[to].entries.find(new_name);
    if (there != objects_[to].entries.end() && there->second == ino) return;
    const auto move = [&](Ino moved, Ino between, Ino and_to) {
      if (objects_[moved].type != 'd') return;
      --objects_[between].links, ++objects_[and_to].links;
      objects_[moved].parent = and_to;
    };
    if (flags & 2) {
      const Ino other = there->second;
      there->second = ino;
      objects_[from].entries[old_name] = other;
      move(ino, from, to), move(other, to, from);
      return;
    }
    if (there != objects_[to].entries.end()) take_name(to, new_name);
    objects_[from].entries.erase(old_name);
    objects_[to].entries[new_name] = ino;
    move(ino, from, to);
    if (flags & 4) {  // its number nobody has been told: it is in the table
      const Ino left = fs_.table.lookup(from, old_name).node->ino;
      objects_[left] = {'c', 1};
      objects_[left].parent = from;
      objects_[from].entries[old_name] = left;
    }
  }

  void forget(Ino ino, int lookups) {
    Object* object = find(ino);
    if (!object || ino == 1) return;
    lookups = std::min(lookups, object->lookups);
    ask([&] { devshmd::op::forget(nullptr, ino, static_cast<std::uint64_t>(lookups)); });
    object->lookups -= lookups;
    if (object->lookups) return;
    known_.erase(std::find(known_.begin(), known_.end(), ino));
    drop_if_gone(ino);
  }

  void contents(const std::string& what, Ino ino, std::size_t offset, std::size_t size) {
    Object* object = find(ino);
    const bool is_file = object && object->type == 'f';
    const int no_file = !object ? ESTALE : is_file ? 0 : EINVAL;
    const std::string told = what + " " + std::to_string(offset) + " " + std::to_string(size);
    if (what == "read") {
      ask([&] { devshmd::op::read(nullptr, ino, size, static_cast<off_t>(offset), nullptr); });
      if (!agree(no_file, false, told)) return;
      const std::string& all = object->contents;
      EXPECT(answer.data == (offset < all.size() ? all.substr(offset, size) : ""), told);
    } else if (what == "write") {
      std::string bytes(size, '\0');
      for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (offset + i + ++written_) % 26);
      fuse_file_info info{};
      ask([&] { devshmd::op::write(nullptr, ino, bytes.data(), size, static_cast<off_t>(offset), &info); });
      if (!agree(no_file, true, told)) return;
      EXPECT(answer.size <= size, told);
      if (answer.size == 0) return;
      if (object->contents.size() < offset + answer.size) object->contents.resize(offset + answer.size);
      object->contents.replace(offset, answer.size, bytes, 0, answer.size);
    } else if (what == "truncate") {
      struct stat wanted {};
      wanted.st_size = static_cast<off_t>(size);
      ask([&] { devshmd::op::setattr(nullptr, ino, &wanted, FUSE_SET_ATTR_SIZE, nullptr); });
      if (agree(object && object->type == 'd' ? EISDIR : no_file, true, told)) object->contents.resize(size);
    } else {
      const int mode = what == "punch"  ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                       : what == "keep" ? FALLOC_FL_KEEP_SIZE
                                        : 0;
      if (size == 0) return;  // the kernel refuses it
      ask([&] {
        devshmd::op::fallocate(nullptr, ino, mode, static_cast<off_t>(offset), static_cast<off_t>(size), nullptr);
      });
      if (!agree(no_file == EINVAL ? ENODEV : no_file, true, told)) return;
      std::string& all = object->contents;
      if (!mode && all.size() < offset + size) all.resize(offset + size);
      if (what == "punch" && offset < all.size())
        std::fill_n(all.begin() + static_cast<long>(offset), std::min(size, all.size() - offset), '\0');
    }
  }

  void attributes(const std::string& what, Ino ino, const std::string& attribute, const std::string& value, int flags) {
    Object* object = find(ino);
    const bool there = object && object->attributes.count(attribute);
    int name_error = EOPNOTSUPP;
    for (const std::string space : {"user.", "trusted.", "security."})
      if (attribute.compare(0, space.size(), space) == 0) name_error = attribute.size() == space.size() ? EINVAL : 0;
    int expected = object ? name_error : ESTALE;
    if (what == "setxattr") {
      ask([&] { devshmd::op::setxattr(nullptr, ino, attribute.c_str(), value.data(), value.size(), flags); });
      if (!expected && flags == XATTR_CREATE && there) expected = EEXIST;
      if (!expected && flags == XATTR_REPLACE && !there) expected = ENODATA;
      if (agree(expected, true, attribute)) object->attributes[attribute] = value;
      return;
    }
    if (!expected && !there) expected = ENODATA;
    if (what == "removexattr") {
      ask([&] { devshmd::op::removexattr(nullptr, ino, attribute.c_str()); });
      if (agree(expected, false, attribute)) object->attributes.erase(attribute);
      return;
    }
    ask([&] { devshmd::op::getxattr(nullptr, ino, attribute.c_str(), 4000); });
    if (agree(expected, false, attribute)) EXPECT(answer.data == object->attributes.at(attribute), attribute);
    if (!object) return;
    ask([&] { devshmd::op::listxattr(nullptr, ino, 60000); });
    std::string list;
    for (const auto& [name, unused] : object->attributes) list += name + '\0';
    EXPECT(answer.error == 0 && answer.data == list, list);
  }

  void read_directory(Ino ino, std::size_t size) {
    fuse_file_info info{};
    ask([&] { devshmd::op::opendir(nullptr, ino, &info); });
    if (!agree(directory_error(ino), false, "opendir")) return;
    std::multiset<std::string> expected{".", ".."}, got;
    for (const auto& [name, unused] : objects_[ino].entries) expected.insert(name);
    for (off_t offset = 0;;) {
      ask([&] { devshmd::op::readdir(nullptr, ino, size, offset, &info); });
      EXPECT(answer.error == 0 && answer.data.size() <= size);
      if (answer.data.empty()) break;
      // As the kernel defines it: number, offset, length and type, the name, to eight bytes.
      for (std::size_t at = 0; at + 24 <= answer.data.size();) {
        std::uint64_t next;
        std::uint32_t length;
        std::memcpy(&next, answer.data.data() + at + 8, 8);
        std::memcpy(&length, answer.data.data() + at + 16, 4);
        got.insert(answer.data.substr(at + 24, length));
        offset = static_cast<off_t>(next);
        at += (24 + length + 7) / 8 * 8;
      }
    }
    // An entry that is longer than what there is room for can't be told.
    if (size >= 24 + 256) EXPECT(got == expected, std::to_string(got.size()), std::to_string(expected.size()));
    ask([&] { devshmd::op::releasedir(nullptr, ino, &info); });
  }

  void clear(Ino ino) {
    const std::map<std::string, Ino> entries = objects_.at(ino).entries;
    for (const auto& [name, child] : entries) {
      const bool is_directory = objects_.at(child).type == 'd';
      if (is_directory) clear(child);
      remove(ino, name, is_directory);
    }
  }

  const std::uint64_t inode_limit_;
  devshmd::FileSystem fs_;
  std::map<Ino, Object> objects_;
  std::vector<Ino> known_;
  std::size_t written_ = 0;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_lines(data, size, max_size, seed,
                            {"mkdir # @",
                             "mkdir 0 @",
                             "create # @",
                             "create 0 @",
                             "mknod # @",
                             "fifo # @",
                             "symlink # @ @",
                             "tmpfile #",
                             "lookup # @",
                             "link # # @",
                             "unlink # @",
                             "unlink 0 @",
                             "rmdir # @",
                             "rename # @ # @ 0",
                             "rename 0 @ 0 @ #",
                             "rename # @ # @ 2",
                             "rename # @ # @ 4",
                             "forget # #",
                             "write # # #",
                             "read # # #",
                             "truncate # 0 #",
                             "fallocate # # #",
                             "punch # # #",
                             "keep # # #",
                             "setxattr # user.@ @ #",
                             "getxattr # user.@",
                             "removexattr # user.@",
                             "readdir # #"},
                            {"a", "b", "c", "long"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> lines = fuzz::split(fuzz::text_of(data, size), '\n');
  std::uint64_t pages = 4000, inodes = 500;
  if (!lines.empty() && lines[0].compare(0, 6, "limits") == 0) {
    fuzz::Words words(lines[0].substr(6 + (lines[0].size() > 6)));
    pages = 1 + words.number() % 16;
    inodes = 2 + words.number() % 16;
  }
  const bool recorded = size % 8 == 0;
  const auto game = std::make_unique<Game>(pages, inodes, recorded);
  std::size_t left = 60;
  for (const std::string& line : lines) {
    if (!left--) break;
    game->play(line);
    game->compare();
  }
  game->end();
  return 0;
}
