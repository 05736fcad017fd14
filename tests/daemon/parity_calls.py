# SPDX-License-Identifier: MIT
"""File system calls, one after the other, in the current directory; a line for each: `family: call(arguments): result`.

The lines are the same on every file system that does the same. What names things by chance (numbers, times) is not in them:
inode numbers become "same" or "other", times "moved" or "kept".
"""
import ctypes
import errno
import fcntl
import itertools
import mmap
import os
import resource
import shutil
import signal
import socket
import stat
import struct
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PAGE = 4096
LONGEST, TOO_LONG = "n" * 255, "n" * 256
AT_FDCWD, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = -100, 0x400, 0x1000
NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4
KEEP, PUNCH, COLLAPSE, ZERO, INSERT, UNSHARE = 1, 2, 8, 16, 32, 64
CLOCK_REALTIME_COARSE = 5
OLD = 10**18  # a time in 2001, in nanoseconds: whoever changes a time makes it later


# --- Calls that Python has not, or not with all their flags ---

def libc(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(LIBC, name)(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def renameat2(old, new, flags):
    return libc("renameat2", AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags)


def linkat(old, new, flags, directory=AT_FDCWD):
    return libc("linkat", directory, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags)


def fallocate(fd, mode, offset, length):
    return libc("fallocate", fd, mode, offset, length)


def creat(path, flags, mode=0o644):
    os.close(os.open(path, flags | os.O_NONBLOCK, mode))


def bind(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


def utime(path, follow=True):
    os.utime(path, ns=(OLD, OLD), follow_symlinks=follow)


def statfs(path):
    found = os.statvfs(path)
    return found.f_bsize, found.f_frsize, found.f_namemax, found.f_flag & ~os.ST_RELATIME


def error_name(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def shown(value):
    text = repr(value)
    return text if len(text) <= 80 else "%s...%d bytes" % (text[:40], len(text))


TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
         stat.S_IFCHR: "chr", stat.S_IFBLK: "blk"}


def facts(found):
    """What stat tells that must be the same everywhere."""
    kind = TYPES[stat.S_IFMT(found.st_mode)]
    blocks = " blocks=%d" % found.st_blocks if kind in ("file", "link") else ""
    device = " rdev=%x" % found.st_rdev if kind in ("chr", "blk") else ""
    return "%s %04o links=%d %d:%d size=%d%s%s blksize=%d" % (
        kind, stat.S_IMODE(found.st_mode), found.st_nlink, found.st_uid, found.st_gid, found.st_size, blocks, device,
        found.st_blksize)


def tree(top="."):
    """Everything below `top`: as root, or with what the user may see."""
    found = {".": facts(os.lstat(top)) + " %s" % sorted(os.listxattr(top))}
    for directory, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(directory, name)
            is_at = os.lstat(path)
            text = facts(is_at)
            if stat.S_ISLNK(is_at.st_mode):
                text += " -> " + os.readlink(path)
            elif stat.S_ISREG(is_at.st_mode):
                with open(path, "rb") as file:
                    text += " " + shown(file.read(1 << 16))
                if os.listxattr(path):
                    text += " " + str(sorted(os.listxattr(path)))
            found[os.path.relpath(path, top)] = text
    return found


class Calls:
    def __init__(self, out):
        self.out, self.family, self.worked = out, "", False

    def say(self, what, result):
        self.out.write("%s: %s: %s\n" % (self.family, what.replace(TOO_LONG, "<256>").replace(LONGEST, "<255>"), result))

    def call(self, function, *arguments, show=None, **named):
        """Makes the call and says what came of it; returns that, or None."""
        label = "%s(%s)" % (function.__name__, ", ".join([*map(shown, show if show is not None else arguments),
                                                          *("%s=%r" % item for item in named.items())]))
        try:
            result = function(*arguments, **named)
        except OSError as error:
            self.say(label, error_name(error))
            self.worked = False
            return None
        self.worked = True
        if isinstance(result, os.stat_result):
            text = facts(result)
        elif function is os.open:
            text = "ok"
        else:
            text = "ok" if result is None else shown(result)
        self.say(label, text)
        return result

    def fd(self, path, flags=os.O_RDWR | os.O_CREAT, mode=0o644):
        return os.open(path, flags, mode)

    # --- Fixtures ---

    def make(self):
        """One of each kind, in the current directory."""
        umask = os.umask(0o022)
        with open("file", "wb") as file:
            file.write(b"content")
        os.chown("file", 1001, 1001)
        os.mkdir("dir")
        with open("dir/inside", "wb") as file:
            file.write(b"in")
        os.mkdir("empty")
        os.mkdir("closed", 0o700)
        creat("closed/x", os.O_CREAT)
        os.mkdir("sticky")
        os.chmod("sticky", 0o1777)
        creat("sticky/of-root", os.O_CREAT)
        creat("sticky/of-1001", os.O_CREAT)
        os.chown("sticky/of-1001", 1001, 1001)
        os.mkdir("theirs")
        os.chown("theirs", 1001, 1001)
        creat("theirs/of-root", os.O_CREAT)
        os.mkfifo("fifo")
        bind("socket")
        os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        for name, target in (("to-file", "file"), ("to-dir", "dir"), ("dangling", "nowhere"), ("loop", "loop")):
            os.symlink(target, name)
        os.umask(umask)

    def clear(self):
        os.chown(".", 0, 0)
        os.chmod(".", 0o1777)
        for name in os.listxattr("."):
            os.removexattr(".", name)
        for name in os.listdir("."):
            if stat.S_ISDIR(os.lstat(name).st_mode):
                shutil.rmtree(name)
            else:
                os.unlink(name)

    def fresh(self):
        self.clear()
        self.make()
        self.before = tree()

    def difference(self):
        """What has changed since fresh(); and makes it fresh again if anything has."""
        after = tree()
        if after == self.before:
            return self.say("  left", "as it was")
        changed = ["%s%s: %s" % (sign, name, one[name]) for sign, one, other in (("-", self.before, after), ("+", after, self.before))
                   for name in sorted(one) if other.get(name) != one[name]]
        self.say("  left", "; ".join(changed))
        self.fresh()


PATHS = ["file", "dir", "empty", "closed", "fifo", "socket", "null", "to-file", "to-dir", "dangling", "loop", "missing",
         "file/x", "missing/x", "dir/", "empty/", "file/", "to-file/", "to-dir/", "to-dir/inside", "missing/", "dangling/",
         "", ".", "empty/.", "dir/..", "empty/..", "loop/x", LONGEST, TOO_LONG, "dir/" + TOO_LONG, TOO_LONG + "/x", "x/" * 2100, "./" * 2047 + "x",
         "closed/x", "sticky/of-root", "sticky/of-1001", "sticky/new", "theirs/of-root", "theirs/new", "dir/inside", "new\udcff"]
FLAGS = {name: getattr(os, name) for name in (
    "O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND O_DIRECTORY O_NOFOLLOW O_PATH O_TMPFILE O_SYNC O_DSYNC O_NOATIME "
    "O_DIRECT O_CLOEXEC").split()}
OPENS = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_CREAT|O_RDWR", "O_CREAT|O_EXCL", "O_CREAT|O_EXCL|O_NOFOLLOW", "O_TRUNC",
         "O_RDWR|O_TRUNC", "O_CREAT|O_TRUNC|O_RDWR", "O_DIRECTORY", "O_DIRECTORY|O_RDWR", "O_DIRECTORY|O_CREAT", "O_NOFOLLOW", "O_NOFOLLOW|O_CREAT", "O_PATH",
         "O_PATH|O_NOFOLLOW", "O_PATH|O_DIRECTORY", "O_TMPFILE|O_RDWR", "O_TMPFILE|O_RDONLY", "O_TMPFILE|O_RDWR|O_EXCL", "O_RDWR|O_APPEND",
         "O_RDONLY|O_NOATIME", "O_RDWR|O_SYNC", "O_RDWR|O_DSYNC"]


def flags_of(text):
    value = 0
    for name in text.split("|"):
        value |= FLAGS[name]
    return value


READ_ONLY = (os.stat, os.lstat, os.access, os.readlink, statfs, os.pathconf, os.listxattr, os.getxattr, os.chdir)


def one_path(calls, users=(0,)):
    """Each operation on each kind of path, by each user."""
    operations = [(os.stat,), (os.lstat,), (os.mkdir, 0o2751), (os.rmdir,), (os.unlink,), (os.mkfifo, 0o640),
                  (os.mknod, stat.S_IFREG | 0o4640), (os.mknod, stat.S_IFCHR | 0o600, os.makedev(1, 3)), (os.mknod, stat.S_IFDIR | 0o700), (os.mknod, stat.S_IFSOCK | 0o7777),
                  (bind,), (os.readlink,), (os.chmod, 0o4751), (os.chmod, 0o2777), (os.chmod, 0o1640), (os.chown, 1001, -1), (os.chown, -1, 1002), (os.chown, -1, 77), (os.lchown, 1002, 1002),
                  (os.chown, -1, -1), (utime,), (utime, False), (os.utime,), (os.truncate, 0), (os.truncate, 3), (os.truncate, 10000), (os.truncate, -1), (os.truncate, 2**62), (os.truncate, 2**63 - 1),
                  (os.access, os.R_OK), (os.access, os.W_OK), (os.access, os.X_OK), (os.access, os.F_OK), (statfs,), (os.pathconf, "PC_NAME_MAX"), (os.pathconf, "PC_LINK_MAX"),
                  (os.listxattr,), (os.getxattr, "user.x"), (os.setxattr, "user.x", b"value"), (os.setxattr, "trusted.x", b"v"), (os.setxattr, "security.x", b"v"),
                  (os.setxattr, "system.x", b"v"), (os.setxattr, "x", b"v"), (os.setxattr, "user.", b"v"), (os.removexattr, "user.x"), (os.chdir,)]
    here = os.getcwd()
    for user in users:
        for path in PATHS:
            shows = path if len(path) < 4000 else path[:8] + "..."
            for function, *more in operations:
                with user_of(user):
                    calls.call(function, path, *more, show=[user, shows, *more])
                os.chdir(here)
                if calls.worked and function not in READ_ONLY:
                    calls.difference()
            calls.difference()  # what has failed must have left nothing either
            with user_of(user):
                calls.call(lister, path, show=[user, shows])
            for flags in OPENS:
                with user_of(user):
                    opened = calls.call(os.open, path, flags_of(flags) | os.O_NONBLOCK, 0o4751, show=[user, shows, flags])
                    if opened is None:
                        calls.say("  opened", "no")
                    else:
                        calls.say("  opened", "%s, %o" % (facts(os.fstat(opened)), fcntl.fcntl(opened, fcntl.F_GETFL)))
                        os.close(opened)
                if opened is not None and {"O_CREAT", "O_TRUNC"} & set(flags.split("|")):
                    calls.difference()


def lister(path):
    return sorted(os.listdir(path))


class user_of:
    """This user in the eyes of the file system, without any other group."""

    def __init__(self, uid):
        self.uid = uid

    def __enter__(self):
        if self.uid:
            os.setgroups([77] if self.uid == 1001 else [])
            os.setegid(self.uid)
            os.seteuid(self.uid)

    def __exit__(self, *_):
        if self.uid:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups([])


TWO = ["file", "dir", "empty", "fifo", "to-file", "to-dir", "dangling", "missing", "file/x", "missing/x", "dir/inside", "dir/new",
       "empty/new", "dir/", "missing/", "file/", ".", "empty/..", "dir/../new", LONGEST, TOO_LONG, "closed/x", "sticky/of-root",
       "sticky/of-1001", "sticky/new", "theirs/of-root", "theirs/new", "dir/sub/x", ""]


def two_paths(calls, users=(0,)):
    """rename with all flags, link, linkat and symlink, with each pair of kinds of paths."""
    ways = [(os.rename,), (renameat2, NOREPLACE), (renameat2, EXCHANGE), (linkat, 0), (linkat, AT_SYMLINK_FOLLOW)]
    for user in users:
        for old, new in itertools.product(TWO, TWO):
            for function, *more in ways:
                with user_of(user):
                    calls.call(function, old, new, *more, show=[user, old, new, *more])
                if calls.worked:
                    calls.difference()
        for old, new in itertools.product(("file", "dir", "missing", "to-file"), ("file", "new", "empty", "dir/inside", "dir/new")):
            for flags in (WHITEOUT, NOREPLACE | WHITEOUT, NOREPLACE | EXCHANGE, EXCHANGE | WHITEOUT, 8, -1):
                with user_of(user):
                    calls.call(renameat2, old, new, flags, show=[user, old, new, flags])
                if calls.worked:
                    calls.difference()
        for new in TWO:
            for target in ("file", "", "x" * 100, "x" * 4095, "x" * 4096):
                with user_of(user):
                    calls.call(os.symlink, target, new, show=[user, target[:6] + str(len(target)), new])
                if calls.worked:
                    calls.difference()
        calls.difference()


def links(calls):
    """Counts of links and the times of what is linked; a file with many names; of a directory."""
    fd = calls.fd("a")
    for number in range(40):
        os.link("a", "l%d" % number)
    calls.call(os.fstat, fd, show=[])
    os.unlink("a")
    calls.call(os.stat, "l7")
    for number in range(40):
        os.unlink("l%d" % number)
    calls.call(os.fstat, fd, show=[])
    calls.call(linkat, "/proc/self/fd/%d" % fd, "again", AT_SYMLINK_FOLLOW, show=["unlinked", "again"])
    calls.call(linkat, "", "again", AT_EMPTY_PATH, fd, show=["unlinked, empty path"])
    os.close(fd)
    for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_EXCL):
        fd = os.open(".", os.O_TMPFILE | flags, 0o6640)
        calls.call(os.fstat, fd, show=["unnamed"])
        os.write(fd, b"text")
        calls.call(linkat, "/proc/self/fd/%d" % fd, "again", AT_SYMLINK_FOLLOW, show=["unnamed", flags])
        calls.call(linkat, "", "more", AT_EMPTY_PATH, fd, show=["unnamed, empty path", flags])
        calls.call(os.fstat, fd, show=["named"])
        calls.call(lister, ".")
        os.close(fd)
        for name in os.listdir("."):
            os.unlink(name)
    calls.call(os.mkdir, "d")
    calls.call(os.stat, "d")
    for name in ("d/a", "d/b", "d/a/c"):
        os.mkdir(name)
    calls.call(os.stat, "d")
    calls.call(os.rmdir, "d")
    calls.call(os.rename, "d/a", "d/b")
    calls.call(os.rename, "d", "d/b/d")
    calls.call(renameat2, "d", "d/b", EXCHANGE)
    calls.call(os.stat, "d")
    fd = os.open("d/b", os.O_RDONLY)
    os.rmdir("d/b/c")
    calls.call(os.rmdir, "d/b")
    calls.call(os.fstat, fd, show=["removed"])
    calls.call(os.listdir, fd, show=["removed"])
    for function, more in ((os.mkdir, ()), (os.mkfifo, ()), (os.stat, ()), (os.unlink, ())):
        try:
            function("new", *more, dir_fd=fd)
            calls.say(function.__name__ + " in a removed directory", "ok")
        except OSError as error:
            calls.say(function.__name__ + " in a removed directory", error_name(error))
    os.close(fd)


def contents(calls):
    """Reading, writing and their ends; fallocate with every mode; holes; copies between files."""
    fd = calls.fd("f")
    for function, arguments in ((os.pwrite, (b"abc", 0)), (os.pwrite, (b"far", 10 * PAGE + 5)), (os.pread, (5, 0)), (os.pread, (20, 10 * PAGE)), (os.pread, (5, 2**40)),
                                (os.pwrite, (b"", 5)), (os.pwrite, (b"x", 2**63 - 1)), (os.pwrite, (b"x", 2**63 - 2)), (os.pread, (5, -1)), (os.ftruncate, (-1,)), (os.ftruncate, (2**63 - 1,)),
                                (os.ftruncate, (PAGE + 1,)), (os.ftruncate, (0,)), (os.ftruncate, (3 * PAGE,)), (os.pwrite, (b"y" * 5000, 100)), (os.fsync, ()), (os.fdatasync, ()),
                                (os.posix_fallocate, (0, 5 * PAGE)), (os.posix_fallocate, (0, 0)), (os.posix_fadvise, (0, 0, os.POSIX_FADV_DONTNEED)), (os.isatty, ())):
        calls.call(function, fd, *arguments, show=arguments)
        calls.call(os.fstat, fd, show=[])
    read_only, append, opath = os.open("f", os.O_RDONLY), os.open("f", os.O_RDWR | os.O_APPEND), os.open("f", os.O_PATH)
    for which, other in (("read only", read_only), ("append", append), ("path", opath)):
        for function, arguments in ((os.pwrite, (b"abc", 0)), (os.write, (b"abc",)), (os.pread, (5, 0)), (os.ftruncate, (100,)), (fallocate, (0, 0, 9000)), (os.lseek, (0, 2)), (os.fchmod, (0o640,)), (os.fsync, ())):
            calls.call(function, other, *arguments, show=(which, *arguments))
        calls.call(os.fstat, fd, show=[])
    for other in (read_only, append, opath):
        os.close(other)
    modes = [sum(some) for count in range(4) for some in itertools.combinations((KEEP, PUNCH, COLLAPSE, ZERO, INSERT, UNSHARE), count)] + [128, -1]
    for mode in modes:
        for offset, length in ((0, PAGE), (PAGE, PAGE), (100, 50), (100, 3 * PAGE), (3 * PAGE, 4 * PAGE), (50 * PAGE, PAGE), (0, 0), (-1, 5), (5, -1), (2**63 - 1, 2**63 - 1), (0, 2**62)):
            if mode in (0, KEEP) and length == 2**62:
                continue  # how much there is to be had is in `limits`
            os.ftruncate(fd, 0)
            os.pwrite(fd, bytes(range(256)) * 80, 0)
            calls.call(fallocate, fd, mode, offset, length, show=[mode, offset, length])
            found = os.fstat(fd)
            text = os.pread(fd, 10 * PAGE, 0)
            calls.say("  then", "size=%d blocks=%d sum=%d zeroes=%d" % (found.st_size, found.st_blocks, sum(text), text.count(0)))
    os.ftruncate(fd, 0)
    os.ftruncate(fd, 20 * PAGE + 7)
    for page in (0, 3, 4, 9, 20):
        os.pwrite(fd, b"d", page * PAGE + 5)
    for at in (0, 1, PAGE, 2 * PAGE + 5, 3 * PAGE, 4 * PAGE + 1, 8 * PAGE, 10 * PAGE, 20 * PAGE, 20 * PAGE + 6, 20 * PAGE + 7, 21 * PAGE, -1, 2**62):
        for whence in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END, os.SEEK_DATA, os.SEEK_HOLE, 9):
            os.lseek(fd, 0, os.SEEK_SET)
            calls.call(os.lseek, fd, at, whence, show=[at, whence])
    source = fd
    other = calls.fd("g")
    for count, there, here in ((100, 0, 0), (3 * PAGE, PAGE + 1, 77), (PAGE, 2**40, 0), (PAGE, 20 * PAGE, 9 * PAGE), (0, 0, 0)):
        calls.call(os.copy_file_range, source, other, count, there, here, show=[count, there, here])
        calls.call(os.fstat, other, show=[])
    calls.call(os.copy_file_range, source, source, 100, 0, 50, show=["onto itself"])
    calls.call(os.copy_file_range, source, source, 100, 0, 5000, show=["within itself"])
    calls.call(os.sendfile, other, source, 5, 1000, show=[])
    reader, writer = os.pipe()
    calls.call(os.splice, source, writer, 1000, 0, show=["into a pipe"])
    calls.call(os.splice, reader, other, 1000, offset_dst=5, show=["from a pipe"])
    calls.call(os.preadv, source, [bytearray(5), bytearray(5000)], 3, show=[])
    calls.call(os.pwritev, other, [b"a" * 5, b"b" * 5000], 3, show=[])
    calls.call(os.fstat, other, show=[])
    for each in (reader, writer, source, other):
        os.close(each)


