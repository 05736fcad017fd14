// SPDX-License-Identifier: MIT
#include "options.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "size.h"

namespace devshmd {

const char* const help_text =
    R"(usage: devshmd [MODE] [OPTIONS] [MOUNTPOINT]
       devshmd umount [MOUNTPOINT]
       devshmd report FILE
       devshmd --status [MOUNTPOINT]

A file system for /dev/shm, or for MOUNTPOINT, in user space (FUSE). Stays in the foreground until SIGTERM, SIGINT or SIGHUP,
then unmounts and ends.

MODE
  serve      shared memory that works: a tmpfs in user space (the default)
  hidden     nothing is there, the mount point itself neither: ENOENT, as on AWS Lambda
  denied     it is there, and nobody may do anything in it: EACCES
  full       an empty file system without room for anything: ENOSPC
  readonly   an empty file system that can't be written: EROFS

OPTIONS
  --size SIZE        of serve: room for contents: 65536, 64K, 64M, 2G, 50% (of memory); 0: no limit. Default 50%, as a tmpfs
  --inodes N         of serve: how many files and directories; 0: no limit. Default as a tmpfs: one for two pages of memory
  --record FILE      write every access to FILE, a line of JSON each; - is standard output
  --also DIR         the same files at DIR as well (a bind mount); may be given more than once
  --allow-other      users other than the one who mounts may use it
  --exec             programs in it may be run; else it is noexec (nosuid and nodev it is always)
  --no-passthrough   all contents go through the daemon, also where the kernel could get at them directly
  --no-dirty-limit   let the kernel keep as much unwritten contents as it likes: large mappings become fast where there
                     is no passthrough (changes two settings of this mount in /sys/class/bdi; root)
  --daemonize        go to the background; returns when the mount answers
  --ready-fd N       write a newline to file descriptor N when the mount answers, and close it
  --status           say what the daemon at MOUNTPOINT does, then end
  --help, --version

umount   unmounts, also what a daemon that was killed has left
report   shows a recording as a table: which program, which operations, which paths, with what result

examples:
  devshmd                                       serve /dev/shm
  devshmd serve --size 64M --allow-other        as Docker does it
  devshmd hidden --record seen.jsonl            who looks for /dev/shm where there is none?
  devshmd report seen.jsonl
  devshmd serve --also /tmp/shm                 for programs with and without libdevshm.so
  unshare -Urm sh -c 'devshmd --daemonize && exec ./program'    without root, for one program alone
)";

namespace {

template <class Number>
bool parse_number(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// The first pair of what was given that can't be combined.
std::string contradiction(const Options& options, const std::set<std::string>& given) {
  const auto has = [&](const char* option) { return given.count(option) != 0; };
  if (options.command == Command::status || options.command == Command::umount || options.command == Command::report) {
    const char* command = options.command == Command::status   ? "--status"
                          : options.command == Command::umount ? "umount"
                                                               : "report";
    for (const std::string& option : given)
      if (option != "--status") return fmt::format("{} can't be combined with {}", option, command);
    return {};
  }
  if (options.mode != Mode::serve)
    for (const char* option : {"--size", "--inodes", "--exec", "--no-passthrough", "--no-dirty-limit"})
      if (has(option))
        return fmt::format("{} can't be combined with {}: there are no files", option, name_of(options.mode));
  if (options.daemonize && options.record == "-")
    return "--record - can't be combined with --daemonize: a daemon has no standard output";
  return {};
}

}  // namespace

Parsed parse_options(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> words;
  std::set<std::string> given;
  const auto fail = [&](std::string text) { return Parsed{options, std::move(text)}; };

  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string option = arguments[i];
    if (only_words || option.size() < 2 || option[0] != '-') {
      words.push_back(option);
      continue;
    }
    if (option == "--") {
      only_words = true;
      continue;
    }
    std::optional<std::string> value;
    if (const std::size_t equals = option.find('='); equals != std::string::npos) {
      value = option.substr(equals + 1);
      option.resize(equals);
    }
    const bool takes_value = option == "--size" || option == "--inodes" || option == "--record" || option == "--also" ||
                             option == "--ready-fd";
    if (takes_value && !value) {
      if (i + 1 == arguments.size()) return fail(option + " wants a value");
      value = arguments[++i];
    }
    if (takes_value && value->empty()) return fail(option + " wants a value");
    if (!takes_value && value) return fail(option + " takes no value");

    if (option == "--help" || option == "-h") {
      options.command = Command::help;
      return {options, {}};
    } else if (option == "--version") {
      options.command = Command::version;
      return {options, {}};
    } else if (option == "--size") {
      if (!parse_size(*value, 1))
        return fail(fmt::format("--size {}: not a size; 65536, 64K, 64M, 2G and 50% are", *value));
      options.size = value;
    } else if (option == "--inodes") {
      const auto number = parse_size(*value);
      if (!number || *number > (UINT64_C(1) << 40)) return fail(fmt::format("--inodes {}: not a number", *value));
      options.inodes = number;
    } else if (option == "--record") {
      options.record = *value;
    } else if (option == "--also") {
      options.also.push_back(*value);
    } else if (option == "--ready-fd") {
      if (!parse_number(*value, options.ready_fd) || options.ready_fd < 0)
        return fail(fmt::format("--ready-fd {}: not a file descriptor", *value));
    } else if (option == "--allow-other") {
      options.allow_other = true;
    } else if (option == "--exec") {
      options.exec = true;
    } else if (option == "--no-passthrough") {
      options.passthrough = false;
    } else if (option == "--no-dirty-limit") {
      options.no_dirty_limit = true;
    } else if (option == "--daemonize") {
      options.daemonize = true;
    } else if (option == "--status") {
      options.command = Command::status;
    } else {
      return fail(fmt::format("unknown option {}; devshmd --help lists them", option));
    }
    if (option != "--also" && given.count(option)) return fail(option + " is given twice");
    given.insert(option);
  }

  std::size_t next = 0;
  if (next < words.size() && options.command == Command::run) {
    if (const auto mode = mode_named(words[next])) {
      options.mode = *mode;
      ++next;
    } else if (words[next] == "umount") {
      options.command = Command::umount;
      ++next;
    } else if (words[next] == "report") {
      options.command = Command::report;
      if (++next == words.size()) return fail("report wants a FILE; - is standard input");
      options.report_file = words[next++];
    }
  }
  if (next < words.size() && options.command != Command::report) {
    options.mount_point = words[next++];
    if (options.mount_point.empty()) return fail("the mount point is empty");
  }
  if (next < words.size()) return fail(fmt::format("one word too many: {}", words[next]));
  return fail(contradiction(options, given));
}

}  // namespace devshmd
