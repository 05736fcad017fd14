# SPDX-License-Identifier: MIT
"""Where the overlay is not like a tmpfs, and will not be: each with its reason. What could be mended is not here."""

from engine import Known, KnownPart

KNOWN = [
    Known(
        "a symbolic link whose text leads into /dev/shm: the kernel follows it, past every wrapper",
        r'"/dev/shm/absolute"|"/tmp/parity/(into|dev-link)/|=/tmp/parity/into',
    ),
    Known(
        '".." at the top of /dev/shm, from within: it leads to the directory above the backing directory',
        r'"/dev/shm/climbing"|"\.\.(/shmfoo)?" in /dev/shm[,)]|fd of /dev/shm, "\.\.(/shmfoo)?"|shm_open\("/?\.\."',
    ),
    Known("limits by pathconf are those of the file system behind", r"^pathconf\("),
    Known(
        "a pattern that only becomes /dev/shm by being matched is no path yet, and a list of /dev does not show shm",
        r'^(glob|glob64|wordexp)\(.*("/dev/shm\*|"/dev/sh\*|"/dev/sh\[|"/\*/shm|/dev/\{)',
    ),
    Known(
        "wordexp expands words that begin with /dev/shm, as they stand",
        r'^wordexp\("(\\+/dev|shm/|dev/shm/|/dev/shm/\.\.|/dev(//|/\./)shm/)',
    ),
    Known(
        "/dev/shm itself: EBUSY, before a look at what is there by the other name",
        r"^(rename(at2?)?\(|syscall\(SYS_rename)",
        r"^(0|-1 (File exists|No such file or directory|Not a directory|Is a directory))$",
        r"Device or resource busy",
    ),
    Known(
        "libc walks a path of more than PATH_MAX by itself, piece by piece; devshm leaves it alone",
        r"^(fts(64)?_(open|read|close|children)|nftw|nftw64|ftw|ftw64|realpath|__realpath_chk|canonicalize_file_name)\((409[56]|1048576) bytes",
    ),
    Known(
        "two names without a letter of /dev/shm, of which one starts in the overlay, cross its boundary unseen",
        r'^(linkat|renameat2?|syscall)\((SYS_\w+, )?fd of /dev/shm, "f", fd of /tmp/parity, "new"',
        r"cross-device",
    ),
    Known(
        "openat2 is asked for what lies below /dev/shm; by what way the program's path has come there it is not",
        r'^syscall\(SYS_openat2, AT_FDCWD, "\.\./dev/shm/f" in /dev, &beneath',
        r"cross-device",
    ),
    Known(
        "a script by a descriptor that is closed on exec: its interpreter finds it by its whole name",
        r'^execveat\(fd of /(dev)?, "(dev/)?shm/f"',
        r"No such file or directory",
        r"exits with 11",
    ),
    Known(
        "the loader, and bindtextdomain, keep a path as it is rewritten: it is shown again in one spelling, and in the "
        "loader's own map not at all",
        r'^(dladdr1?\("/dev/|bindtextdomain\("domain", )',
    ),
    Known(
        "a socket that is bound by a relative name from outside is told by its absolute one",
        r'^(bind|syscall)\((SYS_bind, )?"(dev//)?shm/missing" in /(dev)?[,)]',
    ),
    Known(
        "the largest size that a file can have is that of the file system behind",
        r"fallocate(64)?\(.*, 9223372036854771711, 4096",
        r"",
        r"File too large",
        on="disk",  # an object of the memory store is on a tmpfs,
    ),
    # --- with DEVSHM_STORE=memory
    KnownPart(
        "the flags of a descriptor do not say O_NOFOLLOW: the object was opened through its name's link",
        r"^(open|__open|creat|shm_open|dlopen|syscall\(SYS_open)",
        on="memory",
        patterns=(r"(?P<keep>fd (?:close-on-exec )?(?:10)?)[0145](?=[0-7]{5} )",),
    ),
    KnownPart(
        "an object that has lost its name: this test asks the kernel, which does not know the name",
        r"^shm_open\(a segment",
        on="memory",
        patterns=(r"/dev/shm/(segment \(deleted\)|unnamed)",),
    ),
    Known(
        "an object can't be mounted on, nor a mount be seen by its name: its memory has no place in the tree",
        r"^(mount|syscall\(SYS_mount|open_tree|syscall\(SYS_open_tree|move_mount|syscall\(SYS_move_mount)",
        on="memory",
    ),
    Known(
        "a watch on a directory does not report what happens to the memory of its objects",
        r"^(inotify_add_watch|fanotify_mark|syscall\(SYS_(inotify_add_watch|fanotify_mark))",
        on="memory",
    ),
    Known("after chroot(2) into the overlay the links to objects lead nowhere", r"^chroot\(", on="memory"),
    Known(
        "fts and nftw from a name with .. in it, which starts in the overlay, show the links",
        r'^(fts(64)?_(open|read|close|children)|nftw|nftw64)\("\.\./',
        on="memory",
    ),
    Known(
        "readlink of a descriptor in /proc writes more than it returns: zeros",
        r"^(__)?readlink(at)?(_chk)?\(the /proc/self/fd",
        r"",
        r"written past its end",
        on="memory",
    ),
    Known(
        "into a buffer of a few bytes it writes the beginning of the memory's own name",
        r"^readlink\(the /proc/self/fd of .*, [0-9]\)",
        r"",
        r'"/mem',
        on="memory",
    ),
    Known(
        "openat2 that is to follow no link finds one where a name goes on behind an object's",
        r'^syscall\(SYS_openat2, .*/f/x?", &restricted',
        r"Not a directory",
        r"symbolic links",
        on="memory",
    ),
]

