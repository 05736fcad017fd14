// SPDX-License-Identifier: MIT
#include "options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "size.h"

namespace devshmd {
namespace {

/// What an option can be combined with.
enum class With {
  any_mode,  ///< a daemon in any mode
  serve,     ///< a daemon that serves files
  status,    ///< --status
  top,       ///< top
  nothing,   ///< it is a command of its own
};

struct Option {
  const char* name;
  const char* value;  ///< how the help calls its value; null if it takes none
  With with;
  bool repeatable;
  /// Takes the value over. Returns what is wrong with it, or an empty text.
  std::string (*take)(Options& options, const std::string& value);
  const char* help;
};

/// A value that was taken over.
std::string done(bool = true) { return {}; }

const Option table[] = {
    {"size", "SIZE", With::serve, false,
     [](Options& options, const std::string& value) {
       if (!parse_size(value, 1)) return std::string("not a size, which looks like 65536, 64K, 64M, 2G or 50%");
       options.size = value;
       return done();
     },
     "room for contents: 65536, 64K, 64M, 2G, 50% (of memory); 0: no limit.\nDefault 50%, as a tmpfs"},
    {"inodes", "N", With::serve, false,
     [](Options& options, const std::string& value) {
       const auto number = parse_size(value);
       if (!number || *number > (UINT64_C(1) << 40)) return std::string("not a number");
       options.inodes = number;
       return done();
     },
     "how many files and directories; 0: no limit. Default as a tmpfs: one\nfor two pages of memory"},
    {"record", "FILE", With::any_mode, false,
     [](Options& options, const std::string& value) { return options.record = value, done(); },
     "write every access to FILE, one line of JSON each; - is standard output"},
    {"also", "DIR", With::any_mode, true,
     [](Options& options, const std::string& value) { return options.also.push_back(value), done(); },
     "the same files at DIR as well (a bind mount); may be given more than once"},
    {"allow-other", nullptr, With::any_mode, false,
     [](Options& options, const std::string&) { return done(options.allow_other = true); },
     "let all users use it, not only the one that mounts it"},
    {"exec", nullptr, With::serve, false,
     [](Options& options, const std::string&) { return done(options.exec = true); },
     "let programs in it be executed; otherwise it is noexec (it is always\nnosuid and nodev)"},
    {"no-passthrough", nullptr, With::serve, false,
     [](Options& options, const std::string&) { return done(options.passthrough = false); },
     "send all contents through the daemon, even where the kernel could reach\nthem directly"},
    {"no-dirty-limit", nullptr, With::serve, false,
     [](Options& options, const std::string&) { return done(options.no_dirty_limit = true); },
     "let the kernel keep any amount of unwritten contents: large mappings\nbecome fast without passthrough "
     "(changes two settings of this mount in\n/sys/class/bdi; root)"},
    {"low-latency", nullptr, With::any_mode, false,
     [](Options& options, const std::string&) { return done(options.low_latency = true); },
     "keep idle processors awake while many requests come (root); costs power"},
    {"daemonize", nullptr, With::any_mode, false,
     [](Options& options, const std::string&) { return done(options.daemonize = true); },
     "go to the background; return when the mount answers"},
    {"ready-fd", "N", With::any_mode, false,
     [](Options& options, const std::string& value) {
       const char* end = value.data() + value.size();
       const auto [parsed, error] = std::from_chars(value.data(), end, options.ready_fd);
       if (error != std::errc() || parsed != end || options.ready_fd < 0) return std::string("not a file descriptor");
       return done();
     },
     "write a newline to file descriptor N when the mount answers, and close it"},
    {"status", nullptr, With::nothing, false,
     [](Options& options, const std::string&) { return options.command = Command::status, done(); },
     "show what the daemon at MOUNTPOINT does, then end"},
    {"json", nullptr, With::status, false,
     [](Options& options, const std::string&) { return done(options.json = true); },
     "with --status: as JSON, with counters for each operation, user and process"},
    {"once", nullptr, With::top, false, [](Options& options, const std::string&) { return done(options.once = true); },
     "with top: show it once, then end"},
    {"interval", "SECONDS", With::top, false,
     [](Options& options, const std::string& value) {
       const char* end = value.data() + value.size();
       const auto [parsed, error] = std::from_chars(value.data(), end, options.interval);
       if (error != std::errc() || parsed != end || options.interval < 1 || options.interval > 3600)
         return std::string("not 1 to 3600 seconds");
       return done();
     },
     "with top: how long to wait between two screens; default 2"},
    {"help", nullptr, With::nothing, true,
     [](Options& options, const std::string&) { return options.command = Command::help, done(); }, "show this text"},
    {"version", nullptr, With::nothing, true,
     [](Options& options, const std::string&) { return options.command = Command::version, done(); },
     "show the version"},
};

/// What getopt_long returns for the first row; below are characters.
constexpr int first_row = 256;

std::vector<option> long_options() {
  std::vector<option> list;
  list.reserve(std::size(table) + 1);
  for (const Option& each : table)
    list.push_back(
        {each.name, each.value ? required_argument : no_argument, nullptr, first_row + static_cast<int>(list.size())});
  list.push_back({nullptr, 0, nullptr, 0});
  return list;
}

const Option& row(const std::string& name) {
  return *std::find_if(std::begin(table), std::end(table), [&](const Option& each) { return name == each.name; });
}

/// The first pair of words that can't be combined.
std::string contradiction(const Options& options, const std::set<std::string>& given) {
  const char* command = options.command == Command::status   ? "--status"
                        : options.command == Command::umount ? "umount"
                        : options.command == Command::report ? "report"
                        : options.command == Command::top    ? "top"
                                                             : nullptr;
  for (const std::string& name : given) {
    const With with = row(name).with;
    if (with == With::status && options.command != Command::status)
      return fmt::format("--{} belongs to --status", name);
    if (with == With::top && options.command != Command::top) return fmt::format("--{} belongs to top", name);
    if (with == With::status || with == With::top) continue;
    if (command && name != "status") return fmt::format("--{} can't be combined with {}", name, command);
    if (with == With::serve && options.mode != Mode::serve)
      return fmt::format("--{} can't be combined with {}: there are no files", name, name_of(options.mode));
  }
  if (options.daemonize && options.record == "-")
    return "--record - can't be combined with --daemonize: a daemon has no standard output";
  return {};
}

/// The words that are no options: a mode or a command, and what belongs to it.
std::string take_words(Options& options, const std::vector<std::string>& words) {
  std::size_t next = 0;
  if (next < words.size() && options.command == Command::run) {
    if (const auto mode = mode_named(words[next])) {
      options.mode = *mode;
      options.mode_given = true;
      ++next;
    } else if (words[next] == "umount") {
      options.command = Command::umount;
      ++next;
    } else if (words[next] == "top") {
      options.command = Command::top;
      ++next;
    } else if (words[next] == "report") {
      options.command = Command::report;
      if (++next == words.size()) return "report needs a FILE; - is standard input";
      options.report_file = words[next++];
    }
  }
  if (next < words.size() && options.command != Command::report) {
    options.mount_point = words[next++];
    if (options.mount_point.empty()) return "the mount point is empty";
  }
  if (next < words.size()) return fmt::format("one word too many: {}", words[next]);
  return {};
}

}  // namespace

Parsed parse_options(const std::vector<std::string>& arguments) {
  Options options;
  const auto fail = [&](std::string text) { return Parsed{options, std::move(text)}; };

  std::vector<std::string> copies{"devshmd"};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(copies.size() + 1);
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);
  const int argc = static_cast<int>(copies.size());

