// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "fuse.h"
#include "log.h"
#include "options.h"
#include "recording_report.h"
#include "session.h"
#include "status.h"
#include "top.h"

namespace {

int run(const devshmd::Options& options) {
  using devshmd::Command;
  switch (options.command) {
    case Command::help: fmt::print("{}", devshmd::help_text()); return 0;
    case Command::version: fmt::print("devshmd {} (libfuse {})\n", DEVSHMD_VERSION, fuse_pkgversion()); return 0;
    case Command::run: return devshmd::serve(options);
    case Command::umount: return devshmd::unmount(options.mount_point);
    case Command::report: return devshmd::show_report(options.report_file);
    case Command::status: return devshmd::show_status(options.mount_point, options.json);
    case Command::top: return devshmd::show_top(options.mount_point, options.once, options.interval);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const devshmd::Parsed parsed = devshmd::parse_options({argv + 1, argv + argc});
    if (!parsed.error.empty()) {
      devshmd::say("{}", parsed.error);
      return 2;
    }
    const int status = run(parsed.options);
    return std::fflush(stdout) == 0 ? status : 1;
  } catch (const std::exception& error) {
    devshmd::say("{}", error.what());
    return 1;
  }
}