# Calls that reach the kernel with a path in /dev/shm, and may: patterns for lines of strace.
KNOWN_LEAKS = [
    # A path of more than PATH_MAX goes to the kernel as it is, which refuses it before it looks at it; what libc walks
    # by itself it walks in pieces.
    r'"/dev/shm/(\./){8}',
    r'"/dev/shm/n{100}',
    # realpath follows links in user space, inside libc: the text of one that says /dev/shm/... it tries by itself first.
    r'readlink\("/dev/shm", ',
    # A pattern that only becomes /dev/shm by being matched ("/dev/sh*") is no path yet.
    r'openat\(AT_FDCWD, "/dev/(/|\./)?shm", O_RDONLY\|O_NONBLOCK\|O_CLOEXEC\|O_DIRECTORY\)',
    # Longer than any address: refused before it is looked at. So is an absolute path beneath a descriptor.
    r'sun_path="/dev/shm/n{90}.* = -1 EINVAL',
    r"openat2\(.*RESOLVE_BENEATH\}, 24\) = -1 EXDEV",
    # Names that are no paths: an abstract one, and one that a mount is given.
    r'sun_path=@"/dev/shm/tmp-\d{6}"',
    r'mount\("/dev/shm/label", ',
]

# Exports that have no case here that tells anything, each with the reason.
NOT_CALLED = {
    "readdir": "takes no path; with DEVSHM_STORE=memory it shows files (tests/store: files)",
    "readdir64": "as readdir",
    "readdir_r": "as readdir",
    "readdir64_r": "as readdir",
    "getdents64": "as readdir",
    "getdirentries": "as readdir",
    "getdirentries64": "as readdir",
    "fstat": "takes no path; what it says of descriptors is in the cases of the open family",
    "fstat64": "as fstat",
    "__fxstat": "as fstat",
    "__fxstat64": "as fstat",
    "ftruncate": "takes no path; it is wrapped for DEVSHM_SIZE and DEVSHM_RESERVE",
    "ftruncate64": "as ftruncate",
    "umask": "takes no path; the open family is called under several masks",
    "bindtextdomain": "gives the program's text back anywhere: what counts is what gettext reads (tests/overlay: locale_test)",
    "fstatvfs": "struct statvfs shows a type since glibc 2.39 only (tests/matrix looks there)",
    "fstatvfs64": "as fstatvfs",
    "dlsym": "gives a function, and paths to none (tests/overlay: dlopen_test calls what it gives, on a tmpfs as well)",
    "dlvsym": "as dlsym",
    "fsconfig": "no file system takes a path by it so far (tests/overlay: mount_test looks at the log)",
}