def touch(mapped, at, store):
    """How a process ends that touches this byte."""
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        if store:
            mapped[at] = 1
        else:
            mapped[at]
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def mappings(calls):
    """Mappings, shared and private, as the file grows, shrinks and loses pages beneath them."""
    fd = calls.fd("f")
    os.ftruncate(fd, 3 * PAGE)
    whole = mmap.mmap(fd, 3 * PAGE)
    private = mmap.mmap(fd, 3 * PAGE, mmap.MAP_PRIVATE)
    whole[:] = b"s" * 3 * PAGE
    second = mmap.mmap(fd, PAGE, offset=PAGE)

    def say(what):
        found = os.fstat(fd)
        texts = [bytes([one[i * PAGE]]) for one in (whole, private) for i in range(3) if i * PAGE < found.st_size]
        calls.say(what, "size=%d %s %r" % (found.st_size, b"".join(texts), os.pread(fd, 3, PAGE - 1)))
        for at in (0, PAGE - 1, PAGE, 2 * PAGE, 3 * PAGE - 1):
            calls.say("  touch %d" % at, [touch(whole, at, False), touch(whole, at, True), touch(private, at, True)])

    say("stored")
    private[0:1] = b"p"
    os.pwrite(fd, b"w" * 10, PAGE - 5)
    say("written")
    second[100] = 0x41
    calls.say("second", [whole[PAGE + 100], os.pread(fd, 1, PAGE + 100)])
    for size in (PAGE + 1, PAGE, 1, 0, 3 * PAGE, 2 * PAGE + 10, 3 * PAGE):
        calls.call(os.ftruncate, fd, size, show=[size])
        say("truncated")
    whole[:] = b"t" * 3 * PAGE
    calls.call(fallocate, fd, PUNCH | KEEP, PAGE, PAGE, show=["punch"])
    say("punched")
    whole[:] = b"u" * 3 * PAGE
    calls.call(fallocate, fd, PUNCH | KEEP, 10, 2 * PAGE, show=["punch within pages"])
    say("punched")
    for advice in ("REMOVE", "DONTNEED", "WILLNEED", "SEQUENTIAL", "FREE"):
        whole[:] = b"v" * 3 * PAGE
        try:
            whole.madvise({"REMOVE": 9, "DONTNEED": 4, "WILLNEED": 3, "SEQUENTIAL": 2, "FREE": 8}[advice], PAGE, PAGE)
            say("madvise " + advice)
        except OSError as error:
            calls.say("madvise " + advice, error_name(error))
    for flags in (4, 1, 2, 3, 8):
        calls.call(libc, "msync", ctypes.addressof(ctypes.c_char.from_buffer(whole)), PAGE, flags, show=["msync", flags])
    for prot in (1, 2, 3, 5, 7):
        for flags in (1, 2, 3, 0x8001, 0x2001):
            for mode in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY):
                other = os.open("f", mode)
                try:
                    mmap.mmap(other, PAGE, flags=flags, prot=prot).close()
                    result = "ok"
                except OSError as error:
                    result = error_name(error)
                calls.say("mmap prot=%d flags=%x open=%d" % (prot, flags, mode), result)
                os.close(other)
    os.unlink("f")
    os.pwrite(fd, b"after", 0)
    calls.say("unlinked", whole[0:6])
    os.ftruncate(fd, PAGE)
    calls.say("unlinked, truncated", [touch(whole, PAGE, True), touch(whole, 0, True)])
    os.close(fd)
    calls.say("closed", whole[0:6])
    directory = os.open(".", os.O_RDONLY)
    try:
        mmap.mmap(directory, PAGE, mmap.MAP_SHARED, mmap.PROT_READ)
        calls.say("mmap a directory", "ok")
    except OSError as error:
        calls.say("mmap a directory", error_name(error))
    os.close(directory)


