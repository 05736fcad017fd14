# SPDX-License-Identifier: MIT
"""A kernel of Debian's and an initial file system for it, for machine.py. The kernel is fetched once by apt, with the
machine's mirror and keys but lists and a state of its own, and kept in the user's cache directory."""
import lzma
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
from environment import roots  # noqa: E402  pylint: disable=wrong-import-position
from private_apt import Apt  # noqa: E402  pylint: disable=wrong-import-position

BUSYBOX = "/usr/bin/busybox"  # of busybox-static
# Some hundred MiB of drivers that a virtual machine has no use for.
LEFT_OUT = ("sound", *("drivers/" + name for name in ("gpu", "infiniband", "media", "net", "scsi", "staging", "usb")))


def get(suite, package):
    """The directory with the kernel that this package of the suite, "linux-image-cloud-amd64", depends on."""
    directory = roots.cache_directory("kernels") / ("%s-%s" % (suite, package))
    with roots.locked(directory):
        if not (directory / "vmlinuz").exists():
            fetch(directory, suite, package)
    return directory


def fetch(directory, suite, package):
    place, fresh = directory.with_name(directory.name + ".apt"), directory.with_name(directory.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    apt = Apt(place, "amd64", (suite,), roots.mirror())
    apt.update()
    apt.run("apt-get", "download", *parts(apt, package), cwd=place)
    for file in place.glob("*.deb"):
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE)
        left_out = ["--exclude=*/kernel/%s" % name for name in LEFT_OUT]
        subprocess.run(["tar", "-x", "--no-same-owner", *left_out, "-C", fresh], stdin=tar.stdout, check=True)
        if tar.wait() != 0:
            raise roots.Failed("%s is damaged" % file.name)
    next(fresh.rglob("vmlinuz*")).rename(fresh / "vmlinuz")
    shutil.rmtree(place)
    fresh.rename(directory)


def parts(apt, package):
    """The packages with a version in their name that make up this kernel: one, or its image and its modules apart."""
    found, left = [], [package]
    while left:
        said = apt.run("apt-cache", "depends", left.pop())
        new = set(re.findall(r"Depends: (linux-[a-z]+-\d\S*)", said)) - set(found)
        found += new
        left += new
    return found


def file_of(kernel, module):
    """The module's file; None if it is part of the kernel itself."""
    pattern = re.compile(r"/%s\.ko(\.xz)?$" % module.replace("_", "[_-]"))
    found = [path for path in kernel.rglob("*.ko*") if pattern.search(str(path))]
    if found:
        return found[0]
    builtin = next(kernel.rglob("modules.builtin")).read_text()
    if not re.search(r"/%s\.ko$" % module.replace("_", "[_-]"), builtin, re.M):
        raise roots.Failed("%s has no module %s" % (kernel.name, module))
    return None


def in_order(kernel, modules, found=None):
    """{name: its bytes} of these modules and all that they need, each after those that it needs."""
    found = {} if found is None else found
    for module in modules:
        file = file_of(kernel, module)
        if file and module not in found:
            code = file.read_bytes()
            code = lzma.decompress(code) if file.suffix == ".xz" else code
            needed = re.search(rb"\0depends=([^\0]*)\0", code)
            in_order(kernel, needed[1].decode().split(",") if needed and needed[1] else [], found)
            found[module] = code
    return found


def initial_files(output, kernel, modules, script):
    """Writes an archive for the kernel to begin with: it loads the modules, then runs the script, which is busybox's sh."""
    with tempfile.TemporaryDirectory() as scratch:
        top = pathlib.Path(scratch)
        for name in ("bin", "dev", "modules", "proc", "root"):
            (top / name).mkdir()
        shutil.copy(BUSYBOX, top / "bin/busybox")
        for number, code in enumerate(in_order(kernel, modules).values()):
            (top / ("modules/%02d.ko" % number)).write_bytes(code)
        shutil.copy(pathlib.Path(__file__).resolve().with_name("machine_init"), top / "init")
        (top / "script").write_text(script)
        names = "\n".join(str(path.relative_to(top)) for path in sorted(top.rglob("*")))
        with open(output, "wb") as archive:
            subprocess.run(
                ["cpio", "--quiet", "-o", "-H", "newc"], cwd=top, input=names.encode(), stdout=archive, check=True
            )
