# SPDX-License-Identifier: MIT
"""What devshmd needs to be compiled for another architecture: libfuse3 and fmt from Debian's packages for that one,
unpacked below the user's cache directory. The machine's own packages stay as they are."""
import gzip
import re
import shutil

from environment import roots

import progress

PACKAGES = ("libfuse3-dev", "libfmt-dev")
LAYOUT = 1  # increase it when roots made by an older version of this file can't be used any more

CROSS_FILE = """[binaries]
pkgconfig = 'pkg-config'
[properties]
sys_root = '{root}'
pkg_config_libdir = '{root}/usr/lib/{triplet}/pkgconfig:{root}/usr/share/pkgconfig'
"""


def provide(architecture, release, log):
    """Returns the root directory, made once for all."""
    root = roots.cache_directory("release") / ("%s-%s-%d" % (release, architecture.debian, LAYOUT))
    with roots.locked(root):
        if not root.is_dir():
            fresh = root.with_name(root.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            # They are unpacked and not set up, so no emulator is needed, and none of their scripts runs.
            progress.run(
                [
                    "mmdebstrap",
                    "--variant=extract",
                    "--architectures=" + architecture.debian,
                    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                    "--keyring=" + roots.KEYRING,
                    "--include=" + ",".join(PACKAGES),
                    "--format=directory",
                    release,
                    fresh,
                    "deb [signed-by=%s] %s %s main" % (roots.KEYRING, roots.mirror(), release),
                ],
                log,
                "libfuse3 for " + architecture.name,
                append=True,
            )
            fresh.rename(root)
    return root


def version(root, package):
    """The package's version, from its changelog: dpkg does not know a package that is only unpacked."""
    with gzip.open(root / "usr/share/doc" / package / "changelog.Debian.gz", "rt", errors="replace") as changelog:
        return re.match(r"\S+ \((\S+)\)", changelog.readline())[1]


def cross_file(root, architecture, target):
    target.write_text(CROSS_FILE.format(root=root, triplet=architecture.triplet))
    return target