def locks(calls):
    """flock, POSIX locks and locks of open descriptions; leases."""
    creat("f", os.O_CREAT)
    one, two, read_only = os.open("f", os.O_RDWR), os.open("f", os.O_RDWR), os.open("f", os.O_RDONLY)
    for first, second in itertools.product((fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_UN), repeat=2):
        calls.call(fcntl.flock, one, first | fcntl.LOCK_NB, show=["one", first])
        calls.call(fcntl.flock, two, second | fcntl.LOCK_NB, show=["two", second])
        for each in (one, two):
            fcntl.flock(each, fcntl.LOCK_UN)

    def lock(fd, command, kind, start, length, whence=0):
        answer = fcntl.fcntl(fd, command, struct.pack("hhlli", kind, whence, start, length, 0))
        return struct.unpack("hhlli", answer)[:4] if command in (fcntl.F_GETLK, 36) else None

    F_OFD_GETLK, F_OFD_SETLK = 36, 37
    for kind, other in itertools.product((fcntl.F_RDLCK, fcntl.F_WRLCK), repeat=2):
        for set_lock, get_lock in ((F_OFD_SETLK, F_OFD_GETLK), (fcntl.F_SETLK, fcntl.F_GETLK)):
            calls.call(lock, one, set_lock, kind, 0, 100, show=["one", set_lock, kind, 0, 100])
            calls.call(lock, two, set_lock, other, 50, 100, show=["two", set_lock, other, 50, 100])
            calls.call(lock, two, set_lock, other, 100, 0, show=["two", set_lock, other, 100, 0])
            calls.call(lock, two, get_lock, other, 0, 0, show=["two", get_lock, other])
            calls.call(lock, read_only, set_lock, kind, 300, 1, show=["read only", set_lock, kind])
            for fd in (one, two, read_only):
                lock(fd, set_lock, fcntl.F_UNLCK, 0, 0)
    lock(one, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 0)
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            lock(two, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 1)
            os.write(writer, b"got it")
        except OSError as error:
            os.write(writer, error_name(error).encode())
        os._exit(0)
    os.wait()
    calls.say("a lock against another process", os.read(reader, 100))
    for each in (reader, writer, one, two):
        os.close(each)
    for lease in (fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK):
        calls.call(fcntl.fcntl, read_only, fcntl.F_SETLEASE, lease, show=["F_SETLEASE", lease])
    for command, argument in ((fcntl.F_ADD_SEALS, 1), (fcntl.F_GET_SEALS, 0), (fcntl.F_NOTIFY, 0)):
        calls.call(fcntl.fcntl, read_only, command, argument, show=[command, argument])
    for request in (0x80086601, 0x40086602, 0xc0185879):
        calls.call(fcntl.ioctl, read_only, request, bytes(64), show=[hex(request)])
    os.close(read_only)


