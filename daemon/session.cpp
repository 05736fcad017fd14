// SPDX-License-Identifier: MIT
#include "session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "content_pool.h"
#include "file_system.h"
#include "log.h"
#include "loop.h"
#include "mount.h"
#include "op/all.h"
#include "processors.h"
#include "readiness.h"
#include "start_limits.h"

namespace devshmd {
namespace {

/// Ends the start, with its message for the user.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw Failure(fmt::format(format, std::forward<Arguments>(arguments)...));
}

int checked(int fd, const char* what) {
  if (fd < 0) fail("{}: {}", what, explain(errno));
  return fd;
}

class Session {
 public:
  explicit Session(const Options& options) : options_(options) {}
  ~Session() { close_all(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int run() {
    prepare();
    background_.enter_if(options_.daemonize);
    block_signals();
    mount();
    const unsigned threads = fs_->threads = std::clamp(std::thread::hardware_concurrency(), 4u, 8u);
    loop_.emplace(*fs_, ended_);
    if (!loop_->start(threads, spins_)) fail("libfuse does not let the daemon read its requests");
    if (!wait_for(fs_->started)) return finish("ended before the mount answered");
    settle();
    notify_manager(fmt::format("READY=1\nSTATUS={} {}\n", name_of(options_.mode), point_));
    announce_on(options_.ready_fd);
    background_.ready();
    wait_for(-1);
    notify_manager("STOPPING=1\n");
    return finish({});
  }

 private:
  struct Behind : Background {
    void enter_if(bool wanted) {
      if (wanted) enter();
    }
  };

  /// Everything that can be done, and can go wrong, before anything has changed.
  void prepare() {
    for (const std::string& place : places()) {
      if (const int error = replace_dead(place)) fail("{}: a dead mount can't be detached: {}", place, explain(error));
      struct stat found;
      if (stat(place.c_str(), &found) < 0) {
        if (errno == ENOENT && !options_.mode_given && place.find('/') == std::string::npos)
          fail("{} is neither a mode ({}) nor a directory here", place, mode_list());
        if (errno == ENOENT) fail("{}: {}; make it first: mkdir -p {}", place, explain(errno), place);
        fail("{}: {}", place, explain(errno));
      }
      if (!S_ISDIR(found.st_mode)) fail("{} is not a directory", place);
    }
    point_ = absolute(options_.mount_point);
    for (const std::string& place : options_.also) {
      also_.push_back(absolute(place));
      if (also_.back() == point_) fail("--also {} is the mount point itself", place);
    }
    const unsigned descriptors = raise_descriptor_limit();
    fs_.emplace(options_.mode, space_for(options_), Owner{geteuid(), getegid()}, point_);
    constexpr unsigned own_descriptors = 64;  // for what is not contents
    MemoryFile::limit_descriptors(descriptors > 2 * own_descriptors ? descriptors - own_descriptors : descriptors / 2);
    fs_->table.save_descriptors_from(descriptors / 4);
    if (!options_.record.empty()) {
      const int fd = open_recording(options_.record);
      if (fd == -ENXIO) fail("--record {}: nobody reads this pipe; start its reader first", options_.record);
      if (fd < 0) fail("--record {}: {}", options_.record, explain(-fd));
      fs_->recorder.start(fd, options_.record);
    }
    if (options_.mode != Mode::serve) fs_->passthrough.switch_off("nothing is served");
    if (!options_.passthrough) fs_->passthrough.switch_off("--no-passthrough");
    if (options_.mode == Mode::serve) make_pool();
    spins_ = may_spin();
    if (options_.low_latency) hold_latency();
    describe();
    if (chdir("/") < 0) fail("/: {}", explain(errno));
    umask(0);
  }

  void hold_latency() {
    if (!spins_)
      say("--low-latency has no effect: there is one processor, or a quota of processor time");
    else if (const int error = fs_->queue.latency_hold().open())
      fail("--low-latency: /dev/cpu_dma_latency: {}", explain(error));
  }

  void make_pool() {
    if (fs_->space.page_limit() == Space::unlimited) return;
    if (const int error = fs_->pool.make(fs_->space.page_limit())) {
      fs_->passthrough.switch_off(
          fmt::format("the daemon can't make a tmpfs of its own: {}; --size 0 needs none", explain(error)));
      return;
    }
    fs_->space.let_kernel_count();
    fs_->table.make_contents_in(fs_->pool);
  }

  std::vector<std::string> places() const {
    std::vector<std::string> all = {options_.mount_point};
    all.insert(all.end(), options_.also.begin(), options_.also.end());
    return all;
  }

  void describe() {
    std::string& text = fs_->options_shown;
    const auto add = [&](const std::string& option) { text += (text.empty() ? "" : " ") + option; };
    if (options_.size) add("--size " + *options_.size);
    if (options_.inodes) add(fmt::format("--inodes {}", *options_.inodes));
    for (const std::string& place : also_) add("--also " + place);
    if (options_.allow_other) add("--allow-other");
    if (options_.exec) add("--exec");
    if (options_.no_dirty_limit) add("--no-dirty-limit");
    if (options_.low_latency) add("--low-latency");
  }

  /// From here on these signals are read from a descriptor, not delivered; threads inherit that.
  void block_signals() {
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ends, signal);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);  // a recording whose reader has gone is an error like any other
    signals_ = checked(signalfd(-1, &ends, SFD_CLOEXEC), "signalfd");
    ended_ = checked(eventfd(0, EFD_CLOEXEC), "eventfd");
    fs_->started = checked(eventfd(0, EFD_CLOEXEC), "eventfd");
  }

