# SPDX-License-Identifier: MIT
"""What the matrix is made of: the libcs, the surroundings, and what must happen in them. Data, no work."""
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    name: str
    debian: str
    multiarch: str
    compiler: str
    glibc_loader: str
    base_version: str  # the symbol version that every glibc of this architecture has had since its beginning
    processor: str  # qemu-user's, for machines of another kind

    @property
    def emulator(self):
        return "" if os.uname().machine == self.name else self.processor


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture(
            "x86_64",
            "amd64",
            "x86_64-linux-gnu",
            "x86_64-linux-gnu-gcc",
            "/lib64/ld-linux-x86-64.so.2",
            "GLIBC_2.2.5",
            "/usr/bin/qemu-x86_64-static",
        ),
        Architecture(
            "aarch64",
            "arm64",
            "aarch64-linux-gnu",
            "aarch64-linux-gnu-gcc",
            "/lib/ld-linux-aarch64.so.1",
            "GLIBC_2.17",
            "/usr/bin/qemu-aarch64-static",
        ),
    )
}


@dataclass(frozen=True)
class Libc:
    """One libc as Debian has it: a column of issue trackers, a row of our table."""

    name: str
    suites: tuple  # the first is the one wanted; the others only complete its dependencies
    kind: str = "glibc"
    at_least: tuple = ()  # what the cell is there to show; an older one is not the cell that was asked for
    python: bool = False


LIBCS = (
    Libc("bullseye", ("bullseye",), at_least=(2, 31), python=True),
    Libc("bookworm", ("bookworm",), at_least=(2, 36), python=True),
    Libc("trixie", ("trixie",), at_least=(2, 41), python=True),
    Libc("sid", ("sid",), at_least=(2, 43), python=True),
    Libc("experimental", ("experimental", "sid"), at_least=(2, 43)),
    Libc("musl-bookworm", ("bookworm",), kind="musl", at_least=(1, 2)),
    Libc("musl-sid", ("sid",), kind="musl", at_least=(1, 2)),
)


@dataclass(frozen=True)
class Surrounding:
    """What there is of /dev/shm (made by `ground`), and how libc's own calls end there, as an ordinary user.

    The first four numbers are errno values of the calls that make something by name: of glibc before 2.34, which
    wants a tmpfs and takes any other one in place of /dev/shm, and of all others, which want the directory. The last
    two are those of open(O_CREAT) and mkstemp below /dev/shm, and of statvfs of it. 0 is success.
    """

    name: str
    title: str
    old_glibc: int
    others: int
    make_by_path: int
    statvfs: int


SURROUNDINGS = (
    Surrounding("none", "no /dev/shm, no tmpfs", 38, 2, 2, 2),
    Surrounding("other", "no /dev/shm, another tmpfs, root's", 13, 2, 2, 2),
    Surrounding("other-ro", "no /dev/shm, another tmpfs, read-only", 30, 2, 2, 2),
    Surrounding("other-free", "no /dev/shm, another tmpfs for all", 0, 2, 2, 2),
    Surrounding("roots", "/dev/shm on disk, root's", 38, 13, 13, 0),
    Surrounding("ro-disk", "/dev/shm on disk, read-only", 38, 30, 30, 0),
    Surrounding("ro-tmpfs", "/dev/shm a tmpfs, read-only", 30, 30, 30, 0),
)


def expected_errnos(surrounding, is_old_glibc, is_split=False):
    """What `probe errnos` prints without devshm, in its order. `is_split`: librt looks for the directory by itself."""
    by_name = surrounding.old_glibc if is_old_glibc else surrounding.others
    # Calls for what is not there: ENOENT, unless old glibc has found no place to look in at all, or the kernel sees
    # that the file system can't be written before it sees that there is nothing to remove.
    open_missing = 38 if by_name == 38 else 2
    unlink_missing = by_name if by_name in (38, 30) else 2
    shm_unlink_missing = 2 if is_split and by_name == 38 else unlink_missing
    return {
        "sem_open": by_name,
        "shm_open": by_name,
        "sem_open-missing": open_missing,
        "sem_unlink-missing": unlink_missing,
        "shm_open-missing": open_missing,
        "shm_unlink-missing": shm_unlink_missing,
        "open": surrounding.make_by_path,
        "mkstemp": surrounding.make_by_path,
        "statvfs": surrounding.statvfs,
    }