  static const std::vector<option> list = long_options();
  std::set<std::string> given;
  std::vector<std::string> words;
  optind = 0;  // getopt_long starts again
  opterr = 0;
  // "-": words are returned where they stand, as the argument of option 1; ":": a missing value is reported as ':'.
  for (int found; (found = getopt_long(argc, argv.data(), "-:h", list.data(), nullptr)) != -1;) {
    const std::string word = copies[static_cast<std::size_t>(std::clamp(optind - 1, 0, argc - 1))];
    const std::string name = word.substr(0, word.find('='));
    if (found == 1) {
      words.push_back(optarg);
      continue;
    }
    if (found == 'h') found = first_row + static_cast<int>(&row("help") - table);
    if (found == ':') return fail(name + " needs a value");
    if (found == '?') {
      if (optopt >= first_row) return fail(name + " takes no value");
      return fail(fmt::format("unknown option {}; devshmd --help lists them",
                              optopt ? fmt::format("-{}", static_cast<char>(optopt)) : name));
    }
    const Option& each = table[found - first_row];
    const std::string value = optarg ? optarg : "";
    if (each.value && value.empty()) return fail(fmt::format("--{} needs a value", each.name));
    if (!given.insert(each.name).second && !each.repeatable) return fail(fmt::format("--{} is given twice", each.name));
    const std::string problem = each.take(options, value);
    if (!problem.empty()) return fail(fmt::format("--{} {}: {}", each.name, value, problem));
    if (options.command == Command::help || options.command == Command::version) return {options, {}};
  }
  for (int i = optind; i < argc; ++i) words.push_back(argv[static_cast<std::size_t>(i)]);  // after "--"

  if (std::string problem = take_words(options, words); !problem.empty()) return fail(std::move(problem));
  return fail(contradiction(options, given));
}

std::string help_text() {
  std::string text = R"(usage: devshmd [MODE] [OPTIONS] [MOUNTPOINT]
       devshmd umount [MOUNTPOINT]
       devshmd report FILE
       devshmd --status [--json] [MOUNTPOINT]
       devshmd top [--once] [--interval SECONDS] [MOUNTPOINT]

A file system for /dev/shm, or for MOUNTPOINT, in user space (FUSE). It stays in the foreground until SIGTERM, SIGINT or
SIGHUP, then unmounts and ends.

MODE
  serve      shared memory that works: a tmpfs in user space (the default)
  hidden     nothing is there, not even the mount point: ENOENT, as on AWS Lambda
  denied     it is there, and nobody may do anything in it: EACCES
  full       an empty file system without room for anything: ENOSPC
  readonly   an empty file system that can't be written: EROFS

OPTIONS (* with serve only)
)";
  for (const Option& each : table) {
    const std::string name = fmt::format("{} --{}{}{}", each.with == With::serve ? '*' : ' ', each.name,
                                         each.value ? " " : "", each.value ? each.value : "");
    std::string help = each.help;
    for (std::size_t at = 0; (at = help.find('\n', at)) != std::string::npos; ++at) help.insert(at + 1, 21, ' ');
    text += fmt::format("{:<20} {}\n", name, help);
  }
  return text + R"(
umount   unmounts, also what a daemon that was killed has left
top      shows which processes use it, live: operations, names made and removed, bytes, and what each one used last
report   shows a recording as a table: which program, which operations, which paths, with what result

examples:
  devshmd                                       serve /dev/shm
  devshmd serve --size 64M --allow-other        as Docker does it
  devshmd hidden --record seen.jsonl            which program looks for /dev/shm where there is none?
  devshmd report seen.jsonl
  devshmd top                                   which processes use /dev/shm, and for what?
  devshmd serve --also /tmp/shm                 for programs with and without libdevshm.so
  unshare -Urm sh -c 'devshmd --daemonize && exec ./program'    without root, for one program alone
)";
}

}  // namespace devshmd
