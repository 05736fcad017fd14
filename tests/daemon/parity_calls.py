# SPDX-License-Identifier: MIT
"""File system calls, one after the other, in the current directory; a line for each: `family: call(arguments)<TAB>result`.

The lines are the same on every file system that does the same. What names things by chance (numbers, times) is not in them:
inode numbers become "same" or "other", times "moved" or "kept".
"""
import errno
import os
import shutil
import stat

from parity_system import bind, creat

LONGEST, TOO_LONG = "n" * 255, "n" * 256


def error_name(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def shown(value):
    text = repr(value)
    return text if len(text) <= 80 else "%s...%d bytes" % (text[:40], len(text))


TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "chr",
    stat.S_IFBLK: "blk",
}


def facts(found):
    """What stat tells that must be the same everywhere."""
    kind = TYPES[stat.S_IFMT(found.st_mode)]
    blocks = " blocks=%d" % found.st_blocks if kind in ("file", "link") else ""
    device = " rdev=%x" % found.st_rdev if kind in ("chr", "blk") else ""
    return "%s %04o links=%d %d:%d size=%d%s%s blksize=%d" % (
        kind,
        stat.S_IMODE(found.st_mode),
        found.st_nlink,
        found.st_uid,
        found.st_gid,
        found.st_size,
        blocks,
        device,
        found.st_blksize,
    )


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
        self.out.write(
            "%s: %s\t%s\n" % (self.family, what.replace(TOO_LONG, "<256>").replace(LONGEST, "<255>"), result)
        )

    def call(self, function, *arguments, show=None, **named):
        """Makes the call and says what came of it; returns that, or None."""
        label = "%s(%s)" % (
            function.__name__,
            ", ".join(
                [*map(shown, show if show is not None else arguments), *("%s=%r" % item for item in named.items())]
            ),
        )
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
        changed = [
            "%s%s: %s" % (sign, name, one[name])
            for sign, one, other in (("-", self.before, after), ("+", after, self.before))
            for name in sorted(one)
            if other.get(name) != one[name]
        ]
        self.say("  left", "; ".join(changed))
        self.fresh()