def attributes(calls):
    """Extended attributes: names, flags, sizes, of each kind of object."""
    calls.fresh()
    for path in ("file", "dir", ".", "fifo", "null", "to-file", "missing"):
        for follow in (True, False):
            for space in ("user.", "trusted.", "security.", "system.", "other."):
                name = space + "a"
                for function, arguments in ((os.setxattr, (b"one", os.XATTR_REPLACE)), (os.setxattr, (b"one", os.XATTR_CREATE)), (os.setxattr, (b"two", os.XATTR_CREATE)),
                                            (os.setxattr, (b"three", os.XATTR_REPLACE)), (os.setxattr, (b"", 0)), (os.getxattr, ()), (os.setxattr, (b"x" * 5000, 0)), (os.getxattr, ()),
                                            (os.removexattr, ()), (os.removexattr, ()), (os.getxattr, ())):
                    calls.call(function, path, name, *arguments, follow_symlinks=follow, show=[path, name, *arguments])
    for name in ("user." + "n" * 250, "user." + "n" * 251, "", "user", "user.", "user.\udcff"):
        calls.call(os.setxattr, "file", name, b"v")
        calls.call(os.getxattr, "file", name)
    for size in (0, 1, 255, 4096, 65536, 65537):
        calls.call(os.setxattr, "file", "user.size", b"v" * size, show=["size", size])
        buffer = ctypes.create_string_buffer(70000)
        for room in (0, 1, size - 1, size):
            if room >= 0:
                calls.call(libc, "getxattr", b"file", b"user.size", buffer, room, show=["getxattr of %d" % size, room])
    for number in range(20):
        os.setxattr("dir", "user.%02d" % number, b"")
    calls.call(lister_of_attributes, "dir")
    for room in (0, 1, 159, 160, 1000):
        calls.call(libc, "listxattr", b"dir", ctypes.create_string_buffer(1000), room, show=["listxattr", room])
    os.rename("dir", "moved")
    calls.say("renamed", len(os.listxattr("moved")))
    for user in (1001, 1002):
        with user_of(user):
            for path in ("file", "sticky", "theirs", "fifo", "closed/x"):
                for name in ("user.a", "trusted.a", "security.a"):
                    for function, more in ((os.setxattr, (b"v",)), (os.getxattr, ()), (os.removexattr, ())):
                        calls.call(function, path, name, *more, show=[user, path, name])
                calls.call(lister_of_attributes, path, show=[user, path])


