# SPDX-License-Identifier: MIT
"""Fresh Debian 12 roots, as bare as the image debian:12: what a user starts from. apt in them uses this machine's mirror and apt's
own settings for fetching (proxies, certificates). Commands run as root in a mount namespace in which the root is the root; there is no /dev/shm.

The base is made once and kept in the user's cache directory; each root is a copy."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import sandboxed

sys.dont_write_bytecode = True
from environment import roots  # noqa: E402  pylint: disable=wrong-import-position

LAYOUT = 1  # increase it when bases made by an older version of this file can't be used any more
# pivot_root, so that a program can make namespaces of its own (in a chroot the kernel refuses some).
ENTER = """set -eu
cd "$1"; shift
mount --rbind . .
cd "$PWD"
mount -t proc proc proc
for node in null zero full random urandom tty fuse; do
  if [ -e /dev/$node ]; then touch dev/$node && mount --bind /dev/$node dev/$node; fi
done
ln -sfn /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -sfn "/proc/self/fd/${number%:*}" "dev/${number#*:}"; done
mkdir -p dev/pts .old
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
ln -sfn pts/ptmx dev/ptmx
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
"""


def of_the_machine(prefix):
    """apt's settings for fetching, as lines of a configuration file."""
    said = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return "".join(line + "\n" for line in said.splitlines() if line.startswith(prefix))


def base():
    """A tar file."""
    kept = roots.cache_directory("delivery") / ("debian-12-%d.tar" % LAYOUT)
    with roots.locked(kept):
        if not kept.exists():
            fresh = kept.with_name("new-" + kept.name)
            subprocess.run(
                [
                    "mmdebstrap",
                    "--variant=minbase",
                    "--include=ca-certificates",
                    "--keyring=" + roots.KEYRING,
                    "bookworm",
                    fresh,
                    "deb [signed-by=%s] %s bookworm main" % (roots.KEYRING, roots.mirror()),
                ],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            fresh.rename(kept)
    return kept


class EmptyRoot:
    """A directory for which there are commands; it goes away at the end of a `with`."""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fresh-root.", dir="/var/tmp"))
        self.directory.chmod(0o755)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def start(self, *command, directory="/", variables=(), **options):
        inside = ["sh", "-c", 'cd "$0" && exec env "$@"', directory, *variables, *map(str, command)]
        return subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--propagation",
                "private",
                "sh",
                "-c",
                ENTER,
                "sh",
                self.directory,
                *inside,
            ],
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            **options
        )

    def run(self, *command, check=True, **options):
        """(exit status, what it wrote)"""
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        text, _ = process.communicate()
        if check and process.returncode != 0:
            raise AssertionError("%s: status %d\n%s" % (" ".join(map(str, command)), process.returncode, text[-6000:]))
        return process.returncode, text

    def install(self, *packages):
        """With apt, if the root has it."""
        self.run("apt-get", "update", "-q")
        self.run(
            "apt-get",
            "install",
            "-q",
            "-y",
            "--no-install-recommends",
            *packages,
            variables=["DEBIAN_FRONTEND=noninteractive"]
        )

    def put(self, source, target):
        """Copies a file or a directory to the absolute path `target`."""
        place = self.directory / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(source).is_dir():
            shutil.copytree(source, place, symlinks=True)
        else:
            shutil.copy(source, place)


class FreshRoot(EmptyRoot):
    """A bare Debian 12."""

    def __enter__(self):
        super().__enter__()
        # Device nodes are bound when commands run.
        subprocess.run(["tar", "-xf", base(), "-C", self.directory, "--exclude=./dev/*"], check=True)
        shutil.copy("/etc/resolv.conf", self.directory / "etc/resolv.conf")
        (self.directory / "etc/apt/apt.conf.d/90fetch").write_text(of_the_machine("Acquire::http"))
        return self

    def put_checkout(self, target):
        """The project's files as a checkout has them; those that git ignores are not among them."""
        names = (
            subprocess.run(
                ["git", "-C", sandboxed.TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                stdout=subprocess.PIPE,
                check=True,
            )
            .stdout.decode()
            .split("\0")
        )
        for name in filter(None, names):
            if os.path.lexists(sandboxed.TOP / name):
                place = self.directory / target.lstrip("/") / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(sandboxed.TOP / name, place, follow_symlinks=False)
