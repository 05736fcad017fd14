# SPDX-License-Identifier: MIT
"""Where the overlay is not like a tmpfs, and will not be: each with its reason. What could be mended is not here."""

import re
from dataclasses import dataclass


@dataclass
class Known:
    name: str  # what it is, and why
    case: str  # which cases: a pattern for `function(case)`
    tmpfs: str = ""  # what the results look like: patterns too, empty for any
    overlay: str = ""

    def covers(self, case, expected, result):
        patterns = ((self.case, case), (self.tmpfs, expected), (self.overlay, result))
        return all(re.search(pattern, text) for pattern, text in patterns)


KNOWN_DIFFERENCES = [
    Known("a symbolic link whose text leads into /dev/shm: the kernel follows it, past every wrapper",
          r'"/dev/shm/absolute"|"/tmp/parity/(into|dev-link)/|=/tmp/parity/into'),
    Known('".." at the top of /dev/shm, from within: it leads to the directory above the backing directory',
          r'"/dev/shm/climbing"|"\.\.(/shmfoo)?" in /dev/shm[,)]|fd of /dev/shm, "\.\.(/shmfoo)?"|shm_open\("/?\.\."'),
    Known("limits by pathconf are those of the file system behind", r'^pathconf\('),
    Known("a pattern that only becomes /dev/shm by being matched is no path yet, and a list of /dev does not show shm",
          r'^(glob|glob64|wordexp)\(.*("/dev/shm\*|"/dev/sh\*|"/dev/sh\[|"/\*/shm|/dev/\{)'),
    Known("wordexp expands words that begin with /dev/shm, as they stand",
          r'^wordexp\("(\\+/dev|shm/|dev/shm/|/dev/shm/\.\.|/dev(//|/\./)shm/)'),
    Known("/dev/shm itself: EBUSY, before a look at what is there by the other name",
          r'^rename(at2?)?\(', r'^(0|-1 (File exists|No such file or directory|Not a directory|Is a directory))$',
          r'Device or resource busy'),
    Known("libc walks a path of more than PATH_MAX by itself, piece by piece; devshm leaves it alone",
          r'^(fts(64)?_(open|read|close|children)|nftw|nftw64|ftw|ftw64|realpath|__realpath_chk|canonicalize_file_name)\((409[56]|1048576) bytes'),
    Known("two names without a letter of /dev/shm, of which one starts in the overlay, cross its boundary unseen",
          r'^(linkat|renameat2?)\(fd of /dev/shm, "f", fd of /tmp/parity, "new"', r'cross-device'),
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
]

# Exports that have no case here, by the test in tests/overlay that looks at them with the program's eyes: on the overlay,
# and, the same program, on a tmpfs.
OTHER_TESTS = {
    "nothing (struct statvfs shows a type since glibc 2.39 only)": """
        fstatvfs fstatvfs64""",
    "shell_test": """
        _IO_popen popen system""",
    "socket_test": """
        __connect __recvfrom_chk accept accept4 bind connect getnameinfo getpeername getsockname recvfrom
        recvmmsg recvmsg sendmmsg sendmsg sendto""",
    "locale_test": """
        bindtextdomain catopen updwtmp updwtmpx utmpname utmpxname""",
    "dlopen_test": """
        dladdr dladdr1 dlmopen""",
    "exec_test": """
        execl execle execlp execv execve execveat execvp execvpe fexecve""",
    "fallocate_test": """
        fallocate fallocate64 posix_fallocate posix_fallocate64""",
    "watch_test": """
        fanotify_mark""",
    "mount_test": """
        fsconfig fspick mount mount_setattr move_mount open_tree umount umount2""",
    "walk_test": """
        fts64_children fts64_close fts64_read fts_children fts_close fts_read""",
    "spawn_test": """
        pidfd_spawn pidfd_spawnp posix_spawn posix_spawn_file_actions_addchdir_np
        posix_spawn_file_actions_addopen posix_spawnp""",
    "syscall_test": """
        syscall""",
}
NOT_CALLED = {name: test for test, names in OTHER_TESTS.items() for name in names.split()}
