# SPDX-License-Identifier: MIT
"""Where a command sees that the overlay is a directory and no tmpfs: each with its reason."""
from engine import Known, KnownOrder, KnownPart

LONG_LISTING = r"\b(ls|dir|vdir)\b.* (-\w*l|--time-style)"

KNOWN = [
    # --- which run of the command it was
    KnownPart("names that are drawn by lot", r"mktemp|File::Temp", (r"tmp\.\w{10}(?=[./ :\n]|$)",)),
    KnownPart("the number of a process", r"^ulimit", (r"line \d+: +\d+",)),
    # --- the file system behind
    KnownPart(
        "the size of a directory, and the width of the column",
        LONG_LISTING,
        (r"^total \d+$", r"^(?P<keep>d\S+ +\d+ +\S+ +\S+) +\d+ ", r"^(?P<keep>[-lpcb]\S+ +\d+ +\S+ +\S+) +(?=\d+ )"),
    ),
    KnownPart(
        "the size of a directory",
        r"^stat -L|-s \$_|^du ",
        (r"^(?P<keep>/dev/shm/linkdir directory) \d+$", r"\b(40|60|80|100|4096)(?= )"),
    ),
    KnownPart("how many directories /dev has", r"^ls -la", (r"^d\S+ +\d+ .*\.\.$",)),
    KnownPart("the space that files and directories take", r"\bdu\b", (r"^[\d.]+[KM]?\t",)),
    KnownPart("the number of an inode, where it is shown with the rest", r"find .*-fls", (r"'( *\d+){2} (?=-rw)",)),
    KnownPart(
        "a device may be opened there: it is not mounted nodev",
        r"^mknod .* c 1 3; cat",
        (r"^status \d", r"^cat: /dev/shm/new: Permission denied$|^$"),
    ),
    # --- /proc/self/mountinfo says where file systems are mounted, and what they are
    KnownPart(
        "df looks for the mount, and finds the one behind",
        r"^df ",
        (r"^(Filesystem |Type |Mounted on).*\n", r"^(\S+ +)*/\S*\n"),
    ),
    KnownPart("which mount a file lies in", r"^stat -c %m", (r"^/(dev/shm)?$",)),
    KnownPart("find takes the file system's name from the list of mounts", r"^find .*-fstype", (r"^(/dev/shm/a)?$",)),
    KnownPart(
        "a mount point is known by its device: the backing directory may be on the one that /dev is on",
        r"ismount",
        (r"^(True True|False False)$",),
    ),
    KnownPart(
        "git stops at a mount point",
        r"cd /dev/shm/dir && git status",
        (r"^fatal: not a git repository.*(\nStopping.*)?",),
    ),
    # --- what the kernel or libc does by itself
    KnownPart(
        "a link in the overlay that says /dev/shm/... is followed for names that begin with /dev/shm, and not for "
        "names relative to a directory there",
        r"^find .*-xtype l|^rsync .*--copy-unsafe-links",
        (
            r"^status \d+",
            r"^(/dev/shm/absolute|/dev/shm/emptydir/absolute: .*|symlink has no referent.*|rsync error.*)?\n",
        ),
    ),
    KnownPart(
        "the kernel reads a script's #! line", r"interp", (r"^status \d+", r"^/dev/shm/s hello$|^.*required file.*$|^$")
    ),
    KnownPart("a script finds the name that the kernel was given in $0", r'echo "\$0".n', (r"^/(dev|tmp)/shm/s$",)),
    KnownPart(
        "dlopen's message has the name that libc was given", r"^enable -f|ctypes", (r"/(dev|tmp)/shm/(?=nope|lib)",)
    ),
    # --- with DEVSHM_STORE=memory: what was there before the command lies on disk, and what is made is memory
    Known(
        "blocks can't be shared between an object and a file on disk",
        r"^cp --reflink=always|os\.copy_file_range",
        found="cross-device",
        on="memory",
    ),
    Known(
        "after chroot(2) into the overlay the links to objects lead nowhere",
        r"; chroot ",
        found="chroot: ",
        on="memory",
    ),
    KnownPart(
        "a descriptor of an object without a name has the memory's own name in /proc",
        r"^rm .*; readlink /proc/self/fd/3$",
        (r"^(/dev/shm/x|/memfd:\S+) \(deleted\)$",),
        on="memory",
    ),
    KnownPart(
        "the same of a file without a name", r"tempfile\.TemporaryFile\(", (r"^(True|False)\n(?=== err)",), on="memory"
    ),
    # --- last, as it makes what comes before look alike
    KnownOrder(
        "the order of a directory's entries",
        r"\b(find|tar|compgen|du)\b|File::Temp|^mv -v|\b(rm|chmod|chown|cp) -\w*[rRa]",
    ),
]

# What is not there on a tmpfs is not there without one either; that it is said in the same words is compared all the same.
EXCUSED = [r"/dev/shm/nope", r"/dev/shm/dangling"]

# Programs of coreutils that take no path.
NO_PATH = set("arch echo false groups hostid logname nproc pinky printenv sleep true tty uname uptime whoami".split())