  void mount() {
    take_over_libfuse_log();
    const MountWish wish{options_.allow_other, kernel_checks_permissions(options_.mode), options_.exec};
    // libfuse needs the options too: it checks callers by them, and it may have to mount for us.
    std::string list = fmt::format("fsname={},subtype=devshm,nosuid,nodev", mount_source);
    if (wish.allow_other) list += ",allow_other";
    if (wish.kernel_checks_permissions) list += ",default_permissions";
    if (!wish.exec) list += ",noexec";
    fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
    for (const char* argument : {"devshmd", "-o", list.c_str()}) fuse_opt_add_arg(&arguments, argument);
    fs_->session = fuse_session_new(&arguments, &op::all(), sizeof(fuse_lowlevel_ops), &*fs_);
    fuse_opt_free_args(&arguments);
    if (!fs_->session) fail("libfuse can't make a session");

    const int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno != EACCES)
      fail("/dev/fuse: {}; is the module fuse there, and is the device in this container?", explain(errno));
    const int error = fd < 0 ? EPERM : mount_fuse(fd, point_, wish);
    if (error == 0) {
      if (fuse_session_mount(fs_->session, fmt::format("/dev/fd/{}", fd).c_str()) != 0)
        fail("libfuse can't take the mount over");
    } else {
      if (fd >= 0) close(fd);
      if (error != EPERM) fail("can't mount at {}: {}", point_, explain(error));
      // Without the right to mount, the setuid fusermount3 does it, if it is installed.
      if (fuse_session_mount(fs_->session, point_.c_str()) != 0)
        fail("can't mount at {}: this takes root, a user namespace (unshare -Urm), or fusermount3", point_);
      by_helper_ = true;
    }
    device_ = mount_at(point_).device;
  }

  /// The part of the start that needs the mount to answer.
  void settle() {
    for (const std::string& place : also_)
      if (const int error = bind_mount(point_, place)) fail("--also {}: {}", place, explain(error));
    if (options_.no_dirty_limit)
      if (const std::string problem = lift_dirty_limit(device_); !problem.empty()) say("--no-dirty-limit: {}", problem);
    std::string passthrough;
    {
      const std::lock_guard lock(fs_->mutex);
      passthrough = fs_->passthrough.state();
    }
    if (options_.mode == Mode::serve)
      say("serve at {}, passthrough: {}", point_, passthrough);
    else
      say("{} at {}", name_of(options_.mode), point_);
  }

  /// True when `fd` can be read; false when it is time to end.
  bool wait_for(int fd) {
    pollfd wanted[] = {{signals_, POLLIN, 0}, {ended_, POLLIN, 0}, {fd, POLLIN, 0}};
    for (;;) {
      if (poll(wanted, 3, -1) < 0) continue;
      if (wanted[2].revents) return true;
      if (wanted[0].revents || wanted[1].revents) return false;
    }
  }

  int finish(const std::string& complaint) {
    close_all();
    if (!complaint.empty()) say("{}", complaint);
    return complaint.empty() ? 0 : 1;
  }

  void close_all() {
    // Unmount first, then stop answering: a program finds either this mount or what is beneath it.
    if (!device_.empty() && !by_helper_ && !detach_device(device_))
      say("{}: something else is mounted over it, so it stays behind; devshmd umount clears it", point_);
    device_.clear();
    if (loop_) loop_->stop();
    loop_.reset();
    if (fs_ && fs_->session) {
      if (by_helper_) fuse_session_unmount(fs_->session);
      fuse_session_destroy(fs_->session);
      fs_->session = nullptr;
    }
    if (fs_) fs_->recorder.finish();
    for (int* fd : {&signals_, &ended_})
      if (*fd >= 0) close(std::exchange(*fd, -1));
    if (fs_ && fs_->started >= 0) close(std::exchange(fs_->started, -1));
  }

  const Options& options_;
  std::string point_, device_;
  std::vector<std::string> also_;
  std::optional<FileSystem> fs_;
  std::optional<Loop> loop_;
  Behind background_;
  bool by_helper_ = false;
  bool spins_ = false;
  int signals_ = -1, ended_ = -1;
};

}  // namespace

int serve(const Options& options) {
  Session session(options);
  try {
    return session.run();
  } catch (const std::exception& failure) {
    say("{}", failure.what());
    return 1;
  }
}

int unmount(const std::string& mount_point) {
  const std::string point = absolute(mount_point);
  const MountEntry entry = mount_at(point);
  if (entry.device.empty()) {
    say("nothing is mounted at {}", point);
    return 1;
  }
  if (entry.type != mount_type) {
    say("the mount at {} ({}) is not devshmd's, so it stays", point, entry.type);
    return 1;
  }
  if (!detach_device(entry.device)) {
    say("{} can't be unmounted everywhere: only root or the user that mounted it can do that", point);
    return 1;
  }
  return 0;
}

}  // namespace devshmd
