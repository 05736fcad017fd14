// SPDX-License-Identifier: MIT
//
// Times whole processes, variant against variant.
//
//   launch ROUNDS NAME=PRELOAD... -- COMMAND...
//
// A round starts COMMAND once with each LD_PRELOAD (empty: none; "@WORDS": none, and WORDS before the command), each
// time beginning with another one, and waits for it. A line is a round: for each variant "NANOSECONDS:FAULTS", the time
// from before the start to after the end, and the page faults (those that read from disk do not count). All of it on
// one processor: a variant that happened to be moved to a cold one would be measured for that.
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

struct Variant {
  std::vector<std::string> words;
  std::vector<std::string> variables;

  std::vector<char*> command, environment;  // of the same, as the kernel wants it
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Variant make(std::string_view preload, char** command) {
  Variant variant;
  for (char** variable = environ; *variable; ++variable)
    if (std::strncmp(*variable, "LD_PRELOAD=", 11) != 0) variant.variables.push_back(*variable);
  if (preload.starts_with('@')) {
    std::string words(preload.substr(1));
    for (char* word = std::strtok(words.data(), " "); word; word = std::strtok(nullptr, " "))
      variant.words.push_back(word);
  } else if (!preload.empty()) {
    variant.variables.push_back("LD_PRELOAD=" + std::string(preload));
  }
  while (*command) variant.words.push_back(*command++);
  return variant;
}

std::int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

struct Took {
  std::int64_t time;
  long faults;
};

Took run(Variant& variant, posix_spawn_file_actions_t* actions) {
  const std::int64_t began = now();
  pid_t child;
  const int error =
      posix_spawnp(&child, variant.command[0], actions, nullptr, variant.command.data(), variant.environment.data());
  if (error) {
    std::fprintf(stderr, "launch: %s: %s\n", variant.command[0], std::strerror(error));
    std::exit(1);
  }
  int status;
  rusage used;
  wait4(child, &status, 0, &used);
  const std::int64_t took = now() - began;
  if (status != 0) {
    std::fprintf(stderr, "launch: %s ended with status %d\n", variant.command[0], status);
    std::exit(1);
  }
  return {took, used.ru_minflt};
}

}  // namespace

int main(int count, char** arguments) {
  int split = 2;
  while (split < count && std::strcmp(arguments[split], "--") != 0) ++split;
  if (split + 1 >= count || split == 2) {
    std::fprintf(stderr, "usage: launch ROUNDS NAME=PRELOAD... -- COMMAND...\n");
    return 2;
  }
  std::vector<Variant> variants;
  for (int i = 2; i < split; ++i) {
    const std::string_view word = arguments[i];
    variants.push_back(make(word.substr(word.find('=') + 1), arguments + split + 1));
  }
  for (Variant& variant : variants) {
    variant.command = pointers(variant.words);
    variant.environment = pointers(variant.variables);
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

  const int rounds = std::atoi(arguments[1]);
  std::vector<Took> took(variants.size());
  for (Variant& variant : variants) run(variant, &actions);  // what is cold on disk is read before it counts
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < variants.size(); ++i) {
      const std::size_t which = (i + static_cast<std::size_t>(round)) % variants.size();
      took[which] = run(variants[which], &actions);
    }
    for (std::size_t i = 0; i < took.size(); ++i)
      std::printf("%s%lld:%ld", i ? " " : "", static_cast<long long>(took[i].time), took[i].faults);
    std::printf("\n");
  }
  return 0;
}