def lister_of_attributes(path):
    return sorted(os.listxattr(path))


def users(calls):
    """What is made belongs to whom; setgid and sticky directories, umask, set-id bits."""
    os.mkdir("set")
    os.chown("set", 0, 77)
    os.chmod("set", 0o2777)
    os.mkdir("free")
    os.chmod("free", 0o777)
    for directory, user, umask, mode in itertools.product(("set", "free"), (0, 1001, 1002), (0, 0o027, 0o777), (0o7777, 0o640)):
        before = os.umask(umask)
        with user_of(user):
            for number, function in enumerate((lambda p, m: creat(p, os.O_CREAT, m), os.mkdir, os.mkfifo, lambda p, m: os.mknod(p, m | stat.S_IFREG), lambda p, m: os.symlink("x", p))):
                path = directory + "/x"
                try:
                    function(path, mode)
                    result = facts(os.lstat(path))
                except OSError as error:
                    result = error_name(error)
                calls.say("%d in %s by %d, umask %o, mode %o" % (number, directory, user, umask, mode), result)
                try:
                    (os.rmdir if stat.S_ISDIR(os.lstat(path).st_mode) else os.unlink)(path)
                except FileNotFoundError:
                    pass
            try:
                fd = os.open(directory, os.O_TMPFILE | os.O_RDWR, mode)
                calls.call(os.fstat, fd, show=["O_TMPFILE", directory, user, umask, mode])
                os.close(fd)
            except OSError as error:
                calls.say("O_TMPFILE %s %d" % (directory, user), error_name(error))
        os.umask(before)
    creat("f", os.O_CREAT)
    for bits, owner, group in itertools.product((0o6777, 0o2767, 0o4711, 0o2666), (0, 1001), (0, 77, 1001)):
        for user in (0, 1001, 1002):
            for what in ("chmod", "chown -1 -1", "chown group", "truncate", "open O_TRUNC", "fallocate", "write"):
                os.chown("f", owner, group)
                os.chmod("f", bits)
                with user_of(user):
                    try:
                        if what == "chmod":
                            os.chmod("f", bits)
                        elif what == "chown -1 -1":
                            os.chown("f", -1, -1)
                        elif what == "chown group":
                            os.chown("f", -1, 77)
                        elif what == "truncate":
                            os.truncate("f", 5)
                        elif what == "open O_TRUNC":
                            creat("f", os.O_RDWR | os.O_TRUNC)
                        else:
                            fd = os.open("f", os.O_RDWR)
                            if what == "write":
                                os.write(fd, b"x")
                            else:
                                fallocate(fd, 0, 0, PAGE)
                            os.close(fd)
                        result = "ok"
                    except OSError as error:
                        result = error_name(error)
                calls.say("set-id %o %d:%d: %s by %d" % (bits, owner, group, what, user), "%s %o" % (result, stat.S_IMODE(os.stat("f").st_mode)))
                os.truncate("f", 0)
    program = os.path.realpath("program")
    shutil.copyfile("/bin/true", program)
    os.chmod(program, 0o755)
    pid = os.fork()
    if pid == 0:
        try:
            os.execv(program, [program])
        except OSError as error:
            os._exit(error.errno)
    calls.say("exec", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def times(calls):
    """Which times an operation moves: of the object and of the directory that it is in."""
    def kinds():
        os.mkdir("d")
        with open("d/f", "wb") as file:
            file.write(b"x" * 3 * PAGE)
        os.symlink("f", "d/l")
        os.mkdir("d/s")
        os.mkdir("e")

    def opened(function, flags=os.O_RDWR):
        fd = os.open("d/f", flags)
        try:
            function(fd)
        finally:
            os.close(fd)

    operations = {
        "nothing": lambda: None,
        "write": lambda: opened(lambda fd: os.write(fd, b"x")),
        "write nothing": lambda: opened(lambda fd: os.write(fd, b"")),
        "read": lambda: opened(lambda fd: os.read(fd, 5)),
        "read at the end": lambda: opened(lambda fd: os.pread(fd, 5, 2**20)),
        "read with O_NOATIME": lambda: opened(lambda fd: os.read(fd, 5), os.O_RDONLY | os.O_NOATIME),
        "open": lambda: opened(lambda fd: None),
        "open O_TRUNC": lambda: opened(lambda fd: None, os.O_RDWR | os.O_TRUNC),
        "ftruncate": lambda: opened(lambda fd: os.ftruncate(fd, 5)),
        "ftruncate to the same": lambda: opened(lambda fd: os.ftruncate(fd, 3 * PAGE)),
        "truncate": lambda: os.truncate("d/f", 5),
        "truncate to the same": lambda: os.truncate("d/f", 3 * PAGE),
        "fallocate": lambda: opened(lambda fd: fallocate(fd, 0, 0, 5 * PAGE)),
        "fallocate within": lambda: opened(lambda fd: fallocate(fd, 0, 0, PAGE)),
        "fallocate KEEP": lambda: opened(lambda fd: fallocate(fd, KEEP, 0, 5 * PAGE)),
        "punch": lambda: opened(lambda fd: fallocate(fd, PUNCH | KEEP, 0, PAGE)),
        "chmod": lambda: os.chmod("d/f", 0o600), "chmod d": lambda: os.chmod("d", 0o700), "chown": lambda: os.chown("d/f", 5, 5),
        "chown -1": lambda: os.chown("d/f", -1, -1),
        "link": lambda: os.link("d/f", "d/g"), "unlink": lambda: os.unlink("d/f"), "mkdir": lambda: os.mkdir("d/n"),
        "rmdir": lambda: os.rmdir("d/s"), "create": lambda: creat("d/n", os.O_CREAT), "symlink": lambda: os.symlink("x", "d/n"),
        "mkfifo": lambda: os.mkfifo("d/n"), "readlink": lambda: os.readlink("d/l"), "readdir": lambda: os.listdir("d"),
        "rename": lambda: os.rename("d/f", "d/n"), "rename away": lambda: os.rename("d/f", "e/f"), "rename over": lambda: os.rename("d/f", "d/l"),
        "rename a directory away": lambda: os.rename("d/s", "e/s"),
        "exchange": lambda: renameat2("d/f", "e", EXCHANGE), "exchange within": lambda: renameat2("d/f", "d/l", EXCHANGE), "whiteout": lambda: renameat2("d/f", "d/n", WHITEOUT),
        "setxattr": lambda: os.setxattr("d/f", "user.a", b"v"), "getxattr": lambda: os.listxattr("d/f"), "removexattr": lambda: os.removexattr("d/f", "security.old"),
        "setxattr d": lambda: os.setxattr("d", "user.a", b"v"),
        "utime": lambda: os.utime("d/f", ns=(5, 6)), "utime now": lambda: os.utime("d/f"), "stat": lambda: os.stat("d/f"), "O_TMPFILE": lambda: os.close(os.open("d", os.O_TMPFILE | os.O_RDWR)),
        "copy_file_range": lambda: opened(lambda fd: os.copy_file_range(fd, fd, 5, 0, PAGE)),
    }
    for name, operation in operations.items():
        calls.clear()
        kinds()
        os.setxattr("d/f", "security.old", b"v")
        fds = {path: os.open(path, os.O_PATH | os.O_NOFOLLOW) for path in ("d", "d/f", "d/l", "d/s", "e")}
        for path in fds:
            os.utime(path, ns=(OLD, OLD + 1), follow_symlinks=False)
        before = {path: os.fstat(fd) for path, fd in fds.items()}
        now = time.clock_gettime_ns(CLOCK_REALTIME_COARSE)
        while time.clock_gettime_ns(CLOCK_REALTIME_COARSE) == now:  # the clock that files are stamped with
            pass
        operation()
        for path, fd in fds.items():
            after = os.fstat(fd)
            moved = [kind for kind in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns") if getattr(after, kind) != getattr(before[path], kind)]
            calls.say("%s: of %s" % (name, path), " ".join(kind[3] for kind in moved) or "none")
            os.close(fd)
    creat("t", os.O_CREAT)
    for nanoseconds in (0, 1, 999999999, 10**9 + 1, -1, -10**9, 2**31 * 10**9, 2**34 * 10**9, 2**62):
        calls.call(os.utime, "t", ns=(nanoseconds, nanoseconds))
        calls.say("  then", [os.stat("t").st_atime_ns, os.stat("t").st_mtime_ns])
    for user in (1001, 1002):
        for mode in (0o600, 0o666):
            os.chmod("t", mode)
            with user_of(user):
                calls.call(os.utime, "t", show=[user, mode])
                calls.call(utime, "t", show=[user, mode, "to a time"])


def directories(calls):
    """Listing: order left aside, types, dots, seeking, while it changes; removed and made again."""
    names = ["%d-%s" % (i, "x" * (i % 200)) for i in range(500)]
    for i, name in enumerate(names):
        (os.mkdir if i % 7 == 0 else os.mkfifo if i % 7 == 1 else lambda p: creat(p, os.O_CREAT))(name)
    calls.say("listed", sorted(os.listdir(".")) == sorted(names))
    with os.scandir(".") as entries:
        found = sorted((e.name, e.is_dir(), e.is_file(), e.inode() == os.lstat(e.name).st_ino) for e in entries)
    calls.say("types and numbers", [found[0], all(e[3] for e in found), sum(e[1] for e in found), sum(e[2] for e in found)])
    calls.call(os.stat, ".")
    fd = os.open(".", os.O_RDONLY)
    buffer = ctypes.create_string_buffer(65536)
    for size in (0, 1, 23, 24, 280, 65536):
        os.lseek(fd, 0, 0)
        try:
            got = libc("syscall", 217, fd, buffer, size)  # getdents64
            calls.say("getdents64 into %d" % size, "some" if got else 0)
        except OSError as error:
            calls.say("getdents64 into %d" % size, error_name(error))
    raw, seen = b"", []
    os.lseek(fd, 0, 0)
    while (got := libc("syscall", 217, fd, buffer, 1000)) > 0:
        raw = buffer.raw[:got]
        at = 0
        while at < len(raw):
            _, _, length, kind = struct.unpack_from("QqHB", raw, at)
            seen.append((raw[at + 19:at + length].split(b"\0")[0].decode(), kind))
            at += length
    calls.say("getdents64 in pieces", [len(seen), len(set(seen)), sorted(seen)[:4]])
    calls.call(os.read, fd, 10, show=["a directory"])
    calls.call(os.pwrite, fd, b"x", 0, show=["a directory"])
    calls.call(os.ftruncate, fd, 0, show=["a directory"])
    calls.call(fallocate, fd, 0, 0, 1, show=["a directory"])
    calls.call(os.fsync, fd, show=["a directory"])
    calls.call(os.lseek, fd, 0, os.SEEK_DATA, show=["a directory"])
    os.close(fd)
    for name in names:
        (os.rmdir if os.path.isdir(name) else os.unlink)(name)
    calls.call(os.listdir, ".")
    calls.call(os.stat, ".")
    path = ""
    for depth in range(20):
        path += "x" * 100 + "/"
        calls.call(os.mkdir, path, show=[depth])
    calls.call(os.stat, path, show=["deep"])


def special(calls):
    """Fifos, sockets and devices; watching; file handles; names of all bytes."""
    os.mkfifo("fifo")
    reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open("fifo", os.O_WRONLY)
    os.write(writer, b"through")
    calls.call(os.read, reader, 100, show=[])
    os.close(writer)
    calls.call(os.read, reader, 100, show=[])
    os.close(reader)
    calls.call(os.open, "fifo", os.O_WRONLY | os.O_NONBLOCK)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        calls.call(client.connect, "socket")
        server.listen()
        calls.call(client.connect, "socket")
        calls.call(bind, "socket")
    calls.call(os.open, "socket", os.O_RDWR)
    for number, name in enumerate((b"\x01", b"\xff\xfe", b"a b", b"\n", b"-", b"...", " \N{SNOWMAN}".encode(), b"\\", b"*")):
        creat(name, os.O_CREAT)
        calls.say("name %d" % number, name in os.listdir(b"."))
    inotify = LIBC.inotify_init1(0o4000)
    LIBC.inotify_add_watch(inotify, b".", 0xfff)
    fd = calls.fd("watched")
    os.write(fd, b"x")
    os.ftruncate(fd, 0)
    os.fchmod(fd, 0o600)
    os.close(fd)
    os.rename("watched", "renamed")
    os.link("renamed", "linked")
    os.unlink("renamed")
    os.unlink("linked")
    raw, at, events = os.read(inotify, 65536), 0, []
    while at < len(raw):
        _, mask, _, length = struct.unpack_from("iIII", raw, at)
        events.append("%x %s" % (mask, raw[at + 16:at + 16 + length].rstrip(b"\0").decode()))
        at += 16 + length
    calls.say("inotify", events)
    os.close(inotify)
    before = os.stat("fifo").st_ino
    os.rename("fifo", "other")
    calls.say("number after rename", os.stat("other").st_ino == before)
    calls.say("device", os.stat("other").st_dev == os.stat(".").st_dev)


def semaphores(calls):
    """A semaphore as sem_open makes it, and a robust mutex's owner that dies: by names in the current directory."""
    fd = calls.fd("temporary")
    os.ftruncate(fd, 32)
    mapped = mmap.mmap(fd, 32)
    word = ctypes.c_char.from_buffer(mapped)
    LIBC.sem_init(ctypes.byref(word), 1, 1)
    os.link("temporary", "sem.x")
    os.unlink("temporary")
    other = os.open("sem.x", os.O_RDWR)
    again = mmap.mmap(other, 32)
    second = ctypes.c_char.from_buffer(again)
    calls.say("trywait", [LIBC.sem_trywait(ctypes.byref(each)) for each in (word, second, word)])
    pid = os.fork()
    if pid == 0:
        os._exit(0 if LIBC.sem_wait(ctypes.byref(second)) == 0 else 1)
    LIBC.sem_post(ctypes.byref(word))
    calls.say("woken", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    del word, second
    for each in (mapped, again):
        each.close()
    os.close(fd)
    os.close(other)


def limits(calls):
    """On a file system of 1 MiB: what is refused, and when; what statvfs says. Names in the current directory."""
    def room():
        found = os.statvfs(".")
        calls.say("  room", "%d of %d blocks of %d, %d of %d files" % (found.f_bfree, found.f_blocks, found.f_bsize, found.f_ffree, found.f_files))

    room()
    fd = calls.fd("f")
    room()
    for function, arguments in ((os.pwrite, (b"x" * 2**19, 0)), (os.pwrite, (b"x" * 2**20, 2**19)), (os.pwrite, (b"x", 2**20)), (os.pwrite, (b"y" * 100, 0)), (os.pwrite, (b"x", 2**20 - 1)),
                                (os.ftruncate, (5 * PAGE,)), (fallocate, (0, 0, 2**20)), (fallocate, (0, 0, 2**20 + 1)), (fallocate, (KEEP, 2**20, 1)), (fallocate, (0, 2**30, PAGE)),
                                (fallocate, (PUNCH | KEEP, PAGE, 3 * PAGE)), (fallocate, (KEEP, 2**20, 2 * PAGE)), (os.ftruncate, (0,)), (fallocate, (0, 2**30, PAGE)), (os.ftruncate, (0,)),
                                (os.pwrite, (b"x", 2**30)), (os.ftruncate, (0,)), (os.ftruncate, (2**40,)), (os.ftruncate, (0,)), (fallocate, (0, 0, 2**62)), (fallocate, (0, 2**62, 2**62 - 1))):
        calls.call(function, fd, *arguments, show=arguments)
        calls.call(os.fstat, fd, show=[])
        room()
    os.pwrite(fd, b"x" * (2**20 - PAGE), 0)
    for target in (b"short", b"x" * 127, b"x" * 128, b"x" * 3000, b"x" * 3000):
        calls.call(os.symlink, target, b"l%d" % len(target), show=[len(target)])
        room()
    os.unlink("f")
    calls.call(os.fstat, fd, show=["unlinked"])
    room()
    os.close(fd)
    other = calls.fd("g")
    calls.call(os.pwrite, other, b"x" * 2**19, 0, show=["after it"])
    room()
    os.close(other)
    made = 0
    try:
        for made in range(1000):
            os.mkdir("d%d" % made)
    except OSError as error:
        calls.say("directories", [made, error_name(error)])
    for function, arguments in ((creat, ("n", os.O_CREAT)), (os.symlink, ("x", "n")), (os.link, ("g", "n")), (os.mkfifo, ("n",)), (os.rename, ("g", "n"))):
        calls.call(function, *arguments)
    room()
    os.rmdir("d0")
    calls.call(os.link, "n", "linked")
    room()
    calls.call(os.mkdir, "d0")


def main(out, families):
    calls = Calls(out)
    for family in families:
        calls.family = family
        calls.clear()
        if family in ("one_path", "two_paths"):
            calls.fresh()
        if family == "one_path":
            one_path(calls, (0, 1001, 1002))
        elif family == "two_paths":
            two_paths(calls, (0,))
            calls.fresh()
        else:
            FAMILIES[family](calls)
    calls.clear()


FAMILIES = {function.__name__: function for function in (
    one_path, two_paths, links, contents, mappings, locks, attributes, users, times, directories, special, semaphores, limits)}
