// SPDX-License-Identifier: MIT
//
// devshmd's answers to sequences of requests, against a model of a file system (requests_model.h). An input is a
// request a line, with numbers for objects (in the order in which they became known), and may begin with "limits PAGES
// INODES"; where there is no room for more, the model believes it.
#include <memory>

#include "requests_contents.h"
#include "requests_names.h"

namespace {

/// The longest file: what is beyond is another matter than these are about.
constexpr std::size_t longest_file = 20000;

class Game {
 public:
  Game(std::uint64_t pages, std::uint64_t inodes, bool recorded)
      : inode_limit_(inodes), fs_(devshmd::Mode::serve, {pages, inodes, true}, {0, 0}, "/dev/shm") {
    file_system = &fs_;
    if (recorded) fs_.recorder.start(::open("/dev/null", O_WRONLY | O_CLOEXEC), "null");
  }

  void play(const std::string& line) {
    fuzz::Words words(line);
    const std::string what = words.text();
    // Words are taken in order, so each request takes them before its call.
    if (what == "mkdir" || what == "mknod" || what == "create" || what == "symlink" || what == "fifo") {
      const Place at = place(words);
      names_.make(what, at, words.text().c_str());
    } else if (what == "tmpfile") {
      names_.make_unnamed(object(words));
    } else if (what == "lookup") {
      names_.lookup(place(words));
    } else if (what == "link") {
      const Ino ino = object(words);
      names_.link(ino, place(words));
    } else if (what == "unlink" || what == "rmdir") {
      names_.remove(place(words), what == "rmdir");
    } else if (what == "rename") {
      const Place from = place(words), to = place(words);
      names_.rename(from, to, static_cast<unsigned>(words.number() % 9));
    } else if (what == "forget") {
      const Ino ino = object(words);
      names_.forget(ino, static_cast<int>(words.number() % 4));
    } else if (what == "readdir") {
      const Ino ino = object(words);
      names_.read_directory(ino, 40 + words.number() % 400);
    } else if (what == "write") {
      contents_.write(range(words));
    } else if (what == "read") {
      contents_.read(range(words));
    } else if (what == "truncate") {
      contents_.truncate(range(words));
    } else if (what == "fallocate") {
      contents_.allocate(range(words), 0);
    } else if (what == "punch") {
      contents_.allocate(range(words), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    } else if (what == "keep") {
      contents_.allocate(range(words), FALLOC_FL_KEEP_SIZE);
    } else if (what == "setxattr") {
      const Ino ino = object(words);
      const std::string attribute = name(words), value = words.text();
      contents_.set_attribute(ino, attribute, value, static_cast<int>(words.number() % 3));
    } else if (what == "getxattr") {
      const Ino ino = object(words);
      contents_.get_attributes(ino, name(words));
    } else if (what == "removexattr") {
      const Ino ino = object(words);
      contents_.remove_attribute(ino, name(words));
    }
  }

  /// After each request: what everybody can see is what the model has.
  void compare() {
    for (const Ino ino : model_.known) {
      const Object& object = model_.objects.at(ino);
      ask([&] { op::getattr(nullptr, ino, nullptr); });
      EXPECT(answer.error == 0);
      const struct stat& got = answer.attributes;
      const std::string told = std::to_string(ino) + " " + object.type;
      EXPECT(static_cast<int>(got.st_nlink) == object.links, told, std::to_string(got.st_nlink),
             std::to_string(object.links));
      const std::size_t size = object.type == 'd' ? 20 * (object.entries.size() + 2) : object.contents.size();
      EXPECT(static_cast<std::size_t>(got.st_size) == size, told, std::to_string(got.st_size), std::to_string(size));
      EXPECT(S_ISDIR(got.st_mode) == (object.type == 'd') && S_ISLNK(got.st_mode) == (object.type == 'l'), told);
    }
    EXPECT(fs_.table.size() == model_.objects.size());
    ask([] { op::statfs(nullptr, 1); });
    const std::uint64_t left = (inode_limit_ * 1024 - model_.charged()) / 1024;
    EXPECT(answer.statistics.f_ffree == left, std::to_string(answer.statistics.f_ffree), std::to_string(left));
  }

  /// Everything goes, and then nothing is left.
  void end() {
    while (model_.objects.at(1).entries.size()) names_.clear(1);
    const std::vector<Ino> known = model_.known;
    for (const Ino ino : known)
      if (ino != 1) names_.forget(ino, model_.objects.at(ino).lookups);
    compare();
    EXPECT(fs_.table.size() == 1 && !fs_.table.has_nameless());
    EXPECT(fs_.space.pages_used() == 0, std::to_string(fs_.space.pages_used()));
    EXPECT(fs_.space.pages_charged() == 0, std::to_string(fs_.space.pages_charged()));
    EXPECT(fs_.space.pages_elsewhere() == 0);
  }

 private:
  Ino object(fuzz::Words& words) {
    const std::size_t number = words.number();
    return number % 16 == 15 ? 99999 : model_.known[number % model_.known.size()];
  }
  static std::string name(fuzz::Words& words) {
    std::string text = words.text().c_str();
    std::replace(text.begin(), text.end(), '/', '_');
    if (text == "long") text = std::string(256, 'l');
    return text.empty() || text == "." || text == ".." ? "n" : text;
  }
  Place place(fuzz::Words& words) { return {object(words), name(words)}; }
  Range range(fuzz::Words& words) {
    return {object(words), words.number() % (longest_file / 2), words.number() % (longest_file / 2)};
  }

  const std::uint64_t inode_limit_;
  devshmd::FileSystem fs_;
  Model model_;
  Names names_{model_, fs_};
  Contents contents_{model_};
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
